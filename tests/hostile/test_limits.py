"""Too much of something: files, forms, addresses and texts that would fill the memory or keep the appliance busy."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.markup import plain_text, to_html
from appliance.package_files import BadPackage, open_package
from tests.hostile import bombs
from tests.hostile.house import ADMIN, House
from tests.hostile.interviews import PUBLIC
from tests.support.client import Client

REFUSED = {400, 403, 404, 413, 422}


def looked_at(what: str) -> str:
    """What :mod:`tests.hostile.bombs` says, in a process with little memory and time."""
    done = subprocess.run([sys.executable, "-m", "tests.hostile.bombs", what], capture_output=True, text=True,
                          timeout=100, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, f"ended at {done.stdout.splitlines()[-1:]}: {done.stderr[-500:]}"
    return done.stdout


def test_yaml_that_becomes_too_much() -> None:
    """10 texts, each read as an interview, as a package's file, as a configuration and as one to be changed."""
    refused = [line for line in looked_at("yaml").splitlines() if ": Bad" in line or ": Marked" in line]
    assert len(refused) == 4 * len(bombs.YAML)
    print(f"\n{len(refused)} readings of {len(bombs.YAML)} texts, each refused")


def test_patterns_that_look_again_and_again() -> None:
    """Every pattern that our modules compile, as it is used, over 141 texts of 6 kB: none is slow."""
    names = looked_at(bombs.PATTERNS).splitlines()
    assert [name for name in names if name.startswith("slow")] == []
    assert len(names) > 80
    print(f"\n{len(names)} patterns over {len(bombs.TEXTS)} texts of 6 kB")


@pytest.mark.parametrize("typed", ["[", "[a](", "[FILE ", "![a](b", "<a ", "[\n"])
def test_markdown_of_what_somebody_typed(typed: str) -> None:
    """50 kB of brackets take no longer than other texts, and are shown as they are."""
    text = neutralise(typed * (50_000 // len(typed)))
    began = time.process_time()
    html = to_html(text)
    assert time.process_time() - began < 4
    assert plain_text(html).count("[") == text.count("[")


def test_brackets_of_authors_stay_what_they_are() -> None:
    """A page of links is a page of links, however many there are."""
    html = to_html("".join(f"* [link {n}](/x{n})\n* [TARGET t{n}]\n" for n in range(500)))
    assert html.count("<a href=") == 500
    assert html.count("datarget") == 500


def raw(field: str, filename: str | None, content: bytes, edge: bytes = b"edge") -> bytes:
    name = f'; filename="{filename}"' if filename is not None else ""
    return b'--%b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % (
        edge, field.encode(), name.encode(), content)


def bodies() -> dict[str, tuple[bytes, str]]:
    """Forms of many parts, of parts in parts, without an end, and of headers without one."""
    kind = "multipart/form-data; boundary=edge"
    nested = b"x"
    for number in range(200):
        nested = b"--e%d\r\nContent-Type: multipart/mixed; boundary=e%d\r\n\r\n%b\r\n--e%d--" % (
            number, number - 1, nested, number)
    return {
        "6000 fields": (b"".join(raw(f"f{n}", None, b"x") for n in range(6000)) + b"--edge--\r\n", kind),
        "6000 files": (b"".join(raw("f", f"{n}.txt", b"x") for n in range(6000)) + b"--edge--\r\n", kind),
        "parts in parts": (nested, "multipart/form-data; boundary=e199"),
        "only edges": (b"--edge\r\n" * 100_000, kind),
        "a header without an end": (b'--edge\r\nContent-Disposition: form-data; name="' + b"a" * 1_000_000, kind),
        "no edge": (b"x" * 100_000, "multipart/form-data"),
        "a long edge": (b"x" * 100_000, f"multipart/form-data; boundary={'e' * 5000}"),
        "an empty edge": (b"--\r\n" * 10_000, 'multipart/form-data; boundary=""'),
        "100,000 fields in a line": (b"&".join(b"f%d=x" % n for n in range(100_000)),
                                     "application/x-www-form-urlencoded"),
        "seventeen megabytes": (b"a=" + b"x" * (17 << 20), "application/x-www-form-urlencoded"),
    }


@pytest.mark.parametrize("what", list(bodies()))
def test_forms_of_too_much(house: House, what: str) -> None:
    """Each is refused, or ignored, in little time; the next visitor is served."""
    body, kind = bodies()[what]
    with Client(house.base) as client:
        page = client.start(PUBLIC)
        began = time.monotonic()
        with house.browser() as stranger:
            for path, cookies in ((page.action, dict(client.http.cookies)), ("/user/sign-in", {}),
                                  ("/packages/install", {}), ("/mail/by-hand", {})):
                try:
                    answer = stranger.post(path, content=body, headers={
                        "Content-Type": kind, "X-XSRFToken": page.hidden("_xsrf"),
                        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
                except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                    continue   # hung up
                assert answer.status_code in REFUSED | {303, 200}, (path, answer.status_code)
        assert time.monotonic() - began < 10
        assert client.get("/interview", i=PUBLIC).question == "Say something"


def test_json_of_too_many_levels(house: House) -> None:
    """In actions of links, parameters and notices seen of check-ins, and in sockets' messages elsewhere."""
    deep = "[" * 100_000 + "]" * 100_000
    wide = '{"action": "talk", "arguments": {"words": ' + "[" * 900 + "]" * 900 + "}}"
    with house.browser() as client:
        assert client.get("/interview", params={"i": PUBLIC}).status_code == 200
        for action in (deep[:15_000], wide, base64.b64encode(deep[:15_000].encode()).decode(), "{" * 5000):
            assert client.get("/interview", params={"i": PUBLIC, "action": action}).status_code in REFUSED | {200, 500}
        for name in ("parameters", "seen"):
            answer = client.post(f"/checkin?i={PUBLIC}", data={
                "_xsrf": House.token(client), name: deep, "do_action": "talk", "action": "checkin"})
            assert answer.status_code == 200
        assert client.get("/interview", params={"i": PUBLIC}).status_code == 200


def zipped(members: dict[str, int]) -> bytes:
    """A zip of zeros, by name and size."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, size in members.items():
            file.writestr(name, b"\0" * size)
    return archive.getvalue()


def test_packages_that_unpack_to_too_much(tmp_path: Path) -> None:
    """One huge file, many of them, and one that claims to be smaller than it is: refused before anything is written."""
    many = zipped({f"docassemble/bomb/data/static/{n}": 0 for n in range(20_001)})
    huge = bytearray(zipped({"docassemble/bomb/data/static/x": 1_000_000}))
    claimed = huge.replace((1_000_000).to_bytes(4, "little"), (600_000_000).to_bytes(4, "little"))
    small = huge.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    for name, body in {"many": many, "huge": bytes(claimed), "small": bytes(small), "cut": bytes(huge[:-200])}.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(body)
        with pytest.raises(BadPackage):
            open_package(path).hash()


def test_bombs_as_packages_through_the_page(house: House) -> None:
    """An administrator is handed them: the page says what is wrong, nothing is installed, the rest goes on."""
    before = sorted(house.assembly._packages.roots())
    nested = zipped({"docassemble/bomb/data/questions/x.zip": 1000})
    for body in (b"PK\x03\x04" + b"\0" * 1000, nested[:-50], b"x", zipped({"../../evil.yml": 10})):
        with house.browser(ADMIN) as client:
            answer = client.post("/packages/install", data={"_xsrf": house.token(client)},
                                 files={"packages": ("bomb.zip", body, "application/zip")})
            assert answer.status_code in REFUSED | {200}
    assert sorted(house.assembly._packages.roots()) == before
