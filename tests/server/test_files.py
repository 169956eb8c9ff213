"""``/uploadedfile``: who gets a file, what it may do in a browser, and how it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from appliance.interview.files import FileInfo
from appliance.server.files import disposition
from appliance.sessions.files import ServedFile
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW

NUMBER = 281474976710655
CONTENT = b"0123456789"


def keep(server: Running, client: httpx.Client, filename: str = "Mietvertrag.pdf",
         mimetype: str = "application/pdf") -> str:
    """Give the client's session a file; returns its address."""
    if not server.turns.sessions:
        client.get(f"/interview?i={INTERVIEW}")
    session_id = next(iter(server.turns.sessions))
    info = FileInfo(NUMBER, filename, mimetype, len(CONTENT))
    server.turns.files[NUMBER] = (session_id, info, CONTENT)
    return f"/uploadedfile/{NUMBER}"


def test_only_who_can_open_the_session_gets_its_files(server: Running, browser_client: httpx.Client) -> None:
    """The number is not enough: another browser is refused, and so is everybody when the file is gone."""
    address = keep(server, browser_client)
    assert browser_client.get(address).content == CONTENT
    with server.browser() as stranger:
        refused = stranger.get(address)
        assert (refused.status_code, CONTENT in refused.content) == (404, False)
        assert stranger.head(address).status_code == 404
    server.turns.files.clear()
    gone = browser_client.get(address)
    assert gone.status_code == 404
    assert "There is no such file for you" in gone.text
    assert refused.text == gone.text, "nobody is told which numbers there are"


@pytest.mark.parametrize(("ending", "status"), [
    ("", 200), (".pdf", 200), (".PDF", 200), ("/Mietvertrag.pdf", 200), ("/any%20name%2Fat%20all", 200),
    (".docx", 404), (".pdf/x/y", 404), ("x", 404)])
def test_the_forms_of_the_address(server: Running, browser_client: httpx.Client, ending: str, status: int) -> None:
    """As docassemble has them: the number, an extension, which must be the file's, or any name after a slash."""
    assert browser_client.get(keep(server, browser_client) + ending).status_code == status


@pytest.mark.parametrize(("mimetype", "kind", "sandbox"), [
    ("application/pdf", "inline", False), ("image/png", "inline", True), ("text/plain", "inline", True),
    ("audio/mpeg", "inline", True), ("text/html", "attachment", True), ("image/svg+xml", "attachment", True),
    ("application/xhtml+xml", "attachment", True), ("text/xml", "attachment", True), ("text/javascript", "attachment",
                                                                                       True),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "attachment", True)])
def test_what_could_run_in_a_browser_is_for_saving_only(
        server: Running, browser_client: httpx.Client, mimetype: str, kind: str, sandbox: bool) -> None:
    """And whatever it is called, the browser may not guess another kind, nor keep it on its disk."""
    answer = browser_client.get(keep(server, browser_client, "x.bin", mimetype))
    headers = answer.headers
    assert headers["content-type"].partition(";")[0] == mimetype
    assert headers["content-disposition"] == f'{kind}; filename="x.bin"'
    assert ("sandbox" in headers["content-security-policy"]) == sandbox
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in headers["cache-control"]
    assert headers["content-length"] == "10"


def test_saving_is_asked_for_with_a_name(server: Running, browser_client: httpx.Client) -> None:
    address = keep(server, browser_client)
    assert browser_client.get(f"{address}.pdf?attachment=1").headers["content-disposition"] == \
        'attachment; filename="Mietvertrag.pdf"'
    named = browser_client.get(address, params={"attachment": "1", "display_filename": "An other.pdf"})
    assert named.headers["content-disposition"] == 'attachment; filename="An other.pdf"'


