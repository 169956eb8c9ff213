"""Mail comes to sessions: the addresses they give out, how a mail is given to one, and the action it starts."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from appliance import clock
from appliance.interview.errors import InterviewError
from appliance.mail.incoming import MailIn, Reception
from appliance.sessions.email_codes import LETTERS, code_in, full_address
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from appliance.store.errors import StoreError
from appliance.store.received_mail import REPEATED_WITHIN
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, screen_of

SETTINGS = {"incoming mail domain": "mail.example.org", "timezone": "Europe/Berlin"}

SHARED = """
metadata:
  title: Mail
---
mandatory: True
code: |
  multi_user = True
  email = None
  times = 0
---
mandatory: True
code: |
  if email is None:
    waiting_screen
  else:
    all_done
---
event: waiting_screen
question: Send to ${ interview_email() }
buttons:
  - Refresh: refresh
---
event: all_done
question: "Subject: ${ email.subject }"
subquestion: |
  From ${ email.from_address } to ${ email.to_address }, ${ email.datetime_message }, seen ${ times } times by
  ${ who }.
  % if email.body_text:
  ${ email.body_text.slurp() }
  % endif
  % if len(email.attachment):
  ${ email.attachment[0].filename } ${ email.attachment[0].number } ${ email.attachment[0].slurp() }
  % endif
---
event: incoming_email
code: |
  background_response_action('save_email', email=action_argument('email'), who=user_info().email or 'nobody',
                             where=interface())
---
event: save_email
code: |
  email = action_argument('email')
  who = action_argument('who') + ' in ' + action_argument('where')
  times += 1
  background_response()
"""

PRIVATE = """
mandatory: True
question: Send to ${ interview_email() } or ${ interview_email(key='evidence', index=2) }
subquestion: |
  % for item in get_emails():
  ${ item } ${ item.key } ${ item.index } ${ item.owner }: ${ '; '.join(m.subject for m in item.emails) }
  % endfor
  % for item in get_emails(key='evidence', index='2'):
  % for mail in item.emails:
  FILES ${ ', '.join(str(f.number) + ' ' + f.filename for f in mail.attachment) } ${ mail.body_text.slurp() }
  % endfor
  % endfor
  none ${ len(get_emails(key='other')) } ${ len(get_emails(key='evidence', index=3)) }
buttons:
  - Refresh: refresh
"""

MESSAGE = (b"From: Fred Lord <fred@example.com>\r\nTo: x@mail.example.org\r\nSubject: Zaphod-Notice\r\n"
           b"Date: Mon, 23 Nov 2026 23:30:00 +0000\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
           b"Zaphod must leave.\r\n--b\r\nContent-Type: text/plain; name=notice.txt\r\n"
           b"Content-Disposition: attachment; filename=Zaphod.txt\r\n\r\nthe notice\r\n--b--\r\n")


def mail_in(house: House) -> MailIn:
    return MailIn(house.store, house.key, house.turns, SETTINGS.get)


def addresses(reply: Reply) -> list[str]:
    return re.findall(r"[a-z]+@mail\.example\.org", screen_of(reply).question_text)


def text_of(reply: Reply) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", screen_of(reply).subquestion_html).split())


async def bring(house: House, address: str, message: bytes = MESSAGE) -> Reception:
    """A mail comes in and is given to its session."""
    post = mail_in(house)
    [reception] = await post.receive(message, [address], "fred@example.com", "smtp")
    await post.delivered()
    return reception


def in_house(folder: Path, test: Callable[[House], Any], text: str) -> None:
    run(folder, test, text, settings=SETTINGS)


def test_the_files_of_a_mail_are_on_disk_before_it_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they are written together; and where that fails, nothing of them is left, and the mail waits."""
    synced: set[int] = set()
    real, full = os.fsync, False

    def noted(descriptor: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "full")
        synced.add(os.fstat(descriptor).st_ino)
        real(descriptor)

    async def test(house: House) -> None:
        nonlocal full
        monkeypatch.setattr(os, "fsync", noted)
        [address] = addresses(await house.begin())
        post = mail_in(house)
        monkeypatch.setattr(post, "_deliver", lambda *_: None)
        [reception] = await post.receive(MESSAGE, [address], "fred@example.com", "smtp")
        number = reception.number or 0
        full = True
        with pytest.raises(StoreError):
            await house.turns.mail_arrived(reception.session_id, number)
        assert len(list((house.store.folder / "files").glob("??/*"))) == 1   # the message itself
        full = False
        await house.turns.mail_arrived(reception.session_id, number)
        kept = list((house.store.folder / "files").glob("??/*"))
        assert len(kept) == 3
        assert {path.stat().st_ino for path in kept} <= synced
    in_house(tmp_path, test, SHARED)


