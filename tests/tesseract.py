"""Finds Tesseract for the tests of text recognition; as a program, installs it where that needs no question.

Tests that need it are skipped where there is none: it is the system's, and the appliance runs without it.
"""

from __future__ import annotations

import shutil
import sys

from tests.chromium import install_with_apt

__all__ = ["find"]


def find() -> str | None:
    """The path of the program; None if there is none."""
    return shutil.which("tesseract")


def main() -> int:
    if find() is None and not (install_with_apt("tesseract-ocr", "tesseract-ocr-eng", "tesseract-ocr-spa")
                               and find() is not None):
        print("There is no Tesseract: tests that read text from images will be skipped.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
