"""Files that people send: a picker, what it kept from before, and the DAFileList that comes of it."""

from __future__ import annotations

import json
import mimetypes
import re
from typing import Any, ClassVar

from markupsafe import Markup

from appliance.interview.datatypes import library
from appliance.interview.datatypes.controls import attributes, described, ident
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.registry import Datatype, datatype, find, last
from appliance.interview.errors import FieldProblem
from appliance.interview.files import FileInfo, Upload, guess_mimetype
from appliance.interview.host import Host, current
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["File", "about_name", "is_file", "kept_files", "kept_name", "kept_numbers", "size_in_words"]

_KEPT = "_kept_"
_NUMBER = re.compile(r"\d{1,15}")
_KINDS = {"image/*": "pictures", "video/*": "films", "audio/*": "sound recordings"}
_PLAIN = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+*-]+|\.[a-z0-9]+")


def is_file(field: ShownField) -> bool:
    """Whether the field takes files."""
    return field.variable is not None and isinstance(find(field), File)


def kept_name(field: ShownField) -> str:
    """Under which a form posts the numbers of files that came before and are to stay."""
    return f"{_KEPT}{field.html_name}"


def kept_numbers(posted: Posted) -> set[int]:
    """All numbers of files in a form."""
    return {int(text) for name, texts in posted.items() if name.startswith(_KEPT)
            for text in texts if _NUMBER.fullmatch(text)}


def about_name(field: ShownField) -> str:
    """Under which a draft holds what is to be shown of them, as JSON."""
    return f"_about_{field.html_name}"


def size_in_words(size: int) -> str:
    """A size as people read it.

    >>> size_in_words(900), size_in_words(1_700_000)
    ('900 bytes', '1.6 MB')
    """
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    number, unit = (size / 1024, "KB") if size < 1024 * 1024 else (size / 1024 / 1024, "MB")
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"


def kept_files(host: Host, value: Any) -> list[dict[str, Any]]:
    """What the picker shows of a value that is there already: its files that still exist, as plain data."""
    found = []
    for one in getattr(value, "elements", None) or [value]:
        number = getattr(one, "__dict__", {}).get("number")
        info = host.file(number) if isinstance(number, int) else None
        if info is not None:
            found.append(as_data(info))
    return found


def as_data(info: FileInfo) -> dict[str, Any]:
    return {"number": info.number, "filename": info.filename, "size": info.size}