# -- addresses -----------------------------------------------------------------------------------------------


def test_the_same_address_for_the_same_arguments(tmp_path: Path) -> None:
    """Six letters; others for another key, index, user or session; unknown before and after the session."""
    async def test(house: House) -> None:
        post, reply = mail_in(house), await house.begin()
        first, second = addresses(reply)
        assert first != second
        assert all(re.fullmatch(f"[{LETTERS}]{{6}}", one.partition("@")[0]) for one in (first, second))
        assert addresses(await house.turns.refresh(reply.session_id, ANN)) == [first, second]
        assert len({first, second, *addresses(await house.begin(BOB))}) == 4
        assert await post.knows(first.upper())
        assert await post.knows(f"<{second}>")
        assert not await post.knows("bbbbbb@mail.example.org")
        assert not await post.knows(f"{first}.uk")
        await house.turns.delete(reply.session_id, ANN)
        assert not await post.knows(first)
        assert house.rows("SELECT count(*) FROM email_codes_used") == [(2,)]
    in_house(tmp_path, test, PRIVATE)


def test_people_of_a_session_have_addresses_of_their_own(tmp_path: Path) -> None:
    """Who opens somebody else's shared session gets another one."""
    async def test(house: House) -> None:
        user = house.users.add("ann@example.com")
        reply = await house.begin()
        other = await house.turns.refresh(reply.session_id, Visitor("ann's browser", user))
        assert addresses(reply) != addresses(other)
        assert addresses(await house.turns.refresh(reply.session_id, ANN)) == addresses(reply)
    in_house(tmp_path, test, SHARED)


def test_a_turn_that_fails_gives_no_address(tmp_path: Path) -> None:
    """Nor does an index without a key, which is an error in the author's words."""
    async def test(house: House) -> None:
        for action in ("fails", "wrong"):
            reply = await house.begin()
            with pytest.raises(InterviewError) as caught:
                await house.turns.action(reply.session_id, ANN, action, {})
            assert action == "fails" or "index without a key" in str(caught.value)
        assert house.rows("SELECT * FROM email_addresses") == []
    in_house(tmp_path, test, """
mandatory: True
question: Hello
---
event: fails
code: |
  interview_email()
  1 / 0
---
event: wrong
code: |
  interview_email(index=1)
""")


def test_codes_of_the_past_are_not_given_out_again(tmp_path: Path) -> None:
    """A code that another session has, or had, is passed over."""
    async def test(house: House) -> None:
        reply = await house.begin()
        [first] = addresses(reply)
        house.store.write(lambda database: database.execute("DELETE FROM email_addresses")).result()
        [second] = addresses(await house.turns.refresh(reply.session_id, ANN))
        assert second != first
    in_house(tmp_path, test, "mandatory: True\nquestion: ${ interview_email() }")


@pytest.mark.parametrize(("settings", "address"), [
    (SETTINGS, "bcdfgh@mail.example.org"),
    ({"external hostname": "Clinic.example.org"}, "bcdfgh@clinic.example.org"),
    ({"mail in: imap: address": "clinic@example.net", **SETTINGS}, "clinic+bcdfgh@example.net"),
])
def test_forms_of_addresses(settings: dict[str, str], address: str) -> None:
    """The domain is the configuration's; with a mailbox the letters follow its name. Each form is found again."""
    assert full_address("bcdfgh", settings.get) == address
    assert code_in(address.upper(), settings.get) == "bcdfgh"
    assert code_in("bcdfgh@elsewhere.example", settings.get) is None
    assert code_in("hello@" + address.partition("@")[2], settings.get) is None


