"""A client that costs next to nothing, so that what is measured is the server: one kept connection, little parsing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from appliance.interview.screen import html_name

__all__ = ["Form", "QuickClient"]

_HIDDEN = re.compile(r"<input\b[^>]*\btype=\"hidden\"[^>]*>")
_ATTRIBUTE = re.compile(r"\b(name|value)=\"([^\"]*)\"")
_FORM = re.compile(r"<form\b[^>]*\bid=\"daform\"[^>]*>")
_ACTION = re.compile(r"\baction=\"([^\"]*)\"")


class Form:
    """A screen's address and hidden inputs."""

    def __init__(self, html: str) -> None:
        tag = _FORM.search(html)
        assert tag is not None, f"no form in {html[:300]!r}"
        action = _ACTION.search(tag[0])
        assert action is not None
        parts = urlsplit(action[1].replace("&amp;", "&"))
        self.target = f"{parts.path}?{parts.query}"
        self.hidden: dict[str, str] = {}
        for field in _HIDDEN.findall(html):
            attributes = dict(_ATTRIBUTE.findall(field))
            self.hidden.setdefault(attributes.get("name", ""), attributes.get("value", "").replace("&quot;", '"'))

    def body(self, answers: Mapping[str, str]) -> bytes:
        """The form with these variables answered, ready to be sent."""
        fields = {**self.hidden, **{html_name(name): value for name, value in answers.items()}, "ajax": "1"}
        return urlencode(fields).encode()


    def check_in(self, action: str, fields: Mapping[str, str], changed: str | None = None) -> tuple[str, bytes]:
        """Address and body of a check-in with these texts in the fields, as the page's script sends it."""
        sent = {name: value for name, value in self.hidden.items() if name in {"_xsrf", "csrf_token", "_revision"}}
        parameters = json.dumps({**fields, "_initial": False, "_changed": changed})
        sent |= {"action": "checkin", "checkinCode": "1", "session": self.hidden.get("_session", ""),
                 "tab": "a-tab-of-a-benchmark", "seen": "[]", "do_action": action, "parameters": parameters}
        return self.target.replace("/interview", "/checkin", 1), urlencode(sent).encode()


class QuickClient:
    """One browser's worth of cookies on one connection."""

    def __init__(self, base: str) -> None:
        self._connection = HTTPConnection(urlsplit(base).netloc, timeout=30)
        self._cookies: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._connection.close()

    def forget(self) -> None:
        """Become somebody new: the cookies go, the connection stays."""
        self._cookies.clear()

    def begin(self, interview: str) -> Form:
        """A new session's first screen."""
        status, body = self._ask("GET", f"/interview?i={quote(interview, safe=':/')}&new_session=1", None)
        assert status == 200, body[:300]
        return Form(body.decode())

    def submit(self, form: Form, answers: Mapping[str, str]) -> float:
        """Post the form as the page's script does; the milliseconds from sending to the last byte of the reply."""
        body = form.body(answers)
        start = time.perf_counter()
        status, reply = self._ask("POST", form.target, body)
        took = 1000 * (time.perf_counter() - start)
        assert status == 200, reply[:300]
        return took

    def check_in(self, form: Form, action: str, fields: Mapping[str, str]) -> float:
        """Check in as the page's script does; the milliseconds from sending to the last byte of the reply."""
        target, body = form.check_in(action, fields, "field0")
        start = time.perf_counter()
        status, reply = self._ask("POST", target, body)
        took = 1000 * (time.perf_counter() - start)
        assert status == 200, reply[:300]
        assert b'"backgroundresponse"' in reply, reply[:300]
        return took

    @property
    def cookies(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def act(self, interview: str, action: str, **arguments: Any) -> None:
        """Run an action of this person's session."""
        packed = quote(json.dumps({"action": action, "arguments": arguments}))
        status, body = self._ask("GET", f"/interview?i={quote(interview, safe=':/')}&action={packed}", None)
        assert status == 200, body[:300]

    @classmethod
    def sample(cls, base: str, interview: str, answers: Mapping[str, str]) -> tuple[bytes, bytes]:
        """What the server answers to the first request of a session, and to its submit."""
        with cls(base) as client:
            _, first = client._ask("GET", f"/interview?i={quote(interview, safe=':/')}&new_session=1", None)
            form = Form(first.decode())
            _, reply = client._ask("POST", form.target, form.body(answers))
        return first, reply

    def _ask(self, method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Cookie": self.cookies, "Accept": "text/html,application/json"}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-Requested-With": "XMLHttpRequest"}
        self._connection.request(method, target, body, headers)
        answer = self._connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read()
