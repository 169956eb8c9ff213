"""A person at a window: finds things by their visible words, by scripts in the page.

tests/support/browser.py is the same for Chromium, whose protocol other web engines do not speak.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.support.client import Answer
from tests.support.demo import Step
from tests.window.driver import Program, wait_until

__all__ = ["WELCOME", "WindowPerson"]

WELCOME = (("Welcome. What is your office called?", "Continue"), ("Where shall the data live?", "Continue"),
           ("Shall others on your network use it too?", "Finish, and try an interview"))
"""The questions of the first start, each with the button that goes on."""


class WindowPerson:
    """What a person does in the first window of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def sees_question(self, beginning: str) -> None:
        """Waits for the screen whose question begins like this."""
        self.program.wait_for(
            "document.readyState === 'complete' && (document.querySelector('#daMainQuestion')?.innerText || '').trim()"
            f".startsWith({json.dumps(beginning)})")

    def sees(self, words: str) -> None:
        """Waits until the page has these words."""
        self.program.wait_for(f"document.body.innerText.includes({json.dumps(words)})")

    def finds(self, path: str, words: str) -> None:
        """Goes to a page of the server, again and again until it has these words."""
        self.program.wait_for("location.protocol === 'http:' && document.readyState === 'complete'")

        def look() -> bool:
            self.program.js(f"document.body.dataset.left = 'yes'; location.href = {json.dumps(path)}")
            self.program.wait_for("document.readyState === 'complete' && !document.body.dataset.left")
            return bool(self.program.js(f"document.body.innerText.includes({json.dumps(words)})"))
        wait_until(look, f"{words} on {path}")

    def press(self, words: str) -> None:
        """Presses the first visible button or link with exactly these words."""
        self._do("press", words)

    def fill(self, answers: Mapping[str, Answer]) -> None:
        """Fills in fields, by their labels."""
        for label, answer in answers.items():
            if answer is not None:
                self._do("fill", label, answer if isinstance(answer, str) else list(answer))

    def answers_the_welcome(self) -> None:
        """Goes through the first start, and is in the demo interview."""
        for question, button in WELCOME:
            self.sees_question(question)
            self.press(button)

    def take(self, step: Step) -> None:
        """One screen of a script: recognises it, fills it in, goes on."""
        self.sees_question(step.question)
        self.fill(step.answers)
        self.press(step.press)

    def _do(self, name: str, *arguments: object) -> None:
        given = ", ".join(map(json.dumps, arguments))
        done = self.program.js(f"({_HANDS}).{name}({given})")
        assert done == "done", f"{name} {arguments}: {done}"


_HANDS = """({
  words(element) { return element.innerText.replace(/\\s+/g, " ").trim(); },
  press(words) {
    for (const one of document.querySelectorAll("button, a[href], summary, input[type=submit]")) {
      if ((this.words(one) === words || one.value === words) && one.checkVisibility()) { one.click(); return "done"; }
    }
    return "there is no such button";
  },
  labelled(root, words) {
    for (const label of root.querySelectorAll("label")) {
      if (this.words(label) === words) {
        return label.control || document.getElementById(label.htmlFor) || label.querySelector("input");
      }
    }
    return null;
  },
  group(words) {
    if (!words) { return document.querySelector("#daform"); }
    for (const one of document.querySelectorAll("fieldset, [role=group], [role=radiogroup]")) {
      const by = one.getAttribute("aria-labelledby");
      const name = one.querySelector("legend") || (by && document.getElementById(by.split(" ")[0]));
      if (name && this.words(name) === words) { return one; }
    }
    return null;
  },
  fill(label, answer) {
    const form = document.querySelector("#daform") || document;
    if (Array.isArray(answer)) {
      const group = this.group(label);
      for (const words of answer) {
        const box = group && this.labelled(group, words);
        if (!box) { return "there is no box " + words; }
        if (!box.checked) { box.click(); }
      }
      return "done";
    }
    const control = label && this.labelled(form, label);
    if (control && !["radio", "checkbox"].includes(control.type)) {
      if (control.tagName === "SELECT") {
        const option = [...control.options].find((one) => one.text.trim() === answer);
        if (!option) { return "there is no choice " + answer; }
        control.value = option.value;
      } else {
        control.value = answer;
      }
      control.dispatchEvent(new Event("input", {bubbles: true}));
      control.dispatchEvent(new Event("change", {bubbles: true}));
      return "done";
    }
    const group = this.group(label);
    const choice = group && this.labelled(group, answer);
    if (!choice) { return "there is no choice " + answer; }
    choice.click();
    return "done";
  },
})"""
