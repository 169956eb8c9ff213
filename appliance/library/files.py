"""DAFile: a file of the session, under a name and a number."""

from __future__ import annotations

import mimetypes
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

# Authors write `imports: PIL` and use PIL.Image, which docassemble has loaded by then.
import PIL.Image  # noqa: F401

from appliance.interview import pictures
from appliance.interview.files import FileInfo, guess_mimetype
from appliance.interview.host import current
from appliance.interview.markup.media import file_url
from appliance.library import pdf_files
from appliance.library.file_contents import FileContents
from appliance.library.page_images import page_image

__all__ = ["DAFile"]

_PATIENCE = 30.0   # seconds
_EXTENSIONS = {"image/jpeg": "jpg", "text/plain": "txt", "text/markdown": "md", "image/tiff": "tif",
               "audio/mpeg": "mp3"}
"""Where Python knows several for a type and the everyday one is not the first."""

_RESOLUTIONS = {"page": 300, "screen": 72}
"""Dots per inch of a page's picture, by the names that docassemble has for them."""

_ABOUT = ("filename", "extension", "mimetype")


class DAFile(FileContents):
    """A file of this session. Its content is sealed on the disk; :meth:`path` gives a real file while code runs.

    An object holds only what it is called and its `number`. What author code writes to the path is kept when the turn
    or task ends. Where a file is needed that has not been made yet, ``initialized`` is sought: give the code block that
    makes it ``sets: the_file.initialized``.
    """

    number: int
    ok: bool
    initialized: bool

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes the attributes to start with; `number` of a file that is there, or `content` to make one at once."""
        number, content = kwargs.pop("number", None), kwargs.pop("content", None)
        object.__setattr__(self, "ok", False)
        super().init(*pargs, **{key: value for key, value in kwargs.items() if value is not None})
        if number is not None:
            self._adopt(int(number))
        elif content is not None:
            self.initialize(content=content)

    @classmethod
    def known(cls, info: FileInfo) -> Self:
        """The file that `info` tells of, without looking whether it is still there."""
        file = cls()
        file._know(info)
        return file

    def _adopt(self, number: int) -> None:
        """Be the file of this number."""
        info = current().host.file(number)
        if info is None:
            raise ValueError(f"This session has no file with the number {number}.")
        self._know(info)

    def _know(self, info: FileInfo) -> None:
        known = {"number": info.number, "filename": info.filename, "mimetype": info.mimetype,
                 "extension": info.extension, "ok": True, "initialized": True}
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in (*_ABOUT, "number") and self.__dict__.get("ok") is False:
            name = "initialized"   # sought: some block makes the file
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "filename" and self.__dict__.get("ok"):
            if str(value) != self.filename:
                self._rename(str(value), self.mimetype)
        else:
            super().__setattr__(name, value)

    def _wanted(self, more: dict[str, Any] | None = None) -> dict[str, Any]:
        """What was said about a file that is not made yet."""
        said = {} if self.ok else {key: self.__dict__.get(key) for key in _ABOUT}
        return {key: value for key, value in {**said, **(more or {})}.items() if key in _ABOUT and value}

    def _rename(self, filename: str, mimetype: str) -> None:
        self._know(current().host.rename_file(self.number, filename, mimetype))

    # -- making and writing --------------------------------------------------------------------------------

    def initialize(self, **kwargs: Any) -> None:
        """Make the file, or, where it is made already, give it another name.

        :param filename: what it is called; ``file`` with the `extension` unless given.
        :param extension: ``txt`` unless the file name or the type says another.
        :param mimetype: made from the extension unless given.
        :param content: a text or bytes to write.
        :param reinitialize: True: a new file with a number of its own, whatever there was.
        """
        host = current().host
        if self.ok and host.file(self.number) is None:
            object.__setattr__(self, "ok", False)   # it was deleted; its name stays
        wanted = self._wanted(kwargs)
        filename, mimetype = _name_and_type(wanted)
        if not self.ok or kwargs.get("reinitialize"):
            self._know(host.new_file(filename, mimetype))
        elif wanted:
            self._rename(filename, mimetype)
        if kwargs.get("content") is not None:
            self.write(kwargs["content"])

    def write(self, content: Any, binary: bool = False) -> None:
        """Replace the content.

        :param content: a text, or bytes.
        :param binary: makes no difference: bytes are written as they are, texts as UTF-8.
        """
        data = content if isinstance(content, bytes | bytearray | memoryview) else str(content).encode()
        Path(self.path()).write_bytes(data)

    def copy_into(self, other_file: Any) -> None:
        """Replace the content by that of another file: a file object, a path, or ``PACKAGE:data/static/FILE``.

        A file that was not made yet is made, under the other's name unless it was given one.
        """
        from appliance.library.file_functions import path_and_mimetype

        path, mimetype = path_and_mimetype(other_file)
        if path is None:
            raise ValueError(f"There is no file {other_file} to copy.")
        if not self.ok:
            name = str(getattr(other_file, "filename", None) or Path(path).name)
            self.initialize(**(self._wanted() or {"filename": name, "mimetype": mimetype}))
        if Path(path) != Path(self.path()):
            shutil.copyfile(path, self.path())

    def from_url(self, url: str) -> None:
        """Replace the content by what the network has under an address.

        :raises ValueError: where the address is not one of the web.
        :raises OSError: where the network or the other server does not give it; the words are for the author.
        """
        if not str(url).lower().startswith(("http://", "https://")):
            raise ValueError(f"from_url() takes an address that begins with http:// or https://, and {url!r} does not.")
        request = urllib.request.Request(str(url), headers={"User-Agent": "Mozilla/5.0"})  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - checked above
                if not self.ok:
                    name = Path(urllib.request.url2pathname(answer.url.partition("?")[0])).name
                    self.initialize(filename=name or "file", mimetype=answer.headers.get_content_type())
                with Path(self.path()).open("wb") as file:
                    shutil.copyfileobj(answer, file)
        except urllib.error.URLError as error:
            raise OSError(f"{url} cannot be fetched: {error.reason}. Is there a network?") from error

    def set_mimetype(self, mimetype: str) -> None:
        """Say what the content is; the file's name gets the extension that goes with it."""
        extension = _EXTENSIONS.get(mimetype) or (mimetypes.guess_extension(mimetype) or "").removeprefix(".")
        if not self.ok:
            self.mimetype = mimetype
            if extension:
                self.extension = extension
        else:
            stem = self.filename.rpartition(".")[0] or self.filename
            self._rename(f"{stem}.{extension}" if extension else self.filename, mimetype)

    def set_attributes(self, **kwargs: Any) -> None:
        """Give the file another `filename`. ``private``, ``persistent`` and ``session`` are noted and change nothing.

        A file belongs to its session: whoever may open the session may open it, and it goes with the session.
        """
        if kwargs.get("filename"):
            self.filename = kwargs.pop("filename")
        self._noted = {**self.__dict__.get("_noted", {}), **kwargs}

    def user_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """Accepted for docassemble's sake: a file may be opened by those who may open its session, and nobody else."""
        return []

    def privilege_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """As :meth:`user_access`."""
        return []

    # -- where it is -----------------------------------------------------------------------------------------

    def path(self) -> str:
        """The path of the file, for as long as this code runs: do not keep it, the next turn has another."""
        return str(self._opened())

    def _opened(self) -> Path:
        if not self.ok:
            self.__getattr__("number")   # sought
        try:
            return current().host.file_path(self.number)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self.instanceName}: this file is no longer there.") from error

    def retrieve(self) -> None:
        """Make sure that the file is there; :meth:`path` does so too."""
        self._opened()

    def commit(self) -> None:
        """Nothing to do here: what was written is kept when the turn or task ends."""

    def size_in_bytes(self) -> int:
        """How large the file is."""
        info = current().host.file(self.number)
        return super().size_in_bytes() if info is None else info.size

    def url_for(self, **kwargs: Any) -> str:
        """The address of the file, for the person of this session.

        :param attachment: True: for saving it rather than opening it.
        :param display_filename: the name to save it under.
        :param external: True: with the server. ``temporary`` and ``seconds`` make no difference: the address works for
            as long as the session does, in the browser that may open it.
        """
        host = current().host
        info = host.file(self.number)
        if info is None:
            raise FileNotFoundError(f"{self.instanceName}: this file is no longer there.")
        url = file_url(info, attachment=bool(kwargs.get("attachment")),
                       display_filename=str(kwargs.get("display_filename") or ""))
        return f"{host.url_root}{url}" if kwargs.get("external") or kwargs.get("_external") else url

    def _reference(self) -> object:
        return self.number

    # -- pages and other formats ------------------------------------------------------------------------------

    def page_path(self, page: int, prefix: str = "page", wait: bool = True) -> str:
        """The path of a picture (PNG) of a page of a PDF or picture, made now.

        :param prefix: ``page`` for the size of paper, ``screen`` for a small one.
        :raises NotReadable: where the file has no such page.
        """
        path = self._opened()
        made = path.with_name(f".{prefix}-{int(page)}.png")   # no file of a session begins with a dot
        made.write_bytes(page_image(path, int(page), dpi=_RESOLUTIONS.get(prefix, 300), color=True).png)
        return str(made)

    def make_pngs(self) -> None:
        """Nothing to do here: :meth:`page_path` makes the picture of a page when it is asked for."""

    def make_ocr_pdf(self, *pargs: Any, **kwargs: Any) -> None:
        """Make this file a PDF whose text can be searched, of the pages of other files, or of its own.

        :param pargs: files and lists of files to read; this one if none is given.
        :param kwargs: ``language``, ``psm``, ``preserve_color``, ``dafilelist``, ``filename``; see
            :func:`appliance.library.ocr.make_pdf`.
        :raises DAError: where Tesseract or the language is missing, or a file cannot be read.
        """
        from appliance.library.ocr import make_pdf

        make_pdf(self, pargs, **kwargs)

    def make_ocr_pdf_in_background(self, *pargs: Any, **kwargs: Any) -> Any:
        """The same in the background, many pages at a time.

        :returns: a task; this file has its new content when the task is ready.
        """
        from appliance.library.ocr import make_pdf_in_background

        return make_pdf_in_background(self, pargs, **kwargs)

    def extract_pages(self, first: int | None = None, last: int | None = None, output_to: Any = None) -> Any:
        """A new PDF file with the pages from `first` to `last`, counted from 1.

        :param output_to: the DAFile to write to instead of a new one.
        :raises ValueError: where the file is no PDF, or has no such pages.
        """
        path = self._opened()
        last = int(last) if last is not None else self.num_pages()
        made = _target(output_to, self.filename)
        pdf_files.take_pages(path, int(first or 1), last, Path(made.path()))
        return made

    def convert_to(self, output_extension: str, output_to: Any = None) -> Any:
        """Change a picture into another format, or into a PDF.

        :param output_to: the DAFile to write to instead of this one.
        :raises ValueError: where the file is no picture, or the format is none of pictures.
        """
        extension = str(output_extension).lower().removeprefix(".")
        if extension == self.extension and output_to is None:
            return self
        kind = pictures.format_of(extension)
        if kind is None or not (self.mimetype or "").startswith("image/"):
            raise ValueError(f"convert_to() changes pictures only; it cannot make a .{extension} of {self.filename}.")
        path = self._opened()
        changed = path.with_name(f".changed.{extension}")   # no file of a session begins with a dot
        pictures.convert(path, kind, changed)
        stem = self.filename.rpartition(".")[0] or self.filename
        made = self if output_to is None else output_to
        made.initialize(filename=f"{stem}.{extension}", mimetype=guess_mimetype(f"a.{extension}"))
        shutil.move(changed, made.path())
        return made


def _name_and_type(wanted: dict[str, Any]) -> tuple[str, str]:
    """A file's name and MIME type, of what was said about it."""
    filename, extension = str(wanted.get("filename") or ""), str(wanted.get("extension") or "").removeprefix(".")
    mimetype = str(wanted.get("mimetype") or "")
    if not filename:
        extension = extension or (mimetypes.guess_extension(mimetype) or ".txt").removeprefix(".")
        filename = f"file.{extension}"
    elif extension and "." not in filename:
        filename = f"{filename}.{extension}"
    return filename, mimetype or guess_mimetype(filename)


def _target(output_to: Any, filename: str) -> Any:
    """The file to write a result to."""
    made = DAFile() if output_to is None else output_to
    if not made.ok:
        made.initialize(filename=filename)
    return made
