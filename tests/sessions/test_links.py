"""Links that expire: they lead to the session for as long as they should, and are of no use to who has the database."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance import clock
from appliance.interview.errors import InterviewError
from appliance.interview.turn import ShowScreen
from appliance.sessions.errors import NotYours
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from tests.sessions.house import BOB, INTERVIEW, House, run, screen_of

ALICE = Visitor("alice's browser secret, random and long", browser_run="a run of it", browser_device="her laptop")
LINKS = """
mandatory: True
code: |
  multi_user = url_args.get('shared') == '1'
---
mandatory: True
question: Come in
subquestion: |
  % for link in (interview_url(temporary=2), interview_url(once_temporary=2), interview_url(temporary='soon', x='a b')):
  [link](${ link })
  % endfor
  [same](${ interview_url(temporary=2) })
  [action](${ interview_url_action('go', local=True, once_temporary=1, place='here') })
  [other](${ interview_url(i='other.yml', temporary=1) })
"""


def links_of(screen: object) -> list[str]:
    assert isinstance(screen, ShowScreen)
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', screen.screen.subquestion_html)]


async def followed(house: House, link: str) -> str | None:
    return await house.turns.follow_link(parse_qs(urlsplit(link).query)["c"][0])


def test_links_lead_to_the_session_until_they_are_over(tmp_path: Path) -> None:
    """For as many hours as said (24 for what is no number), once where they work once."""
    async def story(house: House) -> None:
        now = 1_800_000_000.0
        with clock.driven_by(lambda: now):
            reply = await house.begin(shared="1")
            plain, once, soon, same, action, other = links_of(reply.ending)
            assert same == plain
            assert action.startswith("/launch?c=")
            here = f"/interview?i={INTERVIEW.replace(':', '%3A').replace('/', '%2F')}&session={reply.session_id}"
            assert [await followed(house, plain) for _ in range(2)] == [here, here]
            assert [await followed(house, once) for _ in range(2)] == [here, None]
            assert await followed(house, soon) == f"{here}&x=a+b"
            assert (await followed(house, action) or "").startswith(f"{here}&action=")
            assert await followed(house, other) == "/interview?i=tests%3Adata%2Fquestions%2Fother.yml"
            now += 2 * 3600 + 1
            assert await followed(house, plain) is None
            assert await followed(house, soon) == f"{here}&x=a+b"
            now += 22 * 3600
            assert await followed(house, soon) is None
            assert await house.turns.follow_link("guessed") is None
    run(tmp_path, story, LINKS)


def test_who_comes_by_the_link_of_a_shared_session_is_in_it(tmp_path: Path) -> None:
    """…and finds it again without the link; a session for one person alone does not open by a link to it."""
    async def story(house: House) -> None:
        shared, private = await house.begin(shared="1"), await house.begin()
        await house.turns.refresh(shared.session_id, BOB)
        assert await house.turns.find(INTERVIEW, BOB) == shared.session_id
        [summary] = await house.turns.sessions_of(BOB)
        assert summary.joined
        with pytest.raises(NotYours):
            await house.turns.refresh(private.session_id, BOB)
    run(tmp_path, story, LINKS)


def test_the_database_tells_neither_the_code_nor_where_it_leads(tmp_path: Path) -> None:
    codes: list[str] = []

    async def story(house: House) -> None:
        reply = await house.begin(shared="1")
        codes.extend(parse_qs(urlsplit(link).query)["c"][0] for link in links_of(reply.ending))
        codes.append(f"session={reply.session_id}")
        rows = house.store.read(lambda database: list(database.query("SELECT * FROM temporary_links"))).result()
        assert len(rows) == 5
        assert reply.session_id not in json.dumps(rows, default=repr)
    run(tmp_path, story, LINKS)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [code for code in codes if code.encode() in content]


LOCAL = """
mandatory: True
code: |
  multi_user = True
---
mandatory: True
code: |
  session_local.mood
  fruit
---
question: How are you?
fields:
  - Mood: session_local.mood
---
question: Fruit?
fields:
  - Fruit: fruit
---
mandatory: True
question: ${ fruit } ${ session_local.mood }
"""


OWN = """
mandatory: True
code: |
  device_local.place
  user_local.name
---
question: Place?
fields:
  - Place: device_local.place
---
question: Name?
fields:
  - Name: user_local.name