# -- giving a mail to its session -----------------------------------------------------------------------------


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_mail_reaches_the_interview(tmp_path: Path, signed_in: bool) -> None:
    """From the bytes to the screen: the action runs as who got the address, and its response action saves."""
    async def test(house: House) -> None:
        person = ANN if not signed_in else Visitor("ann's browser", house.users.add("ann@example.com"))
        reply = await house.begin(person)
        reception = await bring(house, addresses(reply)[0])
        assert (reception.outcome, house.queued) == ("taken", 1)
        assert house.rows("SELECT state, task_id = (SELECT id FROM tasks) FROM received_mail") == [("taken", 1)]
        await house.work()
        reply = await house.turns.refresh(reply.session_id, person)
        assert screen_of(reply).question_text == "Subject: Zaphod-Notice"
        text = text_of(reply)
        assert "Zaphod must leave." in text
        assert re.search(r"Zaphod\.txt \d+ the notice", text)
        assert "November 24, 2026, seen 1 times" in text   # in the interview's time zone
        assert ("by ann@example.com in worker" if signed_in else "by nobody in worker") in text
    in_house(tmp_path, test, SHARED)


def test_a_private_session_gets_its_mail_when_its_people_come(tmp_path: Path) -> None:
    """The appliance cannot open it; get_emails() does, once, and every time gives the same files."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await bring(house, addresses(reply)[1])
        assert house.rows("SELECT state, sealed_mail IS NULL FROM received_mail") == [("taken", 1)]
        assert house.queued == 0
        house.turns._runner.vault.shelf.forget(reply.session_id)
        text = text_of(await house.turns.refresh(reply.session_id, ANN))
        first, second = (one.partition("@")[0] for one in addresses(reply))
        assert f"{first} None None None:" in text
        assert f"{second} evidence 2 None: Zaphod-Notice" in text
        assert re.search(r"FILES \d+ Zaphod\.txt Zaphod must leave\. none 0 0", text)
        assert text_of(await house.turns.refresh(reply.session_id, ANN)) == text
        assert house.rows("SELECT count(*) FROM files") == [(2,)]
        assert house.rows("SELECT count(*) FROM received_mail WHERE sealed_mail IS NOT NULL") == [(1,)]
    in_house(tmp_path, test, PRIVATE)


def test_an_interview_that_is_broken(tmp_path: Path) -> None:
    """The mail is marked with why; when the interview works again, get_emails() has it."""
    async def test(house: House) -> None:
        reply = await house.begin()
        text = house.sources.texts[INTERVIEW]
        house.sources.texts[INTERVIEW] = text + "\n---\nqestion: What?\n"
        await bring(house, addresses(reply)[0])
        [(state, error)] = house.rows("SELECT state, error FROM received_mail")
        assert state == "failed"
        assert "qestion" in error
        look = "event: look\ncode: |\n  email = get_emails()[0].emails[0]\n  who = 1"
        house.sources.texts[INTERVIEW] = f"{text}\n---\n{look}"
        await house.turns.action(reply.session_id, ANN, "look", {})
        assert screen_of(await house.turns.refresh(reply.session_id, ANN)).question_text == "Subject: Zaphod-Notice"
    in_house(tmp_path, test, SHARED)


def test_an_interview_without_the_action(tmp_path: Path) -> None:
    """The mail is taken, and no task begun."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await bring(house, addresses(reply)[0])
        assert house.rows("SELECT state, task_id FROM received_mail") == [("taken", "")]
        assert house.queued == 0
    in_house(tmp_path, test, "mandatory: True\ncode: multi_user = True\n---\n" + PRIVATE)


def test_tasks_ask_for_addresses_and_mail(tmp_path: Path) -> None:
    """A task gets the person's own address, and the mail with its files; the task's end gives the address out."""
    async def test(house: House) -> None:
        reply = await house.begin()
        [address] = addresses(reply)
        await bring(house, address)
        task_id = await house.only_task()
        assert (await house.turns.questions.email_address(task_id, None, None)).address == address
        other = await house.turns.questions.email_address(task_id, "more", 1)
        assert not await mail_in(house).knows(other.address)
        [one] = await house.turns.questions.received_mail(task_id)
        assert [mail.subject for mail in one.mails] == ["Zaphod-Notice"]
        found = await house.turns.questions.file(task_id, one.mails[0].attachments[0].number)
        assert found is not None
        assert found[1] == b"the notice"
        await house.work()
        with pytest.raises(LookupError):
            await house.turns.questions.received_mail(task_id)
    in_house(tmp_path, test, SHARED)


