"""Who sees which outgoing mail, and what people's decisions about it come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.sessions.errors import NotYours
from appliance.sessions.mail_list import MailList, MailSummary, OutboxOverview
from appliance.sessions.visitor import Visitor
from appliance.store.outbox import Mail, MailRow, NewMail, add_mail, mail_failed, mail_row, mail_sent
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run

TEXT = """
metadata:
  title: A letter
---
mandatory: True
code: |
  multi_user = url_args.get('shared') == 'yes'
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  sent = send_email(to='lou@example.org', subject='For ' + name, body='The words of ' + name)
  if name == 'Gone':
    command('exit')
---
mandatory: True
question: Done
"""


class Office:
    """The list over a house, with mail that a test says is under way."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.under_way: set[int] = set()
        self.woken = self.changed = 0
        self.list = MailList(house.store, house.key, house.turns, under_way=self.under_way.__contains__,
                             wake=self._woken)
        self.list.on_changed = self._changed
        self.admin = Visitor("the window", house.owner)

    def _woken(self) -> None:
        self.woken += 1

    def _changed(self) -> None:
        self.changed += 1

    async def mail(self, name: str = "Fred", visitor: Visitor = ANN, **url_args: str) -> int:
        """A session that sends a mail; the mail's number."""
        await self.house.submit(await self.house.begin(visitor, **url_args), visitor, name=name)
        return int(self.house.rows("SELECT max(number) FROM outbox")[0][0])

    def own_mail(self) -> int:
        """A mail of the appliance itself."""
        message_id = NewMail.new_message_id("example.com")
        mail = NewMail.make(Mail("", ("admin@example.com",), b"Subject: An error\r\n\r\nAt line 3"), message_id,
                            self.house.key)
        self.house.store.write(lambda database: add_mail(database, mail)).result()
        return int(self.house.rows("SELECT max(number) FROM outbox")[0][0])

    def row(self, number: int) -> MailRow:
        row = self.house.store.read(lambda database: mail_row(database, number)).result()
        assert row is not None
        return row

    def fails(self, number: int, left: Mail | None = None) -> None:
        row = self.row(number)
        self.house.store.write(lambda database: mail_failed(
            database, row, "a recipient was refused (550)", "550 no lou@example.org", self.house.key, left)).result()

    async def sees(self, visitor: Visitor) -> dict[int, MailSummary]:
        return by_number(await self.list.overview(visitor))


def by_number(overview: OutboxOverview) -> dict[int, MailSummary]:
    return {one.number: one for mails in overview.mails.values() for one in mails}