---
mandatory: True
question: ${ device_local.place } ${ user_local.name }
"""


def test_everybody_in_a_session_is_asked_for_what_is_theirs_alone(tmp_path: Path) -> None:
    """The fruit is everybody's; the mood belongs to one run of one browser, also after Back and a restart."""
    async def begun(house: House) -> Reply:
        reply = await house.begin(ALICE)
        assert screen_of(reply).question_text == "How are you?"
        reply = await house.submit(reply, ALICE, session_local__mood="fine")
        reply = await house.submit(reply, ALICE, fruit="apple")
        assert screen_of(reply).question_text == "apple fine"
        theirs = await house.turns.refresh(reply.session_id, BOB)
        assert screen_of(theirs).question_text == "How are you?"
        theirs = await house.submit(theirs, BOB, session_local__mood="bad")
        assert screen_of(theirs).question_text == "apple bad"
        return reply

    async def afterwards(house: House) -> None:
        assert screen_of(await house.turns.refresh(session_id, ALICE)).question_text == "apple fine"
        assert screen_of(await house.turns.refresh(session_id, BOB)).question_text == "apple bad"
        closed = replace(ALICE, browser_run="opened again")
        assert screen_of(await house.turns.refresh(session_id, closed)).question_text == "How are you?"
    session_id = run(tmp_path, begun, LOCAL).session_id
    run(tmp_path, afterwards, LOCAL)


def test_what_somebody_said_before_they_signed_in_is_their_accounts(tmp_path: Path) -> None:
    """Until their browser is used by somebody else, who is asked anew; the account's own answer stays."""
    async def story(house: House) -> None:
        paula = replace(ALICE, user=house.owner)
        reply = await house.begin(ALICE)
        reply = await house.submit(reply, ALICE, device_local__place="here")
        reply = await house.submit(reply, ALICE, user_local__name="Paula")
        await house.turns.adopt(ALICE, paula)
        assert screen_of(await house.turns.refresh(reply.session_id, paula)).question_text == "here Paula"
        elsewhere = replace(paula, browser_run="another", browser_device="a phone", browser_secret="another secret" * 3)
        asked = await house.turns.refresh(reply.session_id, elsewhere)
        asked = await house.submit(asked, elsewhere, device_local__place="away")
        assert screen_of(asked).question_text == "away Paula"
        after = replace(ALICE, browser_run="after the sign-out", browser_secret="a third secret" * 3)
        assert screen_of(await house.turns.refresh(reply.session_id, after)).question_text == "Name?"
    run(tmp_path, story, "mandatory: True\ncode: multi_user = True\n---\n" + OWN)


def test_a_browser_that_joined_gives_the_session_to_whoever_signs_in(tmp_path: Path) -> None:
    """Also where all that it held before had been given to them already."""
    async def story(house: House) -> None:
        reply = await house.begin(ALICE)
        signed_in = replace(BOB, user=house.owner)
        await house.turns.adopt(BOB, signed_in)
        await house.turns.refresh(reply.session_id, BOB)   # from a tab that did not know of the sign-in yet
        assert not house.turns.has_adopted(signed_in)
        assert await house.turns.adopt(BOB, signed_in) == 1
        [summary] = await house.turns.sessions_of(signed_in)
        assert summary.joined
    run(tmp_path, story, LOCAL)


TASK = """
mandatory: True
code: |
  multi_user = True
  session_local.name = 'Alice'
  started = background_action('work')
---
event: work
code: |
  background_response_action('done', link=interview_url(once_temporary=1), name=session_local.name)
---
event: done
code: |
  session_local.link = action_argument('link') + ' ' + action_argument('name')
  background_response()
---
mandatory: True
question: ${ session_local.link if hasattr(session_local, 'link') else 'Wait' }
"""


def test_tasks_give_out_links_and_act_for_whoever_asked_for_them(tmp_path: Path) -> None:
    """A task knows what is theirs alone, its response action changes it, and a link works once the task has ended."""
    async def story(house: House) -> None:
        reply = await house.begin(ALICE)
        await house.work()
        text = screen_of(await house.turns.refresh(reply.session_id, ALICE)).question_text
        link, _, name = text.partition(" ")
        assert name == "Alice"
        assert (await followed(house, link) or "").endswith(f"session={reply.session_id}")
        assert await followed(house, link) is None
        bobs = await house.turns.refresh(reply.session_id, BOB)
        assert screen_of(bobs).question_text == "Wait"
    run(tmp_path, story, TASK)


def test_a_turn_that_fails_gives_out_no_link(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        with pytest.raises(InterviewError):
            await house.begin(ALICE)
        assert house.store.read(lambda database: database["temporary_links"].count).result() == 0
    run(tmp_path, story, "mandatory: True\ncode: |\n  link = interview_url(temporary=1)\n  1 / 0\n")


def test_what_is_a_devices_or_a_users_own_outlives_the_browser(tmp_path: Path) -> None:
    """A device's is there whoever uses it, a user's on every device; nobody's code can tell whose mark is whose."""
    async def story(house: House) -> None:
        reply = await house.begin(ALICE)
        reply = await house.submit(reply, ALICE, device_local__place="here")
        reply = await house.submit(reply, ALICE, user_local__name="Alice")
        assert screen_of(reply).question_text == "here Alice"
        again = replace(ALICE, browser_run="opened again")
        assert screen_of(await house.turns.refresh(reply.session_id, again)).question_text == "Name?"
    run(tmp_path, story, OWN)
