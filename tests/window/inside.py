"""Runs in the process whose window is driven: answers what tests/window/driver.py asks, beside the program.

``python inside.py IN OUT PROGRAM [ARGUMENTS]``: `IN` and `OUT` are open file descriptors, `PROGRAM` is a Python file,
or ``appliance`` for the command itself.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
import traceback
from typing import Any

NAMES: dict[str, Any] = {}
"""What the code of tests sees, and what one piece leaves to the next; programs may put things here."""


def answer_all(commands: int, answers: int) -> None:
    """Answer until nobody asks any more."""
    with os.fdopen(commands, encoding="utf-8") as asked, os.fdopen(answers, "w", encoding="utf-8") as answering:
        for line in asked:
            answering.write(json.dumps(answered(json.loads(line))) + "\n")
            answering.flush()


def answered(command: dict[str, Any]) -> dict[str, Any]:
    """The answer to one command."""
    import webview

    try:
        if "js" in command:
            return {"value": webview.windows[command.get("window", 0)].run_js(command["js"])}
        NAMES["webview"] = webview
        exec(command["python"], NAMES)
        value = NAMES.pop("result", None)
        json.dumps(value)
        return {"value": value}
    except BaseException:   # noqa: BLE001 - the test shows it
        return {"error": traceback.format_exc()}


def main() -> None:
    """Begin to answer, and run the program."""
    commands, answers, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    threading.Thread(target=answer_all, args=(commands, answers), daemon=True).start()
    sys.modules["tests.window.inside"] = sys.modules[__name__]   # as programs import it
    if program == "appliance":
        from appliance.cli import main as run

        sys.argv = ["appliance", *sys.argv[4:]]
        sys.exit(run(sys.argv[1:]))
    sys.argv = sys.argv[3:]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
