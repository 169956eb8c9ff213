"""Whether a bundle is complete: what can be imported in the environment that it was made in can be imported in it.

It runs in that environment. What a package imports late, or by a name that it puts together, PyInstaller does not see.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bundle_contents import closure, modules_of, standard_library
from bundle_trimming import excluded

_SIDE_EFFECTS = ("pystray._", "webview.platforms", "appliance.shell.toolkits", "idlelib")
"""What wants a screen, or the main loop of a toolkit, as soon as it is imported."""

_TRY = """
import contextlib, importlib, io, json, sys, warnings
warnings.simplefilter("ignore")
refused = {}
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for name in json.loads(sys.stdin.read()):
        try:
            importlib.import_module(name)
        except BaseException as problem:
            refused[name] = f"{type(problem).__name__}: {problem}"
print("refused:" + json.dumps(refused), flush=True)
"""


def main(bundle: Path, window: str) -> int:
    """Compare; returns the exit status: 1, after naming them, if modules are missing."""
    names = standard_library() + [name for one in closure("interview-appliance") for name in modules_of(one)]
    names = [name for name in names if not name.startswith(_SIDE_EFFECTS) and not excluded(name, window)]
    there, here = refused_by(str(program_of(bundle)), names), refused_by(sys.executable, names)
    missing = {name: words for name, words in there.items() if name not in here}
    for name, words in sorted(missing.items()):
        print(f"The bundle lacks {name}: {words[:200]}", file=sys.stderr)
    return 1 if missing else 0


def program_of(bundle: Path) -> Path:
    """The bundle's program for commands."""
    return bundle / ("appliance.exe" if sys.platform == "win32" else "appliance")


def refused_by(python: str, names: list[str]) -> dict[str, str]:
    """The modules that this Python cannot import, and why.

    :raises SystemExit: if it ends over them.
    """
    done = subprocess.run([python, "-c", _TRY], input=json.dumps(names), check=False, capture_output=True, text=True)
    _, found, told = done.stdout.rpartition("refused:")
    if not found:
        raise SystemExit(f"{python} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return dict(json.loads(told))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
