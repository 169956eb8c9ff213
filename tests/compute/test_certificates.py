"""Certificates for a cluster elsewhere."""

from __future__ import annotations

import datetime as dt
import shlex
import stat
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.cli import main
from appliance.compute import certificates as certificates_module
from appliance.compute.certificates import make_certificates, start_commands, start_words
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
    for name in ("ca.pem", "ca-key.pem"):
        (tmp_path / name).unlink()
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
    words = shlex.split(commands.scheduler) if sys.platform != "win32" else commands.scheduler
    assert str(folder / "scheduler-key.pem") in words
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


@pytest.mark.skipif(sys.platform == "win32", reason="other rules for quotes, and such names cannot be")
def test_a_folder_with_any_name_is_one_word(tmp_path: Path) -> None:
    """What is printed can be pasted into a shell, and the configuration into config.yml."""
    folder = tmp_path / "o'brien: $HOME (1) #2"
    commands = start_commands(folder, "10.0.0.5")
    for command, role in ((commands.scheduler, "scheduler"), (commands.workers, "worker")):
        words = shlex.split(command)
        assert words[0] == f"DASK_CONFIG={folder / 'dask.yaml'}"
        assert words[words.index("--tls-key") + 1] == str(folder / f"{role}-key.pem")
    configuration = start_words(folder, "10.0.0.5").partition("config.yml:")[2]
    assert yaml.safe_load(configuration)["compute"] == {"scheduler": "tls://10.0.0.5:8786", "certificates": str(folder)}


def test_the_commands_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its shell takes quotes within `set "…"` for a part of the value: Dask would not find its settings."""
    monkeypatch.setattr(certificates_module, "_WINDOWS", True)
    command = start_commands(Path("my folder"), "box").workers
    assert command.startswith(f'set "DASK_CONFIG={Path("my folder") / "dask.yaml"}" && dask worker tls://box:8786 ')
    assert f'--tls-key "{Path("my folder") / "worker-key.pem"}"' in command


@pytest.mark.parametrize("host", ["", "a b", "[::1]", "10.0.0.5:8786", "-x", "a..b", "x" * 64, "a;b"])
def test_what_is_no_computer_is_refused(tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, and before anything is written."""
    folder = tmp_path / "certificates"
    assert main(["compute", "certificates", str(folder), f"--host={host}"]) == 1
    assert capsys.readouterr().err == f"{host!r} is no name or address of a computer.\n"
    assert not folder.exists()


def test_a_computer_may_have_an_international_name(tmp_path: Path) -> None:
    make_certificates(tmp_path, ["büro.example"])
    names = certificate(tmp_path / "worker.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "xn--bro-hoa.example" in names.get_values_for_type(x509.DNSName)


def test_the_authority_s_key_is_not_overwritten_either(tmp_path: Path) -> None:
    """Where it is left alone, nothing is written that would have to be removed by hand."""
    (tmp_path / "ca-key.pem").write_text("kept elsewhere for long")
    with pytest.raises(FileExistsError, match=r"There is a ca-key\.pem"):
        make_certificates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ca-key.pem"]