def test_back_keeps_what_came(tmp_path: Path) -> None:
    """After Back the response action runs again, with the same files."""
    async def test(house: House) -> None:
        reply = await house.begin()
        reply = await house.submit(reply, name="Ann")
        before = await house.submit(reply, age="3")
        await bring(house, addresses(before)[0])
        await house.work()
        seen = text_of(await house.turns.refresh(reply.session_id, ANN))
        assert "Zaphod.txt" in seen
        shown = await house.turns.refresh(reply.session_id, ANN)
        await house.back(shown)
        assert house.rows("SELECT count(*) FROM files") == [(2,)]
    in_house(tmp_path, test, "question: Name?\nfields:\n  - Name: name\n---\nquestion: Age?\nfields:\n  - Age: age\n"
             "---\nmandatory: True\ncode: |\n  name\n  age\n---\n" + SHARED)


# -- what is kept ------------------------------------------------------------------------------------------------


def test_one_mail_for_three_sessions(tmp_path: Path) -> None:
    """It lies on the disk once, for each session under its own key, and goes with the last of them."""
    async def test(house: House) -> None:
        replies = [await house.begin(), await house.begin(BOB), await house.begin(Visitor("third"))]
        wanted = [addresses(reply)[0] for reply in replies]
        post = mail_in(house)
        receptions = await post.receive(MESSAGE, [*wanted, "x@mail.example.org", wanted[0].upper()], "", "mailbox")
        assert [one.outcome for one in receptions] == ["taken", "taken", "taken", "unknown", "taken"]
        assert receptions[0].number == receptions[4].number
        await post.delivered()
        assert house.queued == 3
        assert house.rows("SELECT count(*), count(DISTINCT blob) FROM received_mail") == [(3, 1)]
        [(blob,)] = house.rows("SELECT DISTINCT blob FROM received_mail")
        path = house.folder / "data" / "files" / blob[:2] / blob
        for reply, person in zip(replies, (ANN, BOB, Visitor("third")), strict=True):
            assert path.is_file()
            await house.turns.delete(reply.session_id, person)
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        house.turns._runner.files.sweep(house.store)
        assert not path.is_file()
    in_house(tmp_path, test, SHARED)


def test_the_same_message_is_one_mail(tmp_path: Path) -> None:
    """For five days, also when the clock is set back; another sender's or recipient's is another mail."""
    async def test(house: House) -> None:
        now = 1_800_000_000.0
        with clock.driven_by(lambda: now):
            first, second = addresses(await house.begin())
            assert (await bring(house, first)).outcome == "taken"
            assert (await bring(house, second)).outcome == "taken"
            assert (await bring(house, first)).outcome == "repeated"
            now -= 24 * 3600
            assert (await bring(house, first.upper())).outcome == "repeated"
            now += 24 * 3600 + REPEATED_WITHIN + 1
            assert (await bring(house, first)).outcome == "taken"
            post = mail_in(house)
            [other] = await post.receive(MESSAGE, [first], "else@example.com", "smtp")
            assert other.outcome == "taken"
            await post.delivered()
        blobs = list((house.folder / "data" / "files").glob("??/*"))
        assert len(blobs) == 4
    in_house(tmp_path, test, PRIVATE)


def test_a_big_message_from_a_file(tmp_path: Path) -> None:
    """A path is as good as bytes."""
    async def test(house: House) -> None:
        reply = await house.begin()
        (tmp_path / "big.eml").write_bytes(MESSAGE.replace(b"the notice", b"x" * 3_000_000))
        post = mail_in(house)
        [reception] = await post.receive(tmp_path / "big.eml", [addresses(reply)[0]], "", "hand")
        await post.delivered()
        assert reception.outcome == "taken"
        assert sorted(house.rows("SELECT size FROM files"))[1] == (3_000_000,)
    in_house(tmp_path, test, SHARED)