@datatype("file")
class File(Datatype):
    """One file. The value is a DAFileList all the same, or None where it may be left out and was."""

    several: ClassVar[bool] = False
    accept: ClassVar[str] = ""
    capture: ClassVar[str | None] = None

    # -- the control ---------------------------------------------------------------------------------------

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        kept = self._kept_for_control(field, draft)
        css_class = str(field.extras.get("file css class") or "")
        plain = css_class == "None"
        limit = field.extras.get("max bytes")
        picker = Markup("<input" + attributes({  # noqa: S704 - attributes() escapes every value
            "type": "file", "class": self._css(field, "" if plain else css_class, error, plain), "id": ident(field),
            "name": field.html_name, "multiple": self.several,
            "accept": str(field.extras.get("accept") or "") or self.accept or None, "capture": self.capture,
            "data-da-max-bytes": limit, "data-da-kept": kept_name(field), **described(field, error),
        }) + ">")
        listed = self._listed(field, kept)
        again = self._again(field, draft, kept)
        if plain:
            return Markup('<div class="da-files">{}{}{}</div>').format(listed, picker, again)
        words = "Choose files" if self.several else "Choose a file"
        return Markup(
            '<div class="da-files file-input" data-da-files>{}'
            '<div class="da-file-drop"><div class="btn btn-primary btn-file">'
            '<i class="fa-solid fa-folder-open" aria-hidden="true"></i> <span class="hidden-xs">{}</span>{}</div>'
            '<span class="da-file-hint" aria-hidden="true">{}</span></div>'
            '<ul class="da-files-chosen" aria-live="polite"></ul>{}</div>'
        ).format(listed, words, picker, "or drop them here" if self.several else "or drop it here", again)

    @staticmethod
    def _css(field: ShownField, css_class: str, error: str | None, plain: bool) -> str:
        return " ".join(filter(None, ["form-control" if plain else "dafile", css_class, field.css_class,
                                      "is-invalid" if error else ""]))

    @staticmethod
    def _kept_for_control(field: ShownField, draft: Posted | None) -> list[dict[str, Any]]:
        if draft is None:
            return list(field.default or ())
        try:
            about = json.loads(last(draft, about_name(field)) or "[]")
            return [{"number": int(one["number"]), "filename": str(one["filename"]), "size": int(one["size"])}
                    for one in about]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):   # a browser may have sent anything
            return []

    def _listed(self, field: ShownField, kept: list[dict[str, Any]]) -> Markup:
        """The files that are there already, each with a box that says that it stays."""
        if not kept:
            return Markup("")
        items = Markup("").join(Markup(
            '<li><label class="da-file-kept form-check"><input class="form-check-input" type="checkbox" checked '
            'name="{}" value="{}" data-da-filename="{}"> <span class="da-file-words">'
            '<span class="da-file-name">{}</span> <span class="da-file-size">{}</span></span></label></li>'
        ).format(kept_name(field), one["number"], one["filename"], one["filename"], size_in_words(one["size"]))
            for one in kept)
        several = self.several or len(kept) > 1
        words = "Already sent (uncheck what is not to stay)" if several else "Already sent"
        return Markup('<div class="da-files-kept" role="group" aria-label="{}"><span class="form-text">{}</span>'
                      '<ul class="list-unstyled">{}</ul></div>').format(words, words, items)

    @staticmethod
    def _again(field: ShownField, draft: Posted | None, kept: list[dict[str, Any]]) -> Markup:
        """Words for a file that did not arrive with the draft: a page cannot choose it for the person."""
        names = [] if draft is None or kept else [name for name in draft.get(field.html_name, ()) if name]
        if not names:
            return Markup("")
        return Markup('<p class="da-file-again">{}</p>').format(
            f"Please choose {', '.join(names)} again: it was not saved.")

    # -- what was posted -----------------------------------------------------------------------------------

    def read(self, field: ShownField, posted: Posted) -> Any:
        """A DAFileList of the files that ``interview.uploads`` put under :func:`kept_name`."""
        infos = self.infos(field, posted)
        if not infos:
            if field.required:
                raise problem(field, "file required", "required")
            return None
        assert field.variable is not None
        return library.file_list(field.variable, infos)

    def infos(self, field: ShownField, posted: Posted) -> list[FileInfo]:
        """The files of this session that are named as kept."""
        numbers = dict.fromkeys(int(text) for text in posted.get(kept_name(field), ()) if _NUMBER.fullmatch(text))
        if not numbers:
            return []
        host = current().host
        found = [info for number in numbers if (info := host.file(number)) is not None]
        return found if self.several else found[-1:]

    def text(self, field: ShownField, posted: Posted) -> str:
        """The name of the file."""
        names = [name for name in posted.get(field.html_name, ()) if name]
        if not names and posted.get(kept_name(field)):
            names = [info.filename for info in self.infos(field, posted)]
        return names[-1] if names else ""

    def check(self, field: ShownField, upload: Upload) -> None:
        """:raises FieldProblem: if the file is of a type that the author does not accept."""
        wanted = [token.strip().lower() for token in str(field.extras.get("accept") or "").split(",")]
        wanted = [token for token in wanted if _PLAIN.fullmatch(token)]
        types = {upload.mimetype.lower(), guess_mimetype(upload.filename)}
        name = upload.filename.lower()
        if not wanted or any(
            name.endswith(token) if token.startswith(".") else any(_matches(one, token) for one in types)
            for token in wanted
        ):
            return
        raise self._not_accepted(field, wanted)

    @staticmethod
    def _not_accepted(field: ShownField, wanted: list[str]) -> FieldProblem:
        endings = [token if token.startswith(".") else _KINDS.get(token) or mimetypes.guess_extension(token) or token
                   for token in wanted]
        return problem(field, "accept", value=", ".join(dict.fromkeys(endings)))


def _matches(mimetype: str, wanted: str) -> bool:
    return wanted in (mimetype, "*/*") or (wanted.endswith("/*") and mimetype.startswith(wanted[:-1]))


@datatype("files")
class Files(File):
    """Any number of files."""

    several = True


@datatype("camera", "environment")
class Camera(File):
    """A picture, which a phone takes with the camera at its back."""

    accept, capture = "image/*", "environment"


@datatype("user")
class Selfie(File):
    """A picture, which a phone takes with the camera at its front."""

    accept, capture = "image/*", "user"


@datatype("camcorder")
class Camcorder(File):
    """A film, which a phone takes with its camera."""

    accept, capture = "video/*", "environment"


@datatype("microphone")
class Microphone(File):
    """A recording of sound."""

    accept, capture = "audio/*", "user"
