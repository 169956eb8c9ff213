"""Interviews for several people: which question the current user may answer.

A question with ``role`` is for users whose variable ``role`` is one of these; one without is for those of ``default
role``, where the interview has one. What somebody else is to answer is not asked: ``role_needed`` says who is, and the
question with ``event: role_event`` is shown (docassemble's documentation, "Roles").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from appliance.interview.blocks.code import CodeBlock
from appliance.interview.errors import InterviewError
from appliance.interview.signals import Signal

if TYPE_CHECKING:
    from appliance.interview.blocks.base import BlockSource
    from appliance.interview.blocks.question import QuestionBlock
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.interview import Interview

__all__ = ["EVENT", "DefaultRoleBlock", "RoleNeeded", "check_role", "tell_role_event"]

EVENT = "role_event"
"""The event whose question is shown instead of one for somebody else."""


class RoleNeeded(Signal):
    """The question is for somebody else.

    :param roles: of which one is needed.
    """

    def __init__(self, block: QuestionBlock, roles: tuple[str, ...]) -> None:
        super().__init__("role")
        self.block, self.roles = block, roles


class DefaultRoleBlock(CodeBlock):
    """A ``default role`` block with code: that runs at every screen, to say which role the user has."""

    def __init__(self, source: BlockSource, number: int, interview: Interview) -> None:
        super().__init__(source, number)
        interview.default_roles = tuple(source.texts("default role"))
        self.initial = True


def check_role(evaluation: Evaluation, block: QuestionBlock) -> None:
    """Let the user answer the question.

    :raises RoleNeeded: if it is for somebody else.
    """
    roles = block.roles or evaluation.interview.default_roles
    if not roles or EVENT in block.events:
        return
    given = evaluation.value("role")
    held = {given} if isinstance(given, str) else set(map(str, given))
    if held.isdisjoint(roles):
        raise RoleNeeded(block, roles)


def tell_role_event(evaluation: Evaluation, needed: list[RoleNeeded], stack: tuple[str, ...] = ()) -> NoReturn:
    """Show the interview's own words for whoever cannot go on now; unwinds with that screen.

    :param needed: the questions that could have been asked, of other people.
    :raises InterviewError: if the interview has no such words.
    """
    roles = list(dict.fromkeys(role for one in needed for role in one.roles))
    evaluation.answers["role_needed"] = roles
    if evaluation.interview.offering(EVENT):
        evaluation.seek(EVENT, stack)
    block = needed[0].block
    raise InterviewError(
        f"The next question is for somebody else ({', '.join(roles)}), and this interview does not say what to show "
        "meanwhile: it has no question with 'event: role_event'.", file=block.file, line=block.line)