@pytest.mark.parametrize(("filename", "value"), [
    ("Договор аренды.pdf", ("inline; filename=\"_______ ______.pdf\"; filename*=UTF-8''"
                           "%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%20%D0%B0%D1%80%D0%B5%D0%BD%D0%B4%D1%8B.pdf")),
    ('a"b;c%.pdf', "inline; filename=\"a_b_c_.pdf\"; filename*=UTF-8''a%22b%3Bc%25.pdf"),
    ("two\r\nSet-Cookie: x.pdf", 'inline; filename="twoSet-Cookie: x.pdf"'),
])
def test_names_of_any_script_get_through(
        server: Running, browser_client: httpx.Client, filename: str, value: str) -> None:
    """Encoded for browsers of today, and with a plain name for the others; no name can add a header."""
    assert disposition("inline", filename) == value
    answer = browser_client.get(keep(server, browser_client, filename))
    assert answer.headers["content-disposition"] == value
    assert "x.pdf" not in answer.headers.get("set-cookie", "")


def test_a_kind_that_is_none_is_only_bytes(server: Running, browser_client: httpx.Client) -> None:
    """The kind comes from whoever sent the file."""
    answer = browser_client.get(keep(server, browser_client, "x", "text/html\r\nX: y"))
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(("asked", "status", "content", "told"), [
    ("bytes=2-5", 206, b"2345", "bytes 2-5/10"), ("bytes=6-", 206, b"6789", "bytes 6-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"), ("bytes=4-99", 206, b"456789", "bytes 4-9/10"),
    ("bytes=0-9", 200, CONTENT, None), ("bytes=10-", 416, b"", "bytes */10"), ("bytes=5-2", 416, b"", "bytes */10"),
    ("bytes=-0", 416, b"", "bytes */10"), ("bytes=1-2,4-5", 200, CONTENT, None), ("lines=1-2", 200, CONTENT, None)])
def test_a_part_can_be_asked_for(server: Running, browser_client: httpx.Client, asked: str, status: int,
                                 content: bytes, told: str | None) -> None:
    """For players that jump, and PDF viewers."""
    answer = browser_client.get(keep(server, browser_client), headers={"Range": asked})
    assert (answer.status_code, answer.content, answer.headers.get("content-range")) == (status, content, told)


def test_head_tells_the_same_without_content(server: Running, browser_client: httpx.Client) -> None:
    address = keep(server, browser_client)
    get, head = browser_client.get(address), browser_client.head(address)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
    for name in ("content-type", "content-disposition", "content-security-policy", "accept-ranges"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("asked", ["", "bytes=0-", "bytes=5-", "bytes=5-9", "bytes=-5", "bytes=-0"])
def test_an_empty_file_is_one(server: Running, browser_client: httpx.Client, asked: str) -> None:
    """Whatever part of it is asked for."""
    address = keep(server, browser_client)
    session_id, info, _ = server.turns.files[NUMBER]
    server.turns.files[NUMBER] = (session_id, FileInfo(NUMBER, info.filename, info.mimetype, 0), b"")
    answer = browser_client.get(address, headers={"Range": asked} if asked else {})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_a_file_that_is_replaced_in_that_moment_is_found(
        server: Running, browser_client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its row and its content another turn may commit: the newest is sent."""
    address = keep(server, browser_client)
    given = server.turns.file
    calls = []

    async def replaced(number: int, visitor: Visitor) -> ServedFile:
        calls.append(number)
        served = await given(number, visitor)

        def gone(start: int) -> Iterator[bytes]:
            raise FileNotFoundError(start)
        return ServedFile(served.info, gone) if len(calls) == 1 else served
    monkeypatch.setattr(server.turns, "file", replaced)
    assert browser_client.get(address).content == CONTENT
    assert len(calls) == 2


def test_damage_at_the_beginning_is_said_and_later_damage_breaks_off(
        server: Running, browser_client: httpx.Client, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture) -> None:
    """Never a half file that looks whole."""
    address = keep(server, browser_client)
    sound = 0

    async def damaged(number: int, visitor: Visitor) -> ServedFile:
        def pieces(start: int) -> Iterator[bytes]:
            yield from [CONTENT[:5]][:sound]
            raise WrongKey("The data does not open with this key.")
        return ServedFile(FileInfo(number, "x.pdf", "application/pdf", 10), pieces)
    monkeypatch.setattr(server.turns, "file", damaged)
    answer = browser_client.get(address)
    assert answer.status_code == 500
    assert "damaged on the disk" in answer.text
    assert "disposition" not in "".join(answer.headers)
    sound = 1
    with pytest.raises(httpx.RemoteProtocolError):
        browser_client.get(address)
    assert "WrongKey" in caplog.text
