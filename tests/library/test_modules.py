"""The import hook, in processes of their own: what is ours, what is installed, what is refused and how."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import sys
from pathlib import Path
from appliance.library.modules import install_import_hook
install_import_hook(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
"""


def run(code: str, packages: Path | None = None) -> str:
    """What `code` prints in a new Python with the hook; an error is printed as its type and message."""
    arguments = [] if packages is None else [str(packages)]
    program = f"{PRELUDE}\ntry:\n" + "".join(f"    {line}\n" for line in code.strip().splitlines())
    program += "except Exception as error:\n    print(type(error).__name__, error)\n"
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A packages folder as wheels are laid out, with a false docassemble.base among them."""
    files = {
        "docassemble/fruit/__init__.py": "__version__ = '1.2'\n",
        "docassemble/fruit/apple.py": "from docassemble.base.util import DAObject, ordinal, noun_plural\n"
                                      "from .pear import taste\n__all__ = ['Apple', 'taste']\n"
                                      "class Apple(DAObject):\n    pass\n",
        "docassemble/fruit/pear.py": "taste = 'sweet'\n",
        "docassemble/fruit/hello.py": "import sys\nfrom docassemble.fruit.pear import taste\n"
                                      "if __name__ == '__main__':\n    print('Hello,', taste, sys.argv[1:])\n"
                                      "    print('oops', file=sys.stderr)\n    sys.exit(3)\n",
        "docassemble/base/__init__.py": "raise RuntimeError('the real one was imported')\n",
        "docassemble/base/util.py": "raise RuntimeError('the real one was imported')\n",
        "docassemble/base/data/questions/x.yml": "",
    }
    for name, content in files.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


TABLE = [
    ("from docassemble.base.util import ordinal; print(ordinal(0))", "first"),
    ("import docassemble.base.util as u; print(u.DADateTime.__module__)", "docassemble.base.util"),
    ("from docassemble.base.functions import word; print(word('fish'))", "fish"),
    ("from docassemble.base.error import DAError, DAValidationError; print(DAError('no').value)", "no"),
    ("from docassemble.base.logger import logmessage; logmessage('x')", ""),
    ("from docassemble.base.config import daconfig; print(daconfig.get('root', '/'))", "/"),
    ("from docassemble.base.core import DAObject; print(DAObject.__name__)", "DAObject"),
    ("from docassemble.base.legal import Court, PartyList; print(Court.__module__)", "docassemble.base.legal"),
    ("import docassemble.base; import appliance; print(docassemble.base.__version__ == appliance.__version__)", "True"),
    ("from docassemble.base.util import her; print(her('hat'))", "her hat"),
    ("from docassemble.base.util import *\nprint('her' in globals(), 'ordinal' in globals())", "False True"),
    ("from docassemble.base.util import foo",
     "ImportError docassemble.base.util.foo is not there yet in this version"),
    ("import docassemble.base.util as u; print(hasattr(u, 'foo')); u.foo",
     "False\nAttributeError docassemble.base.util.foo is not there yet in this version"),
    ("import docassemble.base.nope", "ImportError docassemble.base.nope is not there yet in this version"),
    ("from docassemble.base import nope", "ImportError docassemble.base.nope is not there yet in this version"),
    ("import docassemble.webapp.server",
     ("ImportError docassemble.webapp is docassemble's own server, which this appliance replaces; "
      "import from docassemble.base.util instead")),
    ("import docassemble.nope", "ModuleNotFoundError No module named 'docassemble.nope'"),
]


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What each code of the table prints, all in one process."""
    code = f"""
import contextlib, io, json
printed = {{}}
for code in {[code for code, _ in TABLE]!r}:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(code, {{}})
        except Exception as error:
            print(type(error).__name__, error)
    printed[code] = out.getvalue().strip()
print(json.dumps(printed))
"""
    result: dict[str, str] = json.loads(run(code))
    return result


@pytest.mark.parametrize(("code", "expected"), TABLE)
def test_docassemble_base_is_ours(code: str, expected: str, printed: dict[str, str]) -> None:
    assert printed[code] == expected


def test_installed_packages_are_found_and_the_real_base_is_not(packages: Path) -> None:
    code = """
from docassemble.fruit.apple import Apple
import docassemble.fruit, docassemble.base.util
print(docassemble.fruit.__version__, Apple.__mro__[1].__module__, type(docassemble.base).__name__)
"""
    assert run(code, packages) == "1.2 docassemble.base.util OurModule"


def test_a_package_that_comes_later_is_found(packages: Path) -> None:
    code = """
import docassemble.base.util, pathlib
new = pathlib.Path(sys.argv[1]) / 'site' / 'docassemble' / 'late'
new.mkdir(); (new / 'thing.py').write_text('x = 1')
from docassemble.late.thing import x
print(x)
"""
    assert run(code, packages) == "1"


def test_stored_objects_can_be_read_in_another_process(packages: Path) -> None:
    code = """
import pickle
from docassemble.base.util import as_datetime
print(pickle.dumps(as_datetime('1/2/2020')).hex())
"""
    stored = run(code, packages)
    assert run(f"import pickle; print(pickle.loads(bytes.fromhex('{stored}')))") == "January 2, 2020"


@pytest.mark.parametrize("module", ["hello.py", ".hello", "docassemble.fruit.hello"])
def test_run_python_module(packages: Path, module: str) -> None:
    """The output and the return code come back, and the module finds the packages."""
    code = f"""
from types import SimpleNamespace
from appliance.interview.host import set_current
from docassemble.base.util import run_python_module
set_current(SimpleNamespace(interview=SimpleNamespace(reference='docassemble.fruit:data/questions/x.yml')))
output, code = run_python_module({module!r}, ['-v', 'two'])
print(sorted(output.splitlines()), code)
"""
    assert run(code, packages) == "[\"Hello, sweet ['-v', 'two']\", 'oops'] 3"


def test_names_are_those_that_authors_know() -> None:
    """Nothing of our own slips into interviews: short words there are the author's variables."""
    from appliance.library.names import EXPORTED, NAMES

    assert {"ordinal", "word", "defined", "url_action", "DADateTime", "DAObject", "today", "re", "json"} <= set(NAMES)
    assert not {"her", "the", "its", "part", "main", "make", "looking", "plain_text", "Any", "current"} & set(NAMES)
    assert {"her", "possessify", "update_language_function"} <= set(EXPORTED)
    for name, value in EXPORTED.items():
        assert not (isinstance(value, type) and value.__module__.startswith("appliance.")), name


def test_finding_a_module_imports_nothing() -> None:
    """Python asks finders while it holds up the imports of all threads: one that imported what another thread is in the
    middle of importing would wait for it for ever, and it for us. (Two first turns after a start did that.)
    """
    assert run("""
before = set(sys.modules)
for name in ('docassemble', 'docassemble.base', 'docassemble.base.util', 'docassemble.base.nothing'):
    assert sys.meta_path[0].find_spec(name, None) is not None
print(sorted(set(sys.modules) - before))
""") == "[]"
