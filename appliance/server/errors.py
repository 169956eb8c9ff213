"""What a request is refused with, in words for the person in front of the browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from tornado.web import HTTPError

from appliance.interview.errors import CodeFailed, InterviewError, TooSlow, UnknownInterview
from appliance.sessions.errors import NoSuchFile, NoSuchSession, NotYours, PrivilegeNeeded, SignInNeeded, Stopping
from appliance.store.errors import StoreClosed, StoreError, StoreFull, WrongKey

__all__ = ["Explanation", "Refused", "explain", "explain_status"]


class Refused(HTTPError):
    """A request that is not carried out.

    :param heading: what is the matter, in a few words.
    :param words: what it means and what can be done, one or two sentences.
    :param code: a short name for scripts.
    """

    def __init__(self, status: int, heading: str, words: str, code: str = "") -> None:
        super().__init__(status)
        self.heading = heading
        self.words = words
        self.code = code


@dataclass(frozen=True)
class Explanation:
    """An error page as data.

    :param details: name and text pairs for the author of an interview; ordinary people do not get them.
    :param trace: a traceback in plain text, for the author only.
    """

    status: int
    heading: str
    words: str
    code: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)
    trace: str = ""


_BY_STATUS = {
    400: ("This request cannot be understood",
          "The address or the form that was sent is damaged. Please go back and try again."),
    403: ("This is not allowed", "You may not open this page. If it should be yours, please sign in."),
    404: ("This page does not exist", "The address may be wrong, or the page may have been removed."),
    405: ("This does not work here",
          "This address does not take this kind of request. Please start from the home page."),
}
_WRONG = "Something went wrong"
_WRONG_WORDS = ("The server could not do what was asked. What you saved before is still there. Please go back and try "
                "again.")


def explain_status(status: int) -> Explanation:
    """The words for an HTTP status."""
    heading, words = _BY_STATUS.get(status, (_WRONG, _WRONG_WORDS))
    return Explanation(status, heading, words, str(status))


def explain(error: BaseException | None, status: int) -> Explanation:
    """The words for what was raised.

    :param status: the HTTP status where the error itself says none.
    """
    if isinstance(error, Refused):
        return Explanation(error.status_code, error.heading, error.words, error.code)
    if isinstance(error, NoSuchSession):
        return Explanation(404, "This interview session does not exist any more", "It was finished or deleted, or the "
                           "address is wrong. You can start the interview anew.", "no_such_session")
    if isinstance(error, NoSuchFile):
        return Explanation(404, "There is no such file for you", "It was deleted, or its interview was finished, or "
                           "the address is wrong. If it is yours, use the browser that you began the interview in, or "
                           "sign in.",
                           "no_such_file")
    if isinstance(error, NotYours):
        return Explanation(403, "This interview session belongs to somebody else", "It was begun in another browser or "
                           "by another person. If it is yours, use the browser you began it in, or sign in.",
                           "not_yours")
    if isinstance(error, SignInNeeded):
        return Explanation(401, "Please sign in first", "This is open only to people who are signed in.", "sign_in")
    if isinstance(error, PrivilegeNeeded):
        return Explanation(403, "This interview is not for everybody", "Your account does not have the privilege that "
                           "it asks for. Please ask an administrator, or sign in as somebody who has it.", "privilege")
    if isinstance(error, UnknownInterview):
        return Explanation(404, "There is no such interview", str(error), "unknown_interview", _author_details(error))
    if isinstance(error, InterviewError):
        return _explain_interview(error)
    if isinstance(error, Stopping | StoreClosed):
        return Explanation(503, "The appliance is being stopped",
                           "What you saved before is still there. Please come back when it runs again.", "stopping")
    if isinstance(error, WrongKey):
        return Explanation(500, "This cannot be read any more", "What was saved is damaged on the disk. Please tell "
                           "whoever looks after this appliance: a backup may still have it.", "damaged")
    if isinstance(error, StoreError):
        why = "The disk is full. " if isinstance(error, StoreFull) else ""
        words = f"{why}Nothing of it was kept. Please try again."
        return Explanation(507, "This could not be saved", words, "not_saved")
    if status != 500:
        return explain_status(status)
    return Explanation(500, _WRONG, _WRONG_WORDS, "500")


def _explain_interview(error: InterviewError) -> Explanation:
    heading = "This took too long" if isinstance(error, TooSlow) else "This interview cannot go on here"
    words = f"{str(error).rstrip('.')}. What you saved before is still there."
    trace = error.trace if isinstance(error, CodeFailed) else ""
    return Explanation(500, heading, words, "interview_error", _author_details(error), trace)


def _author_details(error: InterviewError) -> list[tuple[str, str]]:
    kind = error.error_type if isinstance(error, CodeFailed) else type(error).__name__
    pairs = [("Type", kind), ("Message", error.message), ("File", error.file or ""),
             ("Line", "" if error.line is None else str(error.line)), ("Variables", ", ".join(error.variables))]
    return [(name, text) for name, text in pairs if text]