def test_people_see_and_read_the_mail_of_their_own_sessions(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        office = Office(house)
        anns, bobs = await office.mail("Fred"), await office.mail("Paula", BOB)
        office.own_mail()
        seen = await office.sees(ANN)
        assert list(seen) == [anns]
        mail = seen[anns]
        assert mail.preview is not None
        assert (mail.preview.subject, mail.preview.text, mail.preview.to) == (
            "For Fred", "The words of Fred", ("lou@example.org",))
        assert (mail.state, mail.interview, mail.session_title) == ("waiting", INTERVIEW, "A letter")
        assert "Fred" not in repr(mail)
        assert list(await office.sees(BOB)) == [bobs]
        assert await office.list.totals(BOB) == {"waiting": 1, "failed": 0}
    run(tmp_path, test, TEXT)


def test_an_administrator_reads_shared_mail_and_the_appliance_s_own(tmp_path: Path) -> None:
    """Of other mail: that it is there, for which interview, and what kind of trouble it has."""
    async def test(house: House) -> None:
        office = Office(house)
        private, shared = await office.mail("Fred"), await office.mail("Paula", BOB, shared="yes")
        own = office.own_mail()
        office.fails(private)
        seen = await office.sees(office.admin)
        assert list(seen) == [shared, own, private]
        hidden = seen[private]
        assert (hidden.readable, hidden.preview, hidden.answer, hidden.session_id, hidden.session_title) == (
            False, None, "", "", "")
        assert (hidden.interview, hidden.error) == (INTERVIEW, "a recipient was refused (550)")
        assert [seen[number].preview.subject for number in (shared, own)  # type: ignore[union-attr]
                ] == ["For Paula", "An error"]
        for call in (office.list.draft, office.list.sent_by_hand):
            with pytest.raises(NotYours):
                await call(private, office.admin)
        assert await office.list.try_again(private, office.admin) == "done"
        assert await office.list.delete(private, office.admin) == "done"
        assert await office.list.draft(shared, office.admin) is not None
    run(tmp_path, test, TEXT)


def test_when_a_session_ends_its_mail_stays_its_people_s(tmp_path: Path) -> None:
    """An administrator does not get to read it because the session is gone; nor does anybody else."""
    async def test(house: House) -> None:
        office = Office(house)
        private, shared = await office.mail("Gone"), await office.mail("Gone", BOB, shared="yes")
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        mail = (await office.sees(ANN))[private]
        assert mail.preview is not None
        assert (mail.readable, mail.session_id, mail.interview) == (True, "", INTERVIEW)
        seen = await office.sees(office.admin)
        assert [(seen[number].readable, seen[number].interview) for number in (private, shared)] == [
            (False, INTERVIEW), (True, INTERVIEW)]
        with pytest.raises(NotYours):
            await office.list.draft(private, office.admin)
        with pytest.raises(NotYours):
            await office.list.delete(private, BOB)
        assert await office.list.sent_by_hand(private, ANN) == "done"
    run(tmp_path, test, TEXT)


def test_strangers_decide_nothing(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        office = Office(house)
        number = await office.mail("Fred")
        for call in (office.list.try_again, office.list.delete, office.list.sent_by_hand, office.list.draft):
            with pytest.raises(NotYours):
                await call(number, BOB)
        assert await office.list.delete(4711, BOB) == "gone"
        assert await office.list.draft(4711, BOB) is None
        assert office.row(number).state == "waiting"
    run(tmp_path, test, TEXT)


def test_a_decision_holds(tmp_path: Path) -> None:
    """Deleted is gone; sent by hand is sent, its content dropped; a second decision finds nothing to decide."""
    async def test(house: House) -> None:
        office = Office(house)
        deleted, sent = await office.mail("Fred"), await office.mail("Fred")
        office.fails(sent)
        assert await office.list.delete(deleted, ANN) == "done"
        assert await office.list.sent_by_hand(sent, ANN) == "done"
        assert office.changed == 2
        for call in (office.list.try_again, office.list.delete, office.list.sent_by_hand):
            assert await call(deleted, ANN) == "gone"
            assert await call(sent, ANN) == "gone"
        row = office.row(sent)
        assert (row.state, row.sealed, row.sealed_answer, row.error) == ("sent", None, None, "")
        assert (await office.sees(ANN))[sent].by_hand
        assert await office.list.draft(sent, ANN) is None
    run(tmp_path, test, TEXT)


def test_trying_again_serves_all_who_are_left(tmp_path: Path) -> None:
    """One that waits is due at once; one that failed has three days anew, also for those it was refused for."""
    async def test(house: House) -> None:
        office = Office(house)
        waits, failed = await office.mail("Fred"), await office.mail("Fred")
        house.store.write(lambda database: database.execute("UPDATE outbox SET next_try = created + 3000, tries = 9")
                          ).result()
        office.fails(failed, Mail("", ("a@example.org",), b"Subject: x\r\n\r\nx", refused=("b@example.org",)))
        for number in (waits, failed):
            assert await office.list.try_again(number, ANN) == "done"
        assert office.woken == 2
        assert office.row(waits).next_try < office.row(waits).created + 3000
        row = office.row(failed)
        assert (row.state, row.tries, row.ended) == ("waiting", 0, None)
        mail = (await office.sees(ANN))[failed].preview
        assert mail is not None
        assert mail.bcc == ("b@example.org", "a@example.org")
    run(tmp_path, test, TEXT)


def test_what_is_being_sent_is_left_to_the_sender(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        office = Office(house)
        number = await office.mail("Fred")
        office.under_way.add(number)
        assert (await office.sees(ANN))[number].under_way
        for call in (office.list.try_again, office.list.delete, office.list.sent_by_hand):
            assert await call(number, ANN) == "busy"
        row = office.row(number)
        house.store.write(lambda database: mail_sent(database, row, "250 OK", house.key)).result()
        office.under_way.clear()
        assert await office.list.delete(number, ANN) == "gone"
        mail = (await office.sees(ANN))[number]
        assert (mail.state, mail.by_hand, mail.under_way, mail.preview) == ("sent", False, False, None)
    run(tmp_path, test, TEXT)


def test_a_damaged_mail_does_not_hide_the_others(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        office = Office(house)
        damaged, whole = await office.mail("Fred"), await office.mail("Paula")
        house.store.write(lambda database: database.execute(
            "UPDATE outbox SET sealed = x'01', sealed_answer = x'01' WHERE number = ?", [damaged])).result()
        seen = await office.sees(ANN)
        assert (seen[damaged].preview, seen[damaged].answer) == (None, "")
        assert seen[whole].preview is not None
    run(tmp_path, test, TEXT)


def test_a_mail_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    """Previews are kept; one of which some recipients were served is another mail."""
    async def test(house: House) -> None:
        office = Office(house)
        number = await office.mail("Fred")
        before = (await office.sees(ANN))[number].preview
        assert (await office.sees(ANN))[number].preview is before
        office.fails(number, Mail("", ("only@example.org",), b"Subject: x\r\n\r\nx"))
        after = (await office.sees(ANN))[number].preview
        assert after is not None
        assert after.bcc == ("only@example.org",)
    run(tmp_path, test, TEXT)


def test_the_list_stays_short(tmp_path: Path) -> None:
    """The newest that were sent; of the others so many as are asked for, and how many there are."""
    async def test(house: House) -> None:
        office = Office(house)
        house.store.write(lambda database: database.executescript(
            "INSERT INTO outbox (message_id, state, created, next_try, ended)"
            " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 90)"
            " SELECT 'old' || n, iif(n % 3 = 0, 'waiting', iif(n % 3 = 1, 'failed', 'sent')), n, n, n FROM numbers"
        )).result()
        overview = await office.list.overview(office.admin, 10)
        assert overview.totals == {"waiting": 30, "failed": 30, "sent": 10}
        assert [overview.mails[state][0].created for state in ("waiting", "failed", "sent")] == [3.0, 88.0, 89.0]
        assert await office.list.totals(office.admin) == {"waiting": 30, "failed": 30}
        assert await office.list.totals(ANN) == {"waiting": 0, "failed": 0}
    run(tmp_path, test, TEXT)
