"""Docassemble packages made for a test, as folders that ``appliance install`` takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["make_package"]


def make_package(folder: Path, name: str, questions: Mapping[str, str],
                 modules: Mapping[str, str] | None = None) -> Path:
    """Write the package ``docassemble.NAME`` the way docassemble's own packages are laid out.

    :param questions: file name in ``data/questions`` to text.
    :param modules: file name beside it to Python code.
    :return: the folder to install.
    """
    root = folder / f"docassemble-{name}"
    package = root / "docassemble" / name
    (package / "data" / "questions").mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '1.0.0'\n", encoding="utf-8")
    (root / "setup.py").write_text(
        "from setuptools import setup\n"
        f"setup(name='docassemble.{name}', version='1.0.0', packages=['docassemble.{name}'],\n"
        "      package_data={'': ['data/*/*']}, zip_safe=False)\n", encoding="utf-8")
    for file, text in questions.items():
        (package / "data" / "questions" / file).write_text(text, encoding="utf-8")
    for file, text in (modules or {}).items():
        (package / file).write_text(text, encoding="utf-8")
    return root