def test_nothing_of_a_mail_is_in_the_clear(tmp_path: Path) -> None:
    """Neither texts nor names nor people are on the disk, before and after the mail is opened."""
    async def test(house: House) -> None:
        post = mail_in(house)
        [reply, private] = [await house.begin(), await house.begin(BOB)]
        await bring(house, addresses(reply)[0])
        await post.refuse("it is too large", "Zaphod@example.com", "zaphod@mail.example.org", "smtp")
        await house.work()
        await house.turns.refresh(private.session_id, BOB)
        await asyncio.to_thread(house.store.write(lambda database: None).result)
        for path in (house.folder / "data").rglob("*"):
            content = path.read_bytes().lower() if path.is_file() else b""
            assert b"zaphod" not in content, path
            assert b"fred@example.com" not in content, path
    in_house(tmp_path, test, SHARED)


def test_who_sees_what(tmp_path: Path) -> None:
    """One's own mail is seen; an administrator sees of others' that it came, and what a shared one says."""
    async def test(house: House) -> None:
        reply = await house.begin()
        await bring(house, addresses(reply)[1])
        post, admin = mail_in(house), Visitor("the window", house.owner)
        await post.refuse("there is no such address", "a@example.com", "b@mail.example.org", "smtp")
        own = await post.overview(ANN)
        assert [(one.subject, one.own, one.state) for one in own.mails] == [("Zaphod-Notice", True, "taken")]
        assert {(one.key, one.index, one.mails) for one in own.addresses} == {(None, None, 0), ("evidence", 2, 1)}
        assert own.refusals == ()
        assert (await post.overview(BOB)).addresses == ()
        seen = await post.overview(admin)
        assert [(one.subject, one.from_text, one.visible, one.own) for one in seen.mails] == [("", "", False, False)]
        assert [one.reason for one in seen.refusals] == ["there is no such address"]
    in_house(tmp_path, test, PRIVATE)


# -- kills -----------------------------------------------------------------------------------------------------


def test_a_kill_at_every_step(tmp_path: Path) -> None:
    """Before each write from the mail's coming to the task's end: after the next start the action's result is applied
    once, on the same files, and nothing else is left.
    """
    moments: list[Path] = []

    async def first(house: House) -> None:
        reply = await house.begin()
        address = addresses(reply)[0]
        write = house.store.write

        def watched(function: Callable[..., Any]) -> Future[Any]:
            house.store.read(lambda database: None).result()   # what was written before is on the disk
            moments.append(tmp_path / f"moment-{len(moments)}")
            shutil.copytree(house.folder, moments[-1])
            return write(function)
        house.store.write = watched  # type: ignore[method-assign]
        await bring(house, address)
        await house.work()
        house.store.write = write  # type: ignore[method-assign]
        (tmp_path / "address").write_text(f"{reply.session_id} {address}")

    async def again(house: House) -> None:
        session_id, address = (tmp_path / "address").read_text().split()
        await house.turns.resume()
        await house.journal.resume()
        post = mail_in(house)
        await post.start()
        await post.delivered()
        await bring(house, address)   # the peer heard no answer, or none that it understood
        for task_id in await house.journal.queued():
            await house.work(task_id)
        reply = await house.turns.refresh(session_id, ANN)
        texts.add(text_of(reply))
        assert house.rows("SELECT count(*), sum(state = 'taken') FROM received_mail") == [(1, 1)]
        assert house.rows("SELECT count(*), sum(state = 'done') FROM tasks") == [(1, 1)]
        assert house.rows("SELECT count(*) FROM files") == [(2,)]
        house.turns._runner.files.sweep(house.store)
        assert len(list((house.folder / "data" / "files").glob("??/*"))) == 3

    texts: set[str] = set()
    in_house(tmp_path / "house", first, SHARED)
    assert len(moments) >= 4
    for moment in moments:
        in_house(moment, again, SHARED)
    assert len(texts) == 1
    assert "seen 1 times" in texts.pop()
