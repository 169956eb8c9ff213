"""A reset without the recovery code while somebody is at work as the same person: nothing comes under the old key any
more that nobody could open.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from appliance.interview.evaluate import evaluate
from appliance.interview.turn import Answers, Outcome, Turn
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor
from tests.accounts.test_keys import Office, at, in_office
from tests.sessions.test_adoption import until

STORES = """
mandatory: True
code: |
  mine = DAStore('user', encrypted=True)
---
mandatory: True
code: |
  if url_args.get('task'):
    task = background_action('work')
  elif url_args.get('keep'):
    mine.set('note', url_args['keep'])
---
event: work
code: |
  mine.set('note', 'from before')
  DAStore('user', encrypted=False).set('open', 'for the appliance')
  background_response('done')
---
mandatory: True
question: Kept ${ mine.get('note') } and ${ DAStore('user', encrypted=False).get('open') }
"""


class Slow:
    """Evaluates, and then stands still once until it may go on."""

    def __init__(self) -> None:
        self.entered, self.go, self.stops = threading.Event(), threading.Event(), False

    def __call__(self, interview: object, answers: Answers, turn: Turn, host: object, prior: object = None) -> Outcome:
        outcome = evaluate(interview, answers, turn, host, prior=prior)  # type: ignore[arg-type]
        if self.stops:
            self.stops = False
            self.entered.set()
            assert self.go.wait(10)
        return outcome


@pytest.mark.parametrize("text", [None, STORES])
def test_what_is_begun_in_the_moment_of_a_reset_is_not_begun(tmp_path: Path, text: str | None) -> None:
    """Whoever began it signs in anew; no entry is left on the list that does not open. Afterwards all goes on."""
    slow = Slow()

    async def test(office: Office) -> None:
        first, _ = await office.ada()
        slow.stops = True
        begun = asyncio.create_task(office.begin(at(first), keep="this"))
        await asyncio.to_thread(slow.entered.wait, 10)
        again, _ = await office.reset(first.user_id)
        slow.go.set()
        with pytest.raises(SignInNeeded):
            await begun
        assert await office.mine(at(again)) == set()
        assert office.rows("SELECT 1 FROM session_keys UNION ALL SELECT 1 FROM stored_values") == []
        reply = await office.begin(at(again), keep="this")
        assert await office.mine(at(again)) == {reply.session_id}
    in_office(tmp_path, test, **({} if text is None else {"text": text}), evaluate=slow)


def test_a_browser_keeps_what_it_held_when_the_key_was_replaced_before_the_adoption(tmp_path: Path) -> None:
    """The adoption waits for the turn that runs in the session; meanwhile the password is reset elsewhere. The next
    sign-in in that browser has it.
    """
    slow = Slow()

    async def test(office: Office) -> None:
        first, _ = await office.ada()
        anonymous = Visitor("a browser at the library")
        reply = await office.begin(anonymous)
        slow.stops = True
        submit = asyncio.create_task(office.submit(reply, anonymous, name="Ada"))
        await asyncio.to_thread(slow.entered.wait, 10)
        adoption = asyncio.create_task(office.turns.adopt(anonymous, at(first, anonymous.browser_secret)))
        await until(lambda: bool(office.turns.adoption.lately(anonymous)))
        again, _ = await office.reset(first.user_id)
        slow.go.set()
        await submit
        assert await adoption == 0
        assert await office.opens(reply.session_id, anonymous)
        there = at(again, anonymous.browser_secret)
        assert await office.turns.adopt(anonymous, there) == 1
        assert await office.mine(at(again)) == {reply.session_id}
        assert await office.opens(reply.session_id, at(again))
    in_office(tmp_path, test, evaluate=slow)


def test_a_task_from_before_a_reset_ends_without_what_only_the_old_key_opens(tmp_path: Path) -> None:
    """It is done, what it stored for the appliance is there, and interviews that read the rest find nothing rather than
    what does not open.
    """
    async def test(office: Office) -> None:
        first, _ = await office.ada()
        await office.begin(at(first), task="yes")
        again, _ = await office.reset(first.user_id)
        await office.work()
        assert office.rows("SELECT state FROM tasks") == [("done",)]
        reply = await office.begin(at(again))
        assert "Kept None and for the appliance" in str(reply.ending)
    in_office(tmp_path, test, STORES)
