"""The shape of the code: imports point one way, modules say what they offer, nothing fetched is committed."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "appliance"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "vendor" not in path.parts)

# Which part may import which. A part may always import itself, and only `app` and `cli` connect all of them.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "interview": frozenset(),
    "workspace": frozenset({"interview"}),
    "messages": frozenset({"interview", "workspace"}),
    "library": frozenset({"addresses", "author_db", "interview", "messages", "packages"}),
    "documents": frozenset({"interview"}),
    "interviews": frozenset(),
    "addresses": frozenset(),
    "attendance": frozenset({"commands"}),
    "author_db": frozenset(),
    "clock": frozenset(),
    "data_folder": frozenset({"durable"}),
    "durable": frozenset(),
    "garbage": frozenset(),
    "first_start": frozenset({"commands", "config", "data_folder", "durable", "locks", "store"}),
    "config": frozenset({"addresses", "interview", "times"}),
    "times": frozenset(),
    "backup": frozenset({"accounts", "clock", "commands", "data_folder", "durable", "interview", "locks", "store"}),
    "commands": frozenset({"clock", "store"}),
    "locks": frozenset(),
    "log_file": frozenset(),
    "logs": frozenset({"config", "log_file"}),
    "checking": frozenset({"interview", "library", "packages"}),
    "package_files": frozenset({"config", "interview"}),
    "installing": frozenset({"config", "durable", "interview", "locks", "package_files"}),
    "packages": frozenset({"config", "installing", "interview", "locks", "package_files"}),
    "store": frozenset({"clock", "config", "durable", "interview", "locks"}),
    "ui": frozenset({"config", "interview", "sessions"}),
    "network": frozenset({"clock", "store"}),
    "sessions": frozenset({"addresses", "author_db", "clock", "config", "interview", "locks", "messages", "packages",
                           "store", "workspace"}),
    "compute": frozenset({"author_db", "clock", "config", "documents", "installing", "interview", "library", "locks",
                          "log_file", "packages", "sessions", "store", "workspace"}),
    "accounts": frozenset({"addresses", "clock", "commands", "interview", "store"}),
    "administration": frozenset({"accounts", "clock", "commands", "config", "durable", "installing", "interview",
                                 "locks", "package_files", "packages", "store"}),
    "cron": frozenset({"clock", "commands", "config", "interview", "log_file", "sessions", "store", "times"}),
    "mail": frozenset({"addresses", "clock", "config", "interview", "log_file", "messages", "sessions", "store"}),
    "program": frozenset(),
    "shell": frozenset({"commands", "data_folder", "locks", "program", "store"}),
    "server": frozenset({"accounts", "administration", "attendance", "backup", "clock", "commands", "config",
                         "data_folder", "first_start", "installing", "interview", "interviews", "locks", "messages",
                         "network", "package_files", "packages", "sessions", "store", "ui"}),
}
CONNECTS_ALL = frozenset({"app", "assembly", "cli", "__main__"})

# The names of the library come into an interview's namespace here, and some answers are objects of the library.
USES_THE_LIBRARY = frozenset({"interview/namespace.py", "interview/datatypes/library.py"})

# The store knows rows, not interviews: of the language it may know the data that rows hold, nothing that runs.
DATA_OF_THE_LANGUAGE = frozenset({"accounts", "errors", "files", "host", "other_sessions", "screen", "stored", "tasks",
                                  "turn"})


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), str(module))


def imported(tree: ast.Module) -> Iterator[list[str]]:
    """The parts of the dotted names of our own that a module imports, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: an import says the whole name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1:] for name in names if name.startswith("appliance."))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_point_one_way(module: Path) -> None:
    """No part imports one above it: the language knows no sessions, sessions know no server, the library no Dask."""
    part = part_of(module)
    if part in CONNECTS_ALL or part == "__init__":
        return
    assert part in MAY_IMPORT, f"{part} is a new part: say in MAY_IMPORT what it may import"
    for names in imported(tree_of(module)):
        other = names[0]
        if other == "library" and name_of(module) in USES_THE_LIBRARY:
            continue
        assert other == part or other.startswith("__") or other in MAY_IMPORT[part], \
            f"{name_of(module)} may not import appliance.{'.'.join(names)}"


@pytest.mark.parametrize("module", [one for one in MODULES if part_of(one) == "store"], ids=name_of)
def test_store_knows_only_data_of_the_language(module: Path) -> None:
    """Rows hold tasks and screens; the store must not parse or evaluate anything."""
    for names in imported(tree_of(module)):
        if names[0] == "interview":
            assert names[1] in DATA_OF_THE_LANGUAGE, f"{name_of(module)} imports appliance.{'.'.join(names)}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_module_says_what_it_offers(module: Path) -> None:
    """Every module begins with a docstring and has __all__; folders' __init__ without code and __main__ need none."""
    tree = tree_of(module)
    assert ast.get_docstring(tree), f"{name_of(module)} has no docstring"
    code = [node for node in tree.body[1:] if not isinstance(node, ast.ImportFrom) or node.module != "__future__"]
    if module.name == "__main__.py" or (module.name == "__init__.py" and not code):
        return
    targets = [target.id for node in code if isinstance(node, ast.Assign | ast.AnnAssign)
               for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
               if isinstance(target, ast.Name)]
    assert "__all__" in targets or module == PACKAGE / "__init__.py", f"{name_of(module)} has no __all__"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_bare_except(module: Path) -> None:
    """An `except` names what it catches."""
    handlers = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.ExceptHandler)]
    bare = [handler.lineno for handler in handlers if handler.type is None]
    assert not bare, f"{name_of(module)} catches everything in lines {bare}"


def test_nothing_fetched_is_committed() -> None:
    """Front-end packages and caches are fetched at build time; git holds none of their files."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = git.stdout.splitlines()
    fetched = [file for file in listed
               if file.startswith(("appliance/ui/vendor/", "appliance/documents/vendor/", ".cache/", ".venv/"))
               or "node_modules/" in file
               or Path(file).name.startswith(("bootstrap.", "jquery"))]
    assert not fetched, fetched
