"""Looks at hostile texts with little memory and time, in a process of its own (``python -m tests.hostile.bombs``)."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import yaml

import appliance
from appliance import config
from appliance.administration import settings_text
from appliance.installing import install
from appliance.interview.errors import InterviewError
from appliance.interview.yaml_source import documents
from appliance.packages import InstalledPackages
from tests.support.packages import make_package

__all__ = ["PATTERNS", "TEXTS", "YAML"]

_MEMORY = 3 << 30
_SECONDS = 60

YAML = {
    "a list of lists of lists": "data: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
    "mappings in mappings": "a0: &a0 {x: y}\n" + "".join(
        f"a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}, d: *a{n - 1}}}\n" for n in range(1, 40)),
    "itself": "data: &a [*a]\n",
    "itself in a mapping": "data: &a\n  b: *a\n",
    "brackets": "data: " + "[" * 100_000 + "]" * 100_000 + "\n",
    "open brackets": "data: " + "[" * 100_000 + "\n",
    "braces": "data: " + "{a: " * 50_000 + "}" * 50_000 + "\n",
    "indented": "data:\n" + "".join(" " * n + "a:\n" for n in range(1, 3000)),
    "dashes": "data:\n  " + "- " * 50_000 + "x\n",
    "questions": "? " * 50_000 + "x\n",
}
"""Texts of a few kilobytes that would become anything but that."""

TEXTS = tuple(piece * (6_000 // len(piece)) + end for piece in (
    "a", " ", "\n", "<", "(", "[", "{", "*", "_", "`", "#", "&", ".", "-", "/", "\\", "0", "=", ":", "@", "'", '"', "%",
    "${", "a ", " a", "a.", "a@", "a-", "0.", "1,", "<a ", "[a](", "&lt;", "a=b&", "\r\n", " \n", "- ", "> ", "| ",
    "==", "a\t", "=?utf-8?q?", "[FILE ", "a, ", "\u00e9", "http://a") for end in ("", "!", "\n\x00"))
"""6 kB each, of what makes patterns look for the same thing again and again."""


def look_at_yaml(text: str) -> None:
    """Have it read as an interview, as one of a package, and as a configuration: refused, or quickly read."""
    for read in (documents_of, installed, configured, settings_text.read):
        try:
            read(text)
        except (InterviewError, config.BadConfiguration, yaml.YAMLError) as problem:
            print(f"{read.__name__}: {type(problem).__name__}")


def documents_of(text: str) -> None:
    documents(text, "hostile.yml")


def installed(text: str) -> None:
    """It is listed, with its metadata read, and begun."""
    with tempfile.TemporaryDirectory() as folder:
        indented = "".join(f"  {line}\n" for line in text.splitlines())
        install([make_package(Path(folder), "bomb", {"x.yml": f"metadata:\n  title: x\n{indented}"})],
                Path(folder) / "packages")
        packages = InstalledPackages(Path(folder) / "packages")
        packages.listed()
        documents(packages.read("docassemble.bomb:data/questions/x.yml").text, "x.yml")


def configured(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yml"
        file.write_text(text.replace("data:", "public interviews:"), encoding="utf-8")
        config.load(file)


def patterns() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    """All that our modules have compiled, by where they stand, with what they are asked (``fullmatch``, ``sub``)."""
    found: dict[str, tuple[re.Pattern[str], set[str]]] = {}
    folder = Path(appliance.__path__[0])
    code = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py") if "vendor" not in file.parts)
    asked: dict[str, set[str]] = {}
    for match in re.finditer(r"\b(\w+)\.(search|match|fullmatch|sub|subn|split|finditer|findall)\(", code):
        asked.setdefault(match[1], set()).add(match[2])
    for module in walk_packages(appliance.__path__, "appliance."):
        if ".vendor" in module.name or module.name.endswith("__main__") or ".interviews" in module.name:
            continue
        if module.name.startswith("appliance.shell.toolkits."):
            continue   # those of other systems cannot be imported here; they look for nothing by patterns
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found[f"{module.name}.{name}"] = (value, asked.get(name, {"search"}))
    return found


PATTERNS = "patterns"
SLOW = 0.04
"""Seconds for one text; what looks only once takes a thousandth."""


def look_with_patterns() -> None:
    """Each pattern over each text: its name is printed before, so that the last one is to blame; and if it is slow."""
    for name, (pattern, asked) in patterns().items():
        print(name, flush=True)
        for text in TEXTS:
            began = time.process_time()
            if "fullmatch" in asked:
                pattern.fullmatch(text)
            if "match" in asked:
                pattern.match(text)
            if asked - {"match", "fullmatch"}:
                pattern.sub("", text)
            if time.process_time() - began > SLOW:
                print(f"slow: {name} over {text[:12]!r}", flush=True)


def main(what: str) -> None:
    """Do as told, or be ended by the system."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if what == PATTERNS:
        look_with_patterns()
    else:
        for name, text in YAML.items():
            print(name, flush=True)
            look_at_yaml(text)


if __name__ == "__main__":
    main(sys.argv[1])
