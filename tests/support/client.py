"""A person without a browser: reads forms, fills them in by label, posts them as a page without JavaScript does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

from tests.support.html import Element, read

__all__ = ["Answer", "Client", "Page"]

Answer = str | Sequence[str] | None
"""A text, the words of one option, or a list of the words of the boxes to check; None: leave it as it is."""

_SKIPPED_TYPES = frozenset(["submit", "button", "reset", "image", "file"])


class Page:
    """One page as it arrived, and what would be posted from it."""

    def __init__(self, url: str, status: int, html: str) -> None:
        self.url = url
        self.status = status
        self.html = html
        self.tree = read(html)
        self.form = self.tree.find("daform")

    @property
    def question(self) -> str:
        heading = self.tree.find("daMainQuestion")
        return "" if heading is None else heading.text

    @property
    def title(self) -> str:
        return next((element.text for element in self.tree.all("title")), "")

    @property
    def text(self) -> str:
        return next((element.text for element in self.tree.all("body")), "")

    @property
    def action(self) -> str:
        return urljoin(self.url, self._form().attributes.get("action", ""))

    def hidden(self, name: str) -> str:
        """The value of a hidden input."""
        return next(element.attributes.get("value", "") for element in self._form().all("input")
                    if element.attributes.get("name") == name)

    def buttons(self) -> list[str]:
        return [one.text for one in self._form().all("button") if "back" not in one.attributes.get("class", "")]

    def values(self) -> list[tuple[str, str]]:
        """What the form holds now: names and values in order, as a browser would post them."""
        posted: list[tuple[str, str]] = []
        for control in self._controls():
            name = control.attributes.get("name", "")
            if not name or "disabled" in control.attributes:
                continue
            if control.tag == "textarea":
                posted.append((name, _raw_text(control)))
            elif control.tag == "select":
                posted += [(name, value) for value in _chosen(control)]
            elif control.attributes.get("type") not in ("checkbox", "radio"):
                posted.append((name, control.attributes.get("value", "")))
            elif "checked" in control.attributes:
                posted.append((name, control.attributes.get("value", "on")))
        return posted

    def fill(self, answers: Mapping[str, Answer]) -> None:
        """Write answers into the form, each found by its visible label; ``""`` is the only question on the screen.

        :raises AssertionError: if there is no such label or option.
        """
        for label, answer in answers.items():
            if answer is not None:
                self._fill_one(label, answer)

    def _fill_one(self, label: str, answer: str | Sequence[str]) -> None:
        if isinstance(answer, str):
            for control in self._controls():
                one_of_many = control.attributes.get("type") in ("radio", "checkbox", "hidden")
                if not one_of_many and self._label(control) == label:
                    _write(control, answer)
                    return
        options = [control for control in self._controls()
                   if control.attributes.get("type") in ("radio", "checkbox")
                   and label in ("", self._group(control), self._label(control))]
        assert options, f"no question labelled {label!r} in {self.text!r}"
        wanted = [answer] if isinstance(answer, str) else list(answer)
        missing = set(wanted) - {self._label(option) for option in options}
        assert not missing, f"no option {missing} under {label!r}"
        for option in options:
            if self._label(option) in wanted:
                option.attributes["checked"] = ""
            else:
                option.attributes.pop("checked", None)

    def select(self, words: str) -> None:
        """Choose the option with these words in the screen's only dropdown."""
        _write(next(self._form().all("select")), words)

    def link(self, words: str) -> str | None:
        """Where the link with these words leads; None if there is none."""
        return next((urljoin(self.url, one.attributes["href"]) for one in self.tree.all("a")
                     if one.text == words and "href" in one.attributes), None)

    def button(self, words: str) -> list[tuple[str, str]]:
        """What pressing the button with these words adds to the post."""
        for button in self._form().all("button", "input"):
            if words in (button.text, button.attributes.get("value")) and "disabled" not in button.attributes:
                name = button.attributes.get("name", "")
                return [(name, button.attributes.get("value", ""))] if name else []
        raise AssertionError(f"no button {words!r} among {self.buttons()}")

    def _form(self) -> Element:
        assert self.form is not None, f"no form on the page: {self.text[:300]!r}"
        return self.form

    def _controls(self) -> list[Element]:
        return [one for one in self._form().all("input", "select", "textarea")
                if one.attributes.get("type") not in _SKIPPED_TYPES]

    def _label(self, control: Element) -> str:
        identifier = control.attributes.get("id")
        for label in self._form().all("label"):
            if identifier and label.attributes.get("for") == identifier:
                return label.text
        around = next((one for one in control.above() if one.tag == "label"), None)
        return around.text if around else control.attributes.get("aria-label", "")

    def _group(self, control: Element) -> str:
        for around in control.above():
            named = around.attributes.get("aria-label")
            if named and around.tag != "form":
                return named
            for reference in around.attributes.get("aria-labelledby", "").split():
                heading = self.tree.find(reference)
                if heading is not None:
                    return heading.text
            if around.tag == "fieldset" or around.has_class("da-form-group"):
                for one in around.all("legend", "div"):
                    if one.tag == "legend" or one.has_class("da-legend"):
                        return one.text
        return ""


