"""``attachment`` and ``attachments``: documents made of Markdown, in a block of their own or under a question."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.errors import InterviewError
from appliance.interview.files import Document
from appliance.interview.names import canonical, is_name
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.interview import Interview
    from appliance.interview.screen import Screen

__all__ = ["ATTACHMENT_KEYS", "FORMATS", "LATER_ATTACHMENT_KEYS", "Attachment", "AttachmentBlock",
           "read_attachment_options", "read_attachments"]

FORMATS = ("pdf", "docx", "rtf", "html", "md")
"""What Markdown can become."""

_USUAL_FORMATS = ("pdf", "docx")
_OTHER_NAMES = {"rtf to docx": "docx", "markdown": "md"}

ATTACHMENT_KEYS = keys(
    ("name", "text", "the document's title"),
    ("filename", "text", "the name of the file, without extension"),
    ("description", "text", "what the document is for"),
    ("content", "text", "the document's text"),
    ("content file", "any", "files of data/templates that hold the text"),
    ("variable name", "name", "the variable that holds the document"),
    ("valid formats", "any", "pdf, docx, rtf, html, md"),
    ("language", "text", "the language of the document"),
    ("metadata", "mapping", "how the pages look"),
    ("raw", "flag", "the text becomes the file as it is"),
    ("manual", "mapping", "files that were made elsewhere, by format"),
    ("manual code", "python", "an expression that gives such files"),
    ("usedefs", "any", "Mako functions of 'def' blocks"),
    ("skip undefined", "any", "for templates: leave out what is not defined"),
    ("update references", "any", "for DOCX files: let the word processor update references"),
    ("pdf/a", "any", "for archives"),
    ("tagged pdf", "any", "for screen readers"),
    ("persistent", "any", "whether the file outlives the session"),
    ("private", "any", "whether only the person may open the file"),
    ("redact", "any", "whether redacted words are hidden"),
    ("template file", "any", "a LaTeX template"),
    ("rtf template file", "any", "an RTF template"),
    ("docx reference file", "any", "a DOCX file with styles"),
    ("initial yaml", "any", "files of metadata"),
    ("additional yaml", "any", "files of metadata"),
    ("password", "text", "a password for the PDF file"),
    ("owner password", "text", "a password for changing the PDF file"),
    ("template password", "text", "the password of a template"),
    ("pdf template file", "any", "a PDF form to fill in"),
    ("docx template file", "any", "a DOCX file to fill in"),
    ("fields", "any", "the fields of the template"),
    ("field code", "any", "the fields of the template"),
    ("field variables", "any", "the fields of the template"),
    ("raw field variables", "any", "the fields of the template"),
    ("code", "python", "the fields of the template"),
    ("editable", "any", "whether a filled-in PDF form can be changed"),
    ("decimal places", "any", "of numbers in a template"),
    ("checkbox export value", "any", "of a PDF form"),
    ("image files", "any", "pictures of a template"),
    ("hyperlink style", "text", "the style of links in a DOCX template"),
    ("valid types", "any", "kinds of templates"),
    ("file", "any", "the file to write"),
)

LATER_ATTACHMENT_KEYS = ("pdf template file", "docx template file", "password", "owner password", "redact")
"""Keys that the assembly of documents does not know yet."""

_NUMBER = re.compile(r"[0-9]{1,15}")   # what a person typed may be longer, and is no file's then
_PICTURES = re.compile(r"\[FILE +([^\],]+)|!\[[^\]]*\]\(([^)\s]+)")


class _Values:
    """The ``metadata``: texts filled in, other values as they are."""

    def __init__(self, source: BlockSource, data: YamlMap) -> None:
        self.found = {key: self._read(source, key, value, data) for key, value in data.items()}

    @staticmethod
    def _read(source: BlockSource, key: str, value: Any, data: YamlMap) -> Any:
        line = data.text_line(key)
        if isinstance(value, str):
            return source.text_of(value, line)
        if isinstance(value, list):
            return [source.text_of(one, line) for one in value]
        return value

    def filled(self, evaluation: Evaluation) -> dict[str, Any]:
        def fill(value: Any) -> Any:
            if isinstance(value, TextTemplate):
                return value.render(evaluation.answers)
            return [fill(one) for one in value] if isinstance(value, list) else value

        return {key: fill(value) for key, value in self.found.items()}


class Attachment:
    """One document as written.

    :param data: its keys.
    :raises BadInterview: where they make no document.
    """

    def __init__(self, source: BlockSource, data: YamlMap, interview: Interview) -> None:
        self.file, self.line, self.interview = source.file, data.line, interview
        inside = BlockSource(data, source.file)
        inside.check_keys(ATTACHMENT_KEYS, "an attachment")
        self.later = next((key for key in LATER_ATTACHMENT_KEYS if data.get(key) not in (None, False)), None)
        self.name = inside.template("name")
        self.filename = inside.template("filename")
        self.description = inside.template("description")
        self.language = inside.template("language")
        self.content: list[TextTemplate] = []
        self.content_code: Expression | None = None
        self.raw = data.get("raw") is True
        self.extension = ""
        self.manual: dict[str, Expression] = {}
        self.manual_code = inside.expression("manual code")
        self.variable = inside.name("variable name") if "variable name" in inside else None
        self.metadata: _Values | None = None
        self._read_formats(inside)
        if isinstance(data.get("metadata"), YamlMap):
            self.metadata = _Values(inside, data["metadata"])
        if self.later is None:
            self._read_content(inside, interview)

    def _read_formats(self, inside: BlockSource) -> None:
        value = inside.data.get("valid formats", inside.data.get("valid_formats"))
        self.formats: tuple[str, ...] | None = None
        self.formats_code: Expression | None = None
        if isinstance(value, YamlMap):
            self.formats_code = inside.expression("code", value)
        elif value is not None:
            self.formats = tuple(str(one).strip() for one in (value if isinstance(value, list) else [value]))

    def _read_content(self, inside: BlockSource, interview: Interview) -> None:
        manual = inside.data.get("manual")
        if isinstance(manual, YamlMap):
            for extension in manual:
                expression = inside.expression(extension, manual)
                if expression is not None:
                    self.manual[extension.strip().lower()] = expression
        content = inside.template("content")
        if content is not None:
            self.content = [content]
        value = inside.data.get("content file")
        if isinstance(value, YamlMap):
            self.content_code = inside.expression("code", value)
        elif value is not None:
            names = inside.texts("content file")
            self.content = [interview.template_file(name, inside.file) for name in names]
            self.extension = PurePosixPath(names[0]).suffix.removeprefix(".").lower() if names else ""
        if not (self.content or self.content_code or self.manual or self.manual_code):
            raise inside.error("an attachment needs 'content'", next(iter(inside.data), None))

    # -- making ------------------------------------------------------------------------------------------

    def made(self, evaluation: Evaluation, variable: str, kept: dict[str, Any]) -> Any:
        """The document as a DAFileCollection called `variable`; the one before, if nothing has changed since.

        :param kept: what this attachment remembers of its last document; changed here.
        :raises NameError: for whatever it mentions and is not defined.
        """
        self.refuse_later()
        about = self._about(evaluation)
        if self.manual or self.manual_code:
            return self._from_files(evaluation, variable, about)
        document, (formats, previewed) = self._document(evaluation, about), self._wanted(evaluation)
        digest = _digest(document, about, formats)
        if kept.get("digest") == digest and all(evaluation.host.file(n) is not None for n in kept.get("files", ())):
            return kept["collection"]
        for number in kept.get("files", ()) if self.variable is None else ():   # author code may hold the others
            evaluation.host.delete_file(number)
        info = {**about, "formats": list(formats), "markdown": "" if self.raw else document.markdown,
                "previewed": previewed}
        collection = evaluation.interview.namespace["DAFileCollection"](variable, info=info)
        for extension in formats:
            self._add(evaluation, collection, document, extension)
        numbers = [getattr(collection, extension).number for extension in formats]
        kept.update(digest=digest, files=numbers, collection=collection)
        return collection

    def add_format(self, evaluation: Evaluation, collection: Any, extension: str) -> None:
        """Give a document a further format, because author code asks for ``letter.rtf``."""
        self.refuse_later()
        self._add(evaluation, collection, self._document(evaluation, self._about(evaluation)), extension)

    def refuse_later(self) -> None:
        """:raises InterviewError: where the attachment needs what is not there yet."""
        if self.later is not None:
            raise InterviewError(
                f"This interview uses {self.later!r} for a document, which is not there yet in this version.",
                file=self.file, line=self.line)

    def _about(self, evaluation: Evaluation) -> dict[str, str]:
        answers = evaluation.answers
        name = self.name.render(answers).strip() if self.name is not None else "Document"
        filename = self.filename.render(answers).strip() if self.filename is not None else ""
        if not filename:
            plain = re.sub(r"\W+", "_", name).strip("_").lower()
            filename = canonical(self.variable) if self.variable and is_name(self.variable) else plain or "document"
        filename = re.sub(r"[/\\]", "_", filename)   # a date, say; it names no folder
        description = self.description.render(answers).strip() if self.description is not None else ""
        return {"name": name, "filename": filename, "description": description}

    def _wanted(self, evaluation: Evaluation) -> tuple[tuple[str, ...], bool]:
        """The formats to make, and whether the person sees how the text looks: not where the author names formats
        without ``html``; then they see how it is written.
        """
        if self.raw:
            return (self.extension or "txt",), False
        asked: Any = self.formats
        if self.formats_code is not None:
            asked = self.formats_code.value(evaluation.answers)
            asked = [asked] if isinstance(asked, str) else asked
        if not asked or "*" in asked:
            return _USUAL_FORMATS, True
        names = [_OTHER_NAMES.get(str(one).strip().lower(), str(one).strip().lower()) for one in asked]
        unknown = [one for one in names if one not in FORMATS]
        found = tuple(dict.fromkeys(one for one in names if one in FORMATS))
        if unknown and not found:
            raise InterviewError(f"Documents are made as {', '.join(FORMATS)}, not as {unknown[0]!r}.",
                                 file=self.file, line=self.line)
        return found, "html" in found

    def _text(self, evaluation: Evaluation) -> str:
        texts = [text.render(evaluation.answers) for text in self.content]
        if self.content_code is not None:
            given = self.content_code.value(evaluation.answers)
            for one in given if isinstance(given, list) else [given]:
                if isinstance(one, str):
                    texts.append(self.interview.template_file(one, self.file).render(evaluation.answers))
                else:
                    texts.append(TextTemplate(str(one.slurp()), self.file, self.line).render(evaluation.answers))
        return "\n".join(texts)

    def _document(self, evaluation: Evaluation, about: dict[str, str]) -> Document:
        metadata: dict[str, Any] = {}
        for values in (*self.interview.attachment_metadata, self.metadata):
            if values is not None:
                metadata.update(values.filled(evaluation))
        language = evaluation.language
        if self.language is not None:
            language = self.language.render(evaluation.answers).strip()
        text = self._text(evaluation)
        return Document(about["name"], about["filename"], text, self.file.partition(":")[0], language, metadata,
                        {"files": self._pictures(evaluation, text)})

    def _pictures(self, evaluation: Evaluation, text: str) -> dict[str, str]:
        """Where the pictures lie that a text shows, by what the text calls them."""
        found: dict[str, str] = {}
        static_file = evaluation.interview.namespace.get("DAStaticFile")
        for reference in (one.strip() for match in _PICTURES.findall(text) for one in match if one):
            if _NUMBER.fullmatch(reference):
                if evaluation.host.file(int(reference)) is not None:
                    found[reference] = str(evaluation.host.file_path(int(reference)))
            elif static_file is not None and "//" not in reference:
                try:
                    found[reference] = str(static_file(filename=reference).path())
                except FileNotFoundError:
                    evaluation.host.log(f"the picture {reference} of a document is not there")
        return found

    def _add(self, evaluation: Evaluation, collection: Any, document: Document, extension: str) -> None:
        """Make the file of a format and hang it on the collection."""
        host = evaluation.host
        try:
            content = document.markdown.encode() if self.raw else host.make_document(document, extension)
        except InterviewError as error:
            if error.file is None:
                error.file, error.line = self.file, self.line
            raise
        info = host.new_file(f"{document.filename}.{extension}")
        host.file_path(info.number).write_bytes(content)
        made = evaluation.interview.namespace["DAFile"](f"{collection.instanceName}.{extension}", number=info.number)
        setattr(collection, extension, made)

    def _from_files(self, evaluation: Evaluation, variable: str, about: dict[str, str]) -> Any:
        """A document of files that author code made."""
        files = {extension: code.value(evaluation.answers) for extension, code in self.manual.items()}
        if self.manual_code is not None:
            files.update(self.manual_code.value(evaluation.answers))
        files = {extension: _single(file, extension) for extension, file in files.items()}
        wrong = [one for one, file in files.items() if not isinstance(file, evaluation.interview.namespace["DAFile"])]
        if wrong:
            raise InterviewError(f"'manual' gives something for {wrong[0]!r} that is no DAFile.",
                                 file=self.file, line=self.line)
        info = {**about, "formats": list(files), "markdown": ""}
        collection = evaluation.interview.namespace["DAFileCollection"](variable, info=info)
        for extension, file in files.items():
            setattr(collection, extension, file)
        return collection


def _single(file: Any, extension: str) -> Any:
    """The file itself, where author code gave a document or a list of files in its place."""
    if hasattr(file, "extension_list"):
        return getattr(file, extension)
    return file[0] if isinstance(getattr(file, "elements", None), list) else file


def _digest(document: Document, about: dict[str, str], formats: tuple[str, ...]) -> str:
    """Another one for each document that would look otherwise."""
    shape = json.dumps([document.name, document.filename, document.markdown, document.language, document.metadata,
                        about, formats], default=str, sort_keys=True)
    digest = hashlib.sha256(shape.encode())
    for name, path in sorted(document.options["files"].items()):
        digest.update(name.encode() + Path(path).read_bytes())
    return digest.hexdigest()


class AttachmentBlock(Block):
    """``attachment`` without a question: defines the variables that hold its documents, when they are sought.

    ``letter.rtf`` is made when it is first asked for, where the author said nothing of formats.
    """

    kind = "attachment"
    own_keys = keys(("attachment", "any", "a document to make"), ("attachments", "any", "documents to make"))

    def __init__(self, source: BlockSource, number: int, interview: Interview) -> None:
        super().__init__(source, number)
        self.attachments = read_attachments(source, interview)
        offers: list[str] = []
        for attachment in self.attachments:
            if attachment.variable is None:
                raise source.error("an attachment without a question needs a 'variable name'",
                                   "attachment" if "attachment" in source else "attachments")
            offers.append(attachment.variable)
            if attachment.formats is None and attachment.formats_code is None and not attachment.raw:
                offers.extend(f"{attachment.variable}.{one}" for one in FORMATS if one not in _USUAL_FORMATS)
        self.set_offers(offers)

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        evaluation.prepare(self)
        for attachment in self.attachments:
            assert attachment.variable is not None
            variable = evaluation.resolve(attachment.variable)
            holder, _, extension = (name or "").rpartition(".")
            if holder == variable and extension in FORMATS:
                attachment.add_format(evaluation, evaluation.value(variable), extension)
            elif name in (None, variable) and not evaluation.is_defined(variable):
                evaluation.ensure_parent(variable)
                evaluation.assign(variable, attachment.made(evaluation, variable, {}))
        return None


def read_attachments(source: BlockSource, interview: Interview) -> list[Attachment]:
    """The documents of a block's ``attachment`` or ``attachments``."""
    found: list[Attachment] = []
    for key in ("attachment", "attachments"):
        for item in source.items(key):
            if isinstance(item, YamlMap):
                found.append(Attachment(source, item, interview))
            elif isinstance(item, str):
                content = YamlMap()
                content.line = source.data.line_of(key)
                content.put("content", item, content.line, source.data.text_line(key))
                found.append(Attachment(source, content, interview))
            else:
                raise source.error(f"{key!r} must be a document, or a list of documents", key)
    return found


def read_attachment_options(source: BlockSource, interview: Interview) -> None:
    """``attachment options``: the metadata of all documents."""
    value = source.data["attachment options"]
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, YamlMap):
            raise source.error("'attachment options' must be 'key: value' lines", "attachment options")
        BlockSource(item, source.file).check_keys(ATTACHMENT_KEYS, "'attachment options'")
        if isinstance(item.get("metadata"), YamlMap):
            interview.attachment_metadata.append(_Values(source, item["metadata"]))
