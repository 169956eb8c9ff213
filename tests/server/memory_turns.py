"""Turns without store or interview: sessions of three screens in memory, with hooks for what a test wants to happen."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.interview.errors import CodeFailed, UnknownInterview
from appliance.interview.files import FileInfo
from appliance.interview.host import UserInfo
from appliance.interview.screen import Button, Choice, Screen, ShownField
from appliance.interview.turn import BackgroundAnswer, CheckIn, Ending, Goodbye, Response, ShowScreen, Wait
from appliance.packages import ListedInterview
from appliance.sessions.errors import NoSuchFile, NoSuchSession, NotYours
from appliance.sessions.files import ServedFile
from appliance.sessions.listeners import Listeners
from appliance.sessions.progress import Bar, TaskProgress
from appliance.sessions.reply import Notice, Reply, SessionSummary, Submission
from appliance.sessions.task_list import ADMINISTRATORS, TaskSummary
from appliance.sessions.variables import SessionVariables
from appliance.sessions.visitor import Visitor

INTERVIEW = "docassemble.tests:data/questions/fruit.yml"
OWNER = UserInfo(user_id=1, first_name="Olive", privileges=("admin",))


@dataclass
class Session:
    session_id: str
    interview: str
    secret: str
    user_id: int | None
    url_args: dict[str, str]
    step: int = 1
    revision: int = 1
    answers: list[dict[str, list[str]]] = field(default_factory=list)
    seen: dict[str, Reply] = field(default_factory=dict)
    title: str = "Fruit"
    created: float = 1e9
    name: str = ""
    tags: tuple[str, ...] = ()
    joined: bool = False


def default_screens() -> list[Screen]:
    """A form, a question with buttons of every kind, and the end."""
    form = Screen(block="q1", kind="fields", question_html="What fruit &amp; why?", question_text="What fruit & why?",
                  title="Fruit", id="fruit question", check_in="look", fields=[
                      ShownField(0, "fruit", label_html="Fruit"),
                      ShownField(1, "color", label_html="Color", input_type="dropdown",
                                 choices=[Choice("red", "Red", "red")])])
    specials = [Button(number, name.title(), "special", name=name)
                for number, name in enumerate(("exit", "restart", "wait", "file", "break"), 1)]
    buttons = Screen(block="q2", kind="buttons", question_html="Done?", question_text="Done?", title="Fruit",
                     variable="done", script_html="<script>window.ran = val('fruit')</script>",
                     buttons=[Button(0, "Yes", "value", choice=Choice(True, "Yes", "True")), *specials])
    return [form, buttons,
            Screen(block="q3", kind="end", question_html="The end", question_text="The end", title="Fruit")]


async def answered_with_the_fruit(check_in: CheckIn) -> Ending:
    """What check-ins are answered unless a test wants something else."""
    return BackgroundAnswer([{"target": "t", "content": check_in.fields.get("fruit", "")}])


class MemoryTurns:
    """What the server asks of Turns, over a dictionary."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.notices: list[Notice] = []
        self.calls: list[str] = []
        self.check_ins: list[CheckIn] = []
        self.tabs: list[str] = []
        self.answer_check_in = answered_with_the_fruit
        self.files: dict[int, tuple[str, FileInfo, bytes]] = {}
        self.progress: dict[str, TaskProgress] = {}
        self.bars: dict[str, Bar] = {}
        self.tasks: list[TaskSummary] = []
        self.titles: dict[str, str] = {}
        self.screens = default_screens()
        self.variables_are_private = False
        self.listeners = Listeners()
        self.links: dict[str, str] = {}

    def own(self, session_id: str, visitor: Visitor) -> Session:
        session = self.sessions.get(session_id)
        if session is None:
            raise NoSuchSession(session_id)
        if session.secret != visitor.browser_secret and session.user_id != (visitor.user.user_id or 0):
            raise NotYours(session_id)
        return session

    def screen(self, session: Session) -> Screen:
        return self.screens[min(session.step, len(self.screens)) - 1]

    def reply(self, session: Session, ending: Ending = None, message: str = "") -> Reply:
        return Reply(session.session_id, session.interview, session.revision, secrets.token_urlsafe(12),
                     ending or ShowScreen(self.screen(session)), steps=session.step, can_go_back=session.step > 1,
                     message=message)

    async def find(self, interview: str, visitor: Visitor) -> str | None:
        self.calls.append("find")
        mine = [one.session_id for one in await self.sessions_of(visitor) if one.interview == interview]
        return mine[-1] if mine else None

    async def begin(self, interview: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply:
        self.calls.append("begin")
        if interview != INTERVIEW:
            raise UnknownInterview(f"There is no file {interview}.", file=interview)
        session = Session(secrets.token_hex(8), interview, visitor.browser_secret, visitor.user.user_id, url_args or {})
        self.sessions[session.session_id] = session
        return self.reply(session)

    async def refresh(self, session_id: str, visitor: Visitor, url_args: dict[str, str] | None = None) -> Reply:
        self.calls.append("refresh")
        session = self.own(session_id, visitor)
        session.url_args |= url_args or {}
        return self.reply(session)

    async def submit(self, session_id: str, visitor: Visitor, submission: Submission) -> Reply:
        session = self.own(session_id, visitor)
        if submission.turn_id in session.seen:
            return session.seen[submission.turn_id]
        if submission.revision != session.revision:
            return self.reply(session, message="This screen was already answered in another tab.")
        session.seen[submission.turn_id] = reply = self._submit(session, submission)
        return reply

    def _submit(self, session: Session, submission: Submission) -> Reply:
        buttons = self.screen(session).buttons
        pressed = buttons[submission.button].name if submission.button is not None else ""
        if pressed in {"exit", "restart"}:
            del self.sessions[session.session_id]
            return self.reply(session, Goodbye("exit" if pressed == "exit" else "restart"))
        if pressed == "wait":
            return self.reply(session, Wait(2.0))
        if pressed == "file":
            return self.reply(session, Response(b"a,b\n", "text/csv"))
        if pressed == "break":
            raise CodeFailed("division by zero", error_type="ZeroDivisionError", trace="Traceback: secret value 42",
                             file=INTERVIEW, line=7, variables=("ratio",))
        if submission.posted.get("ZnJ1aXQ") == [""]:
            return self.reply(session, ShowScreen(self.screen(session), errors={0: "You need to fill this in."},
                                                  drafts=submission.posted))
        session.answers.append(submission.posted)
        session.step += 1
        session.revision += 1
        return self.reply(session)

    async def back(self, session_id: str, visitor: Visitor, turn_id: str, revision: int) -> Reply:
        session = self.own(session_id, visitor)
        session.step, session.revision = max(1, session.step - 1), session.revision + 1
        return self.reply(session)

    async def action(self, session_id: str, visitor: Visitor, action: str, arguments: dict[str, Any]) -> Reply:
        session = self.own(session_id, visitor)
        self.calls.append(f"action {action} {arguments}")
        if action == "json":
            return self.reply(session, Response(b'{"pie": "apple"}', "application/json"))
        return self.reply(session)

    async def check_in(self, session_id: str, visitor: Visitor, check_in: CheckIn, revision: int,
                       tab: str = "") -> Reply:
        session = self.own(session_id, visitor)
        self.calls.append(f"check_in {check_in}")
        if check_in.name == "fails":
            raise CodeFailed("no", error_type="ValueError", trace="")
        self.check_ins.append(check_in)
        self.tabs.append(tab)
        return self.reply(session, await self.answer_check_in(check_in))

    async def file(self, number: int, visitor: Visitor) -> ServedFile:
        if number not in self.files:
            raise NoSuchFile(number)
        session_id, info, content = self.files[number]
        self.own(session_id, visitor)
        return ServedFile(info, lambda start: iter([content[start:start + 4], content[start + 4:]]))

    async def variables(self, session_id: str, visitor: Visitor) -> SessionVariables:
        session = self.own(session_id, visitor)
        return SessionVariables(session_id, session.interview, session.step, encrypted=True,
                                private=self.variables_are_private, variables={"fruit": "apple", "since": "2026-11-23"})

    async def metadata(self, interview: str) -> dict[str, Any]:
        return {}

    async def delete(self, session_id: str, visitor: Visitor) -> None:
        del self.sessions[self.own(session_id, visitor).session_id]

    async def sessions_of(self, visitor: Visitor, most: int | None = None) -> list[SessionSummary]:
        return [SessionSummary(one.session_id, one.interview, one.title, one.created, 1e9, one.step, one.name,
                               one.tags, one.joined, one.joined)
                for one in self.sessions.values()
                if one.secret == visitor.browser_secret or one.user_id == (visitor.user.user_id or 0)][:most]

    async def name_session(self, session_id: str, visitor: Visitor, name: str) -> None:
        self.own(session_id, visitor).name = name

    async def leave_session(self, session_id: str, visitor: Visitor) -> None:
        if not self.own(session_id, visitor).joined:
            raise NotYours(session_id)
        self.calls.append(f"leave {session_id}")
        del self.sessions[self.own(session_id, visitor).session_id]

    async def follow_link(self, code: str) -> str | None:
        return self.links.pop(code, None)

    async def adopt(self, before: Visitor, after: Visitor) -> int:
        assert after.user.logged_in
        theirs = [one for one in self.sessions.values() if one.secret == before.browser_secret]
        for one in theirs:
            one.secret, one.user_id = "", after.user.user_id
        return len(theirs)

    def has_adopted(self, visitor: Visitor) -> bool:
        return not any(one.secret == visitor.browser_secret for one in self.sessions.values())

    def parted(self, visitor: Visitor) -> None:
        self.calls.append("parted")

    def user_changed(self, user_id: int) -> None:
        self.calls.append(f"user {user_id} changed")

    async def titles_of(self, session_ids: Collection[str], visitor: Visitor) -> dict[str, str]:
        return {one: self.titles[one] for one in session_ids if one in self.titles}

    async def undelivered(self, session_id: str, visitor: Visitor | None = None) -> list[Notice]:
        if visitor is None:
            return []   # as right after a restart, when no session has been opened yet
        self.own(session_id, visitor)
        return [one for one in self.notices if one.session_id == session_id]

    async def delivered(self, ids: list[int]) -> None:
        self.notices = [one for one in self.notices if one.id not in ids]

    def progress_of(self, session_id: str) -> TaskProgress:
        return self.progress.get(session_id, TaskProgress())

    def progress_of_task(self, task_id: str) -> Bar | None:
        return self.bars.get(task_id)

    async def tasks_of(self, visitor: Visitor) -> list[TaskSummary]:
        return [task for task in self.tasks if task.own]

    async def all_tasks(self, visitor: Visitor) -> list[TaskSummary]:
        return self.tasks

    async def revoke_task(self, task_id: str, visitor: Visitor) -> bool:
        return self._on_task("revoke", task_id, visitor)

    async def run_task_again(self, task_id: str, visitor: Visitor) -> bool:
        return self._on_task("again", task_id, visitor)

    async def dismiss_task(self, task_id: str, visitor: Visitor) -> bool:
        return self._on_task("dismiss", task_id, visitor)

    def _on_task(self, what: str, task_id: str, visitor: Visitor) -> bool:
        task = next((one for one in self.tasks if one.task_id == task_id), None)
        if task is not None and not task.own and ADMINISTRATORS.isdisjoint(visitor.user.privileges):
            raise NotYours(task.session_id)
        self.calls.append(f"{what} {task_id}")
        return task is not None


class MemoryPackages:
    """A listing and one folder of static files."""

    def __init__(self, folder: Path, count: int = 1) -> None:
        self.folder = folder
        self.entries = [ListedInterview(INTERVIEW, "docassemble.tests", "Fruit <interview>", "About fruit")]
        self.entries += [ListedInterview(f"docassemble.many:data/questions/{n}.yml", "docassemble.many", f"Number {n}")
                         for n in range(count - 1)]

    def listed(self) -> list[ListedInterview]:
        return self.entries

    def hides(self, interview: str) -> bool:
        return "hidden" in interview

    def static_file(self, package: str, file: str) -> Path | None:
        path = self.folder / file
        return path if package == "docassemble.tests" and ".." not in file and path.is_file() else None


@dataclass
class MemorySecrets:
    cookie_secret: str = "a secret of the tests that is long enough"
