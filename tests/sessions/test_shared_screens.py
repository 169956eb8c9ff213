"""Several people in one session: each form is read against the screen of its own person, whatever others look at."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

from appliance.interview.screen import Screen
from appliance.sessions.reply import Reply
from appliance.sessions.screens import Screens, Shown
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, House, run, screen_of

CASE = """
initial: True
code: |
  multi_user = True
---
mandatory: True
code: |
  if user_logged_in():
    verdict
  else:
    facts
    more
  summary
---
question: What happened?
fields:
  - Facts: facts
---
question: What else?
fields:
  - More: more
---
question: |
  The secret verdict on ${ facts if defined('facts') else 'nothing' }?
fields:
  - Verdict: verdict
---
event: summary
question: |
  ${ facts if defined('facts') else '-' }, ${ more if defined('more') else '-' },
  ${ verdict if defined('verdict') else '-' }
"""


def judge(house: House) -> Visitor:
    return Visitor("the judge's browser", house.owner)


def test_forms_of_two_people_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Ann's form is open while the judge looks and answers: it is applied, and each goes on with what is for them."""
    async def story(house: House) -> None:
        anns = await house.begin(ANN)
        his = await house.turns.refresh(anns.session_id, judge(house))
        assert screen_of(his).question_text == "The secret verdict on nothing?"
        anns = await house.submit(anns, ANN, facts="rain")
        assert screen_of(anns).question_text == "What else?"
        his = await house.submit(his, judge(house), verdict="guilty")
        assert screen_of(his).question_text == "rain, -, guilty"
        anns = await house.submit(anns, ANN, more="snow")
        assert screen_of(anns).question_text == "rain, snow, guilty"

    run(tmp_path, story, CASE)


def test_a_late_form_is_answered_with_ones_own_screen(tmp_path: Path) -> None:
    """Whatever was drawn for the judge, Ann's second tab and Bob with the link get what is for them."""
    async def story(house: House) -> None:
        first = await house.begin(ANN)
        await house.submit(first, ANN, facts="rain")
        his = await house.turns.refresh(first.session_id, judge(house))
        assert "secret" in screen_of(his).question_text
        late = await house.submit(replace(first, turn_id="of a second tab"), ANN, facts="hail")
        assert screen_of(late).question_text == "What else?"
        assert "already answered" in late.message
        bobs = await house.submit(first, BOB, facts="hail")
        assert screen_of(bobs).question_text == "What else?"
        anns = await house.back(late, ANN)
        assert screen_of(anns).question_text == "What happened?"

    run(tmp_path, story, CASE)


def test_back_makes_the_forms_of_others_late(tmp_path: Path) -> None:
    """What somebody typed on a step that is undone is not applied to the step before; they are shown where it is."""
    async def story(house: House) -> None:
        first = await house.begin(ANN)
        anns = await house.submit(first, ANN, facts="rain")
        his = await house.turns.refresh(first.session_id, judge(house))
        await house.back(anns, ANN)
        late = await house.submit(his, judge(house), verdict="guilty")
        assert "already answered" in late.message
        assert screen_of(late).question_text == "The secret verdict on nothing?"
        his = await house.submit(late, judge(house), verdict="guilty")
        assert screen_of(his).question_text == "-, -, guilty"

    run(tmp_path, story, CASE)


def test_the_forms_outlive_a_restart(tmp_path: Path) -> None:
    """Both people send what they have on the page after the appliance was started again."""
    async def before(house: House) -> tuple[Reply, Reply]:
        anns = await house.begin(ANN)
        return anns, await house.turns.refresh(anns.session_id, judge(house))

    async def after(house: House) -> None:
        assert screen_of(await house.submit(anns, ANN, facts="rain")).question_text == "What else?"
        done = await house.submit(his, judge(house), verdict="guilty")
        assert screen_of(done).question_text == "rain, -, guilty"

    anns, his = run(tmp_path, before, CASE)
    run(tmp_path, after, CASE)


def test_screens_that_were_stored_before_sessions_were_shared_are_read() -> None:
    """A step of an older appliance has one pickled screen: it is whoever's comes, until they are shown another one."""
    screen = Screen("Question_1", "end", "Hi", "Hi")
    old = Screens(pickle.dumps(screen), 7, shared=True)
    shown = old.of(["user:3"])
    assert shown is not None
    assert (shown.revision, shown.screen.block) == (7, "Question_1")
    new = Screens(old.with_shown(["user:3"], Shown.of(screen, 8)), 8, shared=True)
    assert new.of(["user:4"]) is None
    assert Screens(b"", 1, shared=False).of(["user:3"]) is None


def test_a_key_gained_by_signing_in_finds_what_the_browser_was_shown() -> None:
    """The form that was open before signing in is still good, in a session of one's own and in a shared one."""
    screen = Screen("Question_1", "end", "Hi", "Hi")
    for shared in (True, False):
        stored = Screens(b"", 1, shared=shared).with_shown(["browser:x"], Shown.of(screen, 1))
        later = Screens(stored, 1, shared=shared)
        assert later.of(["user:3", "browser:x"]) is not None
        moved = Screens(later.with_shown(["user:3", "browser:x"], Shown.of(screen, 2)), 2, shared=shared)
        assert (moved.of(["browser:x"]) is None) is shared
    crowd = Screens(b"", 1, shared=True)
    for number in range(50):
        crowd = Screens(crowd.with_shown([f"user:{number}"], Shown.of(screen, number)), 1, shared=True)
    assert [crowd.of([f"user:{number}"]) is not None for number in (0, 29, 30, 49)] == [False, False, True, True]