def _raw_text(element: Element) -> str:
    text = "".join(child for child in element.children if isinstance(child, str))
    return text.removeprefix("\n")


def _chosen(select: Element) -> list[str]:
    options = list(select.all("option"))
    chosen = [one for one in options if "selected" in one.attributes]
    if not chosen and "multiple" not in select.attributes:
        chosen = options[:1]
    return [one.attributes.get("value", one.text) for one in chosen]


def _write(control: Element, answer: str) -> None:
    if control.tag == "textarea":
        control.children = [answer]
    elif control.tag == "select":
        options = list(control.all("option"))
        assert answer in [one.text for one in options], f"no option {answer!r} among {[one.text for one in options]}"
        for one in options:
            one.attributes.pop("selected", None)
            if one.text == answer:
                one.attributes["selected"] = ""
    else:
        control.attributes["value"] = answer


class Client:
    """One person with one cookie jar, at one appliance."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.Client(base_url=base, follow_redirects=True, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.http.close()

    def get(self, path: str, **parameters: str) -> Page:
        return self._page(self.http.get(path, params=parameters or None))

    def start(self, interview: str, **parameters: str) -> Page:
        """The first screen of a new session."""
        return self.get("/interview", i=interview, new_session="1", **parameters)

    def resume(self, interview: str, **parameters: str) -> Page:
        """The current screen of the session this person is in."""
        return self.get("/interview", i=interview, **parameters)

    def submit(self, page: Page, answers: Mapping[str, Answer] | None = None, press: str = "Continue") -> Page:
        """Fill in the form, press the button, follow to the next page."""
        page.fill(answers or {})
        return self.post(page, page.values() + page.button(press))

    def back(self, page: Page) -> Page:
        return self.post(page, [*page.values(), ("_back_one", "1")])

    def post(self, page: Page, values: Sequence[tuple[str, str]]) -> Page:
        """Post exactly these values to the page's form."""
        data: dict[str, list[str]] = {}
        for name, value in values:
            data.setdefault(name, []).append(value)
        return self._page(self.http.post(page.action, data=data, headers={"Referer": page.url}))

    def reload(self, page: Page) -> Page:
        return self._page(self.http.get(page.url))

    def wait_for(self, page: Page, question: str, seconds: float = 30.0) -> Page:
        """Reload until the question begins with these words.

        :raises AssertionError: if it does not in time.
        """
        end = time.monotonic() + seconds
        while not page.question.startswith(question):
            assert time.monotonic() < end, f"still {page.question!r}, not {question!r}"
            time.sleep(0.1)
            page = self.reload(page)
        return page

    @staticmethod
    def _page(answer: httpx.Response) -> Page:
        return Page(str(answer.url), answer.status_code, answer.text)
