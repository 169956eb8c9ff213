"""Tesseract, the system's program that reads text from images: where it is, what languages it has, running it.

Images go in and texts come out over pipes. What the program itself may put into a temporary file lies in a folder that
the caller names, which is gone with the turn or task.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.core import get_global

from appliance.library.errors import DAError

__all__ = ["LanguageMissing", "OCRFailed", "Tesseract", "TesseractMissing"]

TIME_LIMIT = 300.0
"""Seconds for one page."""

_LOOK_EACH = 1.0   # seconds, because the time limit of a turn cannot interrupt a thread that waits in the system

_WINDOWS_PLACES = (
    r"%ProgramFiles%\Tesseract-OCR\tesseract.exe",
    r"%ProgramFiles(x86)%\Tesseract-OCR\tesseract.exe",
    r"%LocalAppData%\Programs\Tesseract-OCR\tesseract.exe",
    r"%LocalAppData%\Tesseract-OCR\tesseract.exe",
)

_HOW = {
    "win32": "the Tesseract installer for Windows",
    "darwin": "it with 'brew install tesseract'",
}

# Where Tesseract's names are not the codes of ISO 639-2; the first that is installed counts.
_OWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "zh": ("chi_tra", "chi_sim"), "zh_hant": ("chi_tra",), "zh_hans": ("chi_sim",), "zh_tw": ("chi_tra",),
    "zh_cn": ("chi_sim",), "nb": ("nor",), "nn": ("nor",), "tl": ("tgl", "fil"), "fil": ("fil", "tgl"),
    "ku": ("kmr", "kur"), "sr_latn": ("srp_latn",), "uz_cyrl": ("uzb_cyrl",), "az_cyrl": ("aze_cyrl",),
}


class OCRFailed(DAError):
    """The text of a page could not be read."""


class TesseractMissing(OCRFailed):
    """There is no Tesseract on this computer."""


class LanguageMissing(OCRFailed):
    """Tesseract is there without the language that was asked for."""


@dataclass(frozen=True)
class Tesseract:
    """The installed program.

    :param program: its path.
    """

    program: str

    @classmethod
    def find(cls, named: str | None = None) -> Tesseract:
        """The program: `named` by the configuration, else on the PATH, else where its installer puts it.

        :raises TesseractMissing: saying what to install.
        """
        if named:
            path = shutil.which(named)
            if path is None:
                raise TesseractMissing(f"There is no program {named}, which the configuration names as 'tesseract'.")
            return cls(path)
        path = shutil.which("tesseract")
        if path is None and sys.platform == "win32":
            path = next((place for place in map(os.path.expandvars, _WINDOWS_PLACES) if Path(place).is_file()), None)
        if path is None:
            how = _HOW.get(sys.platform, "your system's package of it ('sudo apt-get install tesseract-ocr')")
            raise TesseractMissing("Reading text from images needs the program Tesseract, which is not on this "
                                   f"computer: install {how}.")
        return cls(path)

    def languages(self) -> list[str]:
        """The codes of the languages that are installed.

        :raises OCRFailed: if the program does not run.
        """
        # The list is a text of the program for people, with a heading; codes have no spaces.
        lines = self._run(["--list-langs"], b"", None, 30).decode(errors="replace").splitlines()
        return sorted(line.strip() for line in lines if line.strip() and " " not in line.strip())

    def choose(self, language: str, own: Mapping[str, str] | None = None) -> str:
        """The installed code for a language as authors write it; several are joined with ``+``.

        :param language: a code of ISO 639-1 (``es``) or 639-3 (``spa``), of Tesseract (``chi-sim``, ``chi_sim``), or
            the English name.
        :param own: what the directive ``ocr languages`` says.
        :raises LanguageMissing: naming what is installed.
        """
        installed = self.languages()
        chosen = []
        for each in language.split("+"):
            candidates = _candidates(each.strip(), own or {})
            found = next((code for code in candidates if code in installed), None)
            if found is None:
                there = ", ".join(code for code in installed if code != "osd") or "none"
                raise LanguageMissing(f"Tesseract has no language {each.strip()!r} on this computer; it has: {there}. "
                                      f"Install its language file {candidates[0]}.traineddata.")
            chosen.append(found)
        return "+".join(chosen)

    def read(self, png: bytes, *, language: str, psm: int, dpi: int, folder: Path,
             output: Literal["txt", "pdf"] = "txt") -> bytes:
        """The text on an image in UTF-8, or a PDF page of the image with the text behind it.

        :param language: installed codes, as :meth:`choose` gives them.
        :param psm: the page segmentation mode.
        :param folder: for temporary files of the program.
        :raises OCRFailed: with the program's own words.
        """
        options = ["-l", language, "--psm", str(psm), "--dpi", str(dpi), output]
        return self._run(["stdin", "stdout", *options], png, folder, TIME_LIMIT)

    def _run(self, arguments: Sequence[str], given: bytes, folder: Path | None, limit: float) -> bytes:
        # One thread each: pages are read beside each other, and threads that compete make all of them slower.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        if folder is not None:
            environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
        try:
            process = subprocess.Popen(
                [self.program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=environment, cwd=folder, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))
        except OSError as error:
            raise OCRFailed(f"Tesseract ({self.program}) cannot be started: {error.strerror}.") from error
        with process:
            out, err = _exchange(process, given, limit)
        if process.returncode != 0:
            said = err.decode(errors="replace").strip().splitlines()
            raise OCRFailed(f"Tesseract could not read the page: {said[-1] if said else 'it said nothing'}")
        return out


def _exchange(process: subprocess.Popen[bytes], given: bytes, limit: float) -> tuple[bytes, bytes]:
    """What the program wrote to its two outputs; if this is interrupted, the program ends with it.

    :raises OCRFailed: if it takes longer than `limit` seconds.
    """
    end = time.monotonic() + limit
    first: bytes | None = given
    try:
        while True:
            try:
                return process.communicate(first, timeout=_LOOK_EACH)
            except subprocess.TimeoutExpired:
                first = None   # all of it was taken by the first call
                if time.monotonic() > end:
                    raise OCRFailed(f"Tesseract took longer than {limit:g} seconds for one page.") from None
    except BaseException:
        process.kill()
        raise


def _candidates(language: str, own: Mapping[str, str]) -> list[str]:
    """The codes that Tesseract may have a language under, the best first; never empty."""
    written = language.lower().replace("-", "_")
    code = _codes_by_name().get(language.lower(), written)
    found = [str(own[code]).replace("-", "_")] if code in own else []
    if code != "zh":   # not a code of Tesseract, and no territory decides about it
        found.append(code)
    base = code.partition("_")[0]
    base = get_global("language_aliases").get(base, base)   # 'fre' and 'fra' are both 'fr'
    for each in dict.fromkeys((code, base)):
        found += _OWN_NAMES.get(each, ())
    found += _longer_codes().get(base, ())
    return list(dict.fromkeys(name for name in found if len(name) > 2)) or [written]


@functools.cache
def _longer_codes() -> dict[str, tuple[str, ...]]:
    """From the two letters of ISO 639-1 to the three letters that mean the same, by CLDR."""
    longer: dict[str, tuple[str, ...]] = {}
    for code, short in get_global("language_aliases").items():
        if len(code) == 3 and len(short) == 2:
            longer[short] = (*longer.get(short, ()), code)
    return longer


@functools.cache
def _codes_by_name() -> dict[str, str]:
    """From English names, in small letters, to codes."""
    return {name.lower(): code for code, name in Locale("en").languages.items()}
