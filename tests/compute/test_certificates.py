"""Certificates for a cluster elsewhere."""

from __future__ import annotations

import datetime as dt
import stat
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.cli import main
from appliance.compute.certificates import make_certificates, start_commands
from appliance.compute.dask_settings import ELSEWHERE, as_yaml


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_what_is_written(tmp_path: Path) -> None:
    """An authority and three certificates that it signed, valid now, for the hosts named; for their owner only."""
    folder = tmp_path / "made" / "here"
    files = make_certificates(folder, ["box.local", "10.0.0.5"])
    assert sorted(path.name for path in files) == [
        "ca-key.pem", "ca.pem", "client-key.pem", "client.pem", "dask.yaml", "scheduler-key.pem", "scheduler.pem",
        "worker-key.pem", "worker.pem"]
    authority = certificate(folder / "ca.pem")
    for role in ("scheduler", "worker", "client"):
        one = certificate(folder / f"{role}.pem")
        one.verify_directly_issued_by(authority)
        assert one.not_valid_before_utc < dt.datetime.now(dt.UTC) < one.not_valid_after_utc
        key = one.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert "box.local" in names.get_values_for_type(x509.DNSName)
        assert "10.0.0.5" in map(str, names.get_values_for_type(x509.IPAddress))
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Workers that use the certificates there would be locked out."""
    make_certificates(tmp_path)
    before = (tmp_path / "client.pem").read_bytes()
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(FileExistsError, match=r"There is a dask\.yaml|There is a scheduler"):
        make_certificates(tmp_path)
    assert (tmp_path / "client.pem").read_bytes() == before


def test_settings_for_dask_are_nested() -> None:
    """Dask reads groups in a file, not names with dots."""
    settings = yaml.safe_load(as_yaml(ELSEWHERE))
    assert settings["distributed"]["comm"]["require-encryption"] is True
    assert settings["distributed"]["scheduler"]["http"]["routes"] == []


def test_commands_name_the_files(tmp_path: Path) -> None:
    """A folder with a space in its name, and an address of IPv6."""
    folder = tmp_path / "my certificates"
    commands = start_commands(folder, "fd00::5")
    assert f'--tls-key "{folder / "scheduler-key.pem"}"' in commands.scheduler
    assert "dask worker tls://[fd00::5]:8786 " in commands.workers
    assert "--no-dashboard --nthreads 1 " in commands.workers


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what to start and what to configure, and refuses a folder that has some already."""
    folder = tmp_path / "certificates"
    assert main(["compute", "certificates", str(folder), "--host", "10.0.0.5"]) == 0
    printed = capsys.readouterr().out
    assert "dask scheduler --protocol tls --host 10.0.0.5 --port 8786 " in printed
    assert f"      scheduler: tls://10.0.0.5:8786\n      certificates: {folder}\n" in printed
    assert main(["compute", "certificates", str(folder)]) == 1
    assert "already" in capsys.readouterr().err
