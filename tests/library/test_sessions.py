"""The list of what can be started, conditions for lists of sessions, and links to ourselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.interview.markup.convert import to_html
from appliance.interview.other_sessions import OtherInterview
from appliance.library.session_query import DA, Condition
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

LEASE = "tests:data/questions/lease.yml"
BROKEN = "tests:data/questions/broken.yml"
OFFERED = [OtherInterview(LEASE, "Lease", {"title": "Your lease", "subtitle": "Keep it", "tags": ["homes"]}),
           OtherInterview(BROKEN, "broken", broken=True)]


@dataclass
class Menu:
    """Other sessions, of which only the menu is asked for."""

    offered: list[OtherInterview] = field(default_factory=lambda: OFFERED)
    pending: tuple[Any, ...] = ()

    def menu(self) -> list[OtherInterview]:
        return self.offered


def menu(call: str, **settings: Any) -> Any:
    host = MemoryHost(sessions=Menu(), settings=settings)
    talk = Talk(f"mandatory: True\ncode: |\n  found = {call}\n---\nmandatory: True\nquestion: Done\n", host=host)
    return talk.answers["found"]


def test_the_menu_says_what_is_documented() -> None:
    """Keys and values of an item; one with an error is marked."""
    lease, broken = menu("interview_menu()")
    assert lease == {
        "title": "Your lease", "subtitle": "Keep it", "filename": LEASE, "link": f"/interview?i={LEASE}",
        "metadata": {"title": "Your lease", "subtitle": "Keep it"}, "package": "tests", "tags": ["homes"],
        "status_class": None, "subtitle_class": None}
    assert (broken["title"], broken["status_class"], broken["subtitle_class"]) == (
        "broken", "dainterviewhaserror", "invisible")


@pytest.mark.parametrize(("call", "links"), [
    ("interview_menu(tag='homes')", [f"/interview?i={LEASE}"]),
    ("interview_menu(tag='cars')", []),
    ("interview_menu(tag='homes', absolute_urls=True)", [f"http://127.0.0.1:8080/interview?i={LEASE}"]),
    ("interview_menu(tag='homes', start_new=True)", [f"/interview?i={LEASE}&reset=1"]),
])
def test_the_menu_as_it_is_asked_for(call: str, links: list[str]) -> None:
    """With a tag, with whole addresses, and for beginning anew."""
    assert [one["link"] for one in menu(call)] == links


def test_the_configuration_chooses_what_is_offered() -> None:
    """With `dispatch` the menu has what that names, in its order."""
    assert [one["filename"] for one in menu("interview_menu()", dispatch={"b": BROKEN, "gone": "tests:gone.yml"})] == [
        BROKEN]


ITEM = {"title": "Lease of Ann", "user_id": None, "utc_modtime": datetime(2026, 11, 20, tzinfo=UTC)}


@pytest.mark.parametrize(("condition", "holds"), [
    (DA.Sessions.title == "Lease of Ann", True),
    (DA.Sessions.title != "Lease of Ann", False),
    (DA.Sessions.title.like("%of a_n"), True),
    (DA.Sessions.title.like("of"), False),
    (DA.Sessions.title.like("[L]ease%"), False),
    (DA.Sessions.user_id.in_([None, 3]), True),
    (DA.Sessions.user_id > 1, False),
    (DA.Sessions.user_id == None, True),  # noqa: E711 - as authors write it
    (DA.Sessions.modtime >= datetime(2026, 11, 20), True),  # noqa: DTZ001 - as authors have them
    (DA.Sessions.modtime < "11/20/2026", False),
    ((DA.Sessions.title == "x") | (DA.Sessions.user_id == None), True),  # noqa: E711 - as authors write it
    ((DA.Sessions.title == "x") & (DA.Sessions.user_id == None), False),  # noqa: E711 - as authors write it
    (~(DA.Sessions.title == "x"), True),
    (DA.And(DA.Sessions.title.like("lease%"), DA.Not(DA.Or(DA.Sessions.title == "x"))), True),
])
def test_conditions(condition: Condition, holds: bool) -> None:
    """Each comparison, and how conditions are joined."""
    assert condition.holds(ITEM) is holds


def test_conditions_are_not_joined_unseen() -> None:
    """`and` would give the second condition alone."""
    with pytest.raises(TypeError, match="instead of and"):
        bool(DA.Sessions.title == "x")


@pytest.mark.parametrize(("address", "stays"), [
    ("http://here:80/interview?i=x", True), ("http://here:80", True), ("/interview", True),
    ("http://here:8000/interview", False), ("http://here", False), ("https://elsewhere.org/http://here:80/", False)])
def test_links_to_ourselves_open_in_the_same_tab(address: str, stays: bool) -> None:
    """As links between interviews are whole addresses; all others open a tab of their own."""
    assert ("target" not in to_html(f"[go on]({address}) http://here:80", own="http://here:80")) is stays
