"""DAFileList and DAFileCollection: several files, and one document in several formats."""

from __future__ import annotations

from typing import Any

from appliance.interview.looking import looking
from appliance.library.files import DAFile
from appliance.library.lists import DAList
from appliance.library.objects import DAObject

__all__ = ["DAFileCollection", "DAFileList"]


class DAFileList(DAList):
    """A list of files: what a person uploaded. Where one file is meant, the methods are those of the first."""

    object_type = DAFile

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes what a DAList takes; its items are DAFiles, which are complete when they are made."""
        kwargs.setdefault("complete_attribute", "initialized")
        super().init(*pargs, **kwargs)

    def _first(self) -> Any:
        self._trigger_gather()
        if not self.elements:
            raise IndexError(f"{self.instanceName} has no file.")
        return self.elements[0]

    # -- all of them -------------------------------------------------------------------------------------

    def show(self, width: str | None = None, wait: bool = True, alt_text: str | None = None) -> str:
        """The markup that shows the files, one after the other."""
        return " ".join(file.show(width=width, alt_text=alt_text) for file in self._values())

    def __str__(self) -> str:
        if looking():
            return super().__str__()
        return self.show()

    def num_pages(self) -> int:
        """The number of pages of all files together."""
        return sum(file.num_pages() for file in self._values())

    def set_attributes(self, **kwargs: Any) -> None:
        """As that of each DAFile; a `filename` is for the first."""
        for file in self._values():
            file.set_attributes(**kwargs)
            kwargs.pop("filename", None)

    def user_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """As that of a DAFile."""
        return []

    def privilege_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """As that of a DAFile."""
        return []

    def commit(self) -> None:
        """As that of a DAFile."""

    def retrieve(self) -> None:
        """Make sure that all files are there."""
        for file in self._values():
            file.retrieve()

    # -- the first -----------------------------------------------------------------------------------------

    def path(self) -> str:
        """The path of the first file."""
        return str(self._first().path())

    def slurp(self, auto_decode: bool = True) -> Any:
        """The content of the first file."""
        return self._first().slurp(auto_decode=auto_decode)

    def readlines(self) -> list[str]:
        """The lines of the first file."""
        return list(self._first().readlines())

    def size_in_bytes(self) -> int:
        """How large the first file is."""
        return int(self._first().size_in_bytes())

    def url_for(self, **kwargs: Any) -> str:
        """The address of the first file."""
        return str(self._first().url_for(**kwargs))

    def page_path(self, page: int, prefix: str = "page", wait: bool = True) -> str:
        """The path of a picture of a page of the first file."""
        return str(self._first().page_path(page, prefix=prefix))

    def extract_pages(self, first: int | None = None, last: int | None = None, output_to: Any = None) -> Any:
        """A new PDF file with pages of the first file."""
        return self._first().extract_pages(first=first, last=last, output_to=output_to)

    def convert_to(self, output_extension: str, output_to: Any = None) -> Any:
        """Change the first file, a picture, into another format."""
        return self._first().convert_to(output_extension, output_to=output_to)

    def make_ocr_pdf(self, *pargs: Any, **kwargs: Any) -> None:
        """Make one PDF of all files, whose text can be searched; the list then holds that alone."""
        first = self._first()
        first.make_ocr_pdf(*pargs, **({"dafilelist": list(self.elements)} | kwargs))
        self.elements = [first]

    def make_ocr_pdf_in_background(self, *pargs: Any, **kwargs: Any) -> Any:
        """The same in the background; returns the task."""
        first = self._first()
        task = first.make_ocr_pdf_in_background(*pargs, **({"dafilelist": list(self.elements)} | kwargs))
        self.elements = [first]
        return task

    def get_pdf_fields(self) -> Any:
        """The fields of the first file, a PDF form."""
        return self._first().get_pdf_fields()

    def is_encrypted(self) -> bool:
        """Whether the first file is a PDF with a password."""
        return bool(self._first().is_encrypted())

    def set_mimetype(self, mimetype: str) -> None:
        """Say what the first file's content is."""
        self._first().set_mimetype(mimetype)

    def set_alt_text(self, alt_text: str | None) -> None:
        """Say what the pictures show, for those who do not see them."""
        for file in self._values():
            file.set_alt_text(alt_text)

    def get_alt_text(self) -> str | None:
        """What the first picture shows."""
        text: str | None = self._first().get_alt_text()
        return text

    @property
    def filename(self) -> str:
        """The name of the first file."""
        return str(self._first().filename)

    @property
    def mimetype(self) -> str:
        """The MIME type of the first file."""
        return str(self._first().mimetype)

    @property
    def extension(self) -> str:
        """The extension of the first file."""
        return str(self._first().extension)


class DAFileCollection(DAObject):
    """A document in several formats: ``letter.pdf``, ``letter.docx`` … each a DAFile.

    ``info`` says what it is: its ``name``, ``filename`` and ``description``, and the ``formats`` there are.
    """

    info: dict[str, Any]

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes ``info=`` and the files, by their extensions."""
        super().init(*pargs, **{"info": {}, **kwargs})

    def extension_list(self) -> list[str]:
        """The formats there are: those that ``info`` names first, in its order."""
        there = [key for key, value in self.__dict__.items() if isinstance(value, DAFile)]
        named = [str(one) for one in self.info.get("formats", ()) if str(one) in there]
        return [*named, *(one for one in there if one not in named)]

    def _files(self) -> list[Any]:
        return [self.__dict__[extension] for extension in self.extension_list()]

    def _first(self) -> Any:
        files = self._files()
        if not files:
            raise IndexError(f"{self.instanceName} has no file.")
        return files[0]

    def path(self) -> str:
        """The path of the first format, which is the PDF where there is one and ``info`` does not say otherwise."""
        return str(self._first().path())

    def slurp(self, auto_decode: bool = True) -> Any:
        """The content of the first format."""
        return self._first().slurp(auto_decode=auto_decode)

    def url_for(self, **kwargs: Any) -> str:
        """The address of the first format."""
        return str(self._first().url_for(**kwargs))

    def num_pages(self) -> int:
        """The number of pages of the first format."""
        return int(self._first().num_pages())

    def size_in_bytes(self) -> int:
        """How large the first format is."""
        return int(self._first().size_in_bytes())

    def show(self, **kwargs: Any) -> str:
        """The markup that shows the document in all its formats."""
        return " ".join(file.show(**kwargs) for file in self._files())

    def set_attributes(self, **kwargs: Any) -> None:
        """As that of each DAFile; ``filename`` keeps each one's extension."""
        name = str(kwargs.pop("filename", "")).rpartition(".")
        stem = name[0] or name[2]
        for file in self._files():
            file.set_attributes(**({**kwargs, "filename": f"{stem}.{file.extension}"} if stem else kwargs))

    def user_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """As that of a DAFile."""
        return []

    def privilege_access(self, *pargs: Any, **kwargs: Any) -> list[Any]:
        """As that of a DAFile."""
        return []

    def __str__(self) -> str:
        return self.show()
