"""Files that come with a form over real HTTP, as browsers and scripted clients send them."""

from __future__ import annotations

import httpx

from appliance.interview.files import Upload
from appliance.sessions.reply import Submission
from tests.server.conftest import Running
from tests.server.memory_turns import INTERVIEW
from tests.server.test_interview import FRUIT, filled, session_of

ADDRESS = f"/interview?i={INTERVIEW}"
PICTURE = "cGljdHVyZQ"


def sent(server: Running, client: httpx.Client, files: list[tuple[str, tuple[str, bytes, str]]]) -> Submission:
    """What the turn gets of a form with these files."""
    data = filled(client.get(ADDRESS).text)
    got: list[Submission] = []
    submit = server.turns.submit

    async def noted(session_id: str, visitor: object, submission: Submission) -> object:
        got.append(submission)
        return await submit(session_id, visitor, submission)  # type: ignore[arg-type]

    server.turns.submit = noted  # type: ignore[method-assign, assignment]
    answer = client.post(f"{ADDRESS}&session={session_of(server)}", data=data, files=files)
    assert answer.status_code in (200, 303)
    return got[0]


def test_files_reach_the_turn(server: Running, browser_client: httpx.Client) -> None:
    """With their names of any script and their bytes; the form's fields have the names alone."""
    submission = sent(server, browser_client, [
        (PICTURE, ("Mietvertrag für Zoë.png", b"\x00\x89PNG", "image/png")), (PICTURE, ("b.txt", b"", "text/plain"))])
    assert submission.uploads == (
        Upload(PICTURE, "Mietvertrag für Zoë.png", "image/png", b"\x00\x89PNG"),
        Upload(PICTURE, "b.txt", "text/plain", b""))
    assert submission.posted[PICTURE] == ["Mietvertrag für Zoë.png", "b.txt"]
    assert submission.posted[FRUIT] == ["apple"]


def test_many_files_are_not_too_many(server: Running, browser_client: httpx.Client) -> None:
    """An album of photos is sent at once."""
    submission = sent(server, browser_client, [
        (PICTURE, (f"{number}.png", b"", "image/png")) for number in range(1200)])
    assert len(submission.uploads) == 1200


def test_picker_that_was_left_empty_sends_no_file(server: Running, browser_client: httpx.Client) -> None:
    """Browsers send a part without a name and without content then."""
    submission = sent(server, browser_client, [(PICTURE, ("", b"", "application/octet-stream"))])
    assert submission.uploads == ()


def test_too_much_is_refused_in_words(server: Running, browser_client: httpx.Client) -> None:
    """More than `maximum content length` is read and dropped, and the answer is a page that says so."""
    data = filled(browser_client.get(ADDRESS).text)
    limit = server.application.body_limit
    answer = browser_client.post(f"{ADDRESS}&session={session_of(server)}", data=data,
                                 files=[(PICTURE, ("big.bin", b"0" * (limit + 1), "application/octet-stream"))])
    assert answer.status_code == 413
    assert "16 MB" in answer.text


def test_names_of_files_are_in_no_log(server: Running, browser_client: httpx.Client, caplog: object) -> None:
    """What people call their files is theirs."""
    sent(server, browser_client, [(PICTURE, ("zaphod-diagnosis.pdf", b"x", "application/pdf"))])
    assert "zaphod" not in caplog.text  # type: ignore[attr-defined]
