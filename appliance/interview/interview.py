"""An interview: all its blocks, read and checked, and who offers which name."""

from __future__ import annotations

import difflib
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from platform import machine
from typing import Any

from appliance.interview import namespace
from appliance.interview.blocks.attachment import AttachmentBlock
from appliance.interview.blocks.base import COMMON_KEYS, Block, BlockSource
from appliance.interview.blocks.code import CodeBlock
from appliance.interview.blocks.data import DataBlock
from appliance.interview.blocks.later import LATER_KEYS, LaterBlock
from appliance.interview.blocks.objects import ObjectsBlock
from appliance.interview.blocks.question import QUESTION_KEYS, QuestionBlock
from appliance.interview.blocks.response import RESPONSE_KEYS, ResponseBlock
from appliance.interview.blocks.settings import SETTINGS_KEYS, read_settings
from appliance.interview.blocks.template import TemplateBlock
from appliance.interview.errors import BadInterview, UnknownInterview
from appliance.interview.roles import DefaultRoleBlock
from appliance.interview.sources import Sources
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import documents, expand_jinja

__all__ = ["Interview"]

_ALL_KEYS = sorted(
    {*QUESTION_KEYS, *COMMON_KEYS, *SETTINGS_KEYS, *LATER_KEYS, *ResponseBlock.own_keys, *DataBlock.own_keys,
     "code", "objects", "template", "content"}
)
_MAX_INCLUDES = 500


class Interview:
    """The blocks of a file and of those it includes, in the order in which they count.

    :param reference: ``PACKAGE:data/questions/x.yml``.
    :raises BadInterview: with file, line and reason.
    :raises UnknownInterview: if there is no such file.
    """

    def __init__(self, reference: str, sources: Sources) -> None:
        self.reference, self.sources = reference, sources
        self.package = reference.partition(":")[0]
        self.files: dict[str, str] = {}  # reference: version
        self.blocks: list[Block] = []
        self.metadata: dict[str, Any] = {}
        self.features: dict[str, Any] = {}
        self.terms: dict[str, TextTemplate] = {}
        self.auto_terms: dict[str, TextTemplate] = {}
        self.screen_parts: dict[str, TextTemplate | None] = {}
        self.help: list[dict[str, Any]] = []
        self.order: list[str] = []
        self.reset: list[str] = []
        self.defaults: dict[str, str] = {}
        self.default_roles: tuple[str, ...] = ()  # of questions that name none
        self.attachment_metadata: list[Any] = []  # of `attachment options`, later ones count more
        self.later: dict[str, list[Any]] = {}
        self._modules: list[tuple[str, str, str, int, str]] = []
        self._template_files: dict[str, TextTemplate] = {}
        self._named: dict[str, Block] = {}
        self._offered: dict[str, list[Block]] = defaultdict(list)
        self._count = 0
        self._read(reference)
        self._index()
        self.has_generic = any(block.generic is not None for block in self.blocks)

    # -- reading -----------------------------------------------------------------------------------

    def _read(self, reference: str) -> None:
        if reference in self.files:
            return
        if len(self.files) >= _MAX_INCLUDES:
            raise BadInterview(f"more than {_MAX_INCLUDES} files are included", file=reference)
        source = self.sources.read(reference)
        self.files[reference] = source.version
        text = expand_jinja(
            source.text, reference, self._jinja_names(reference), lambda name: self._jinja_include(name, reference)
        )
        for document in documents(text, reference):
            self._add(BlockSource(document.data, reference))

    def _jinja_names(self, reference: str) -> dict[str, Any]:
        from appliance import __version__

        return {
            "__version__": __version__,
            "__architecture__": machine(),
            "__filename__": reference,
            "__current_package__": reference.partition(":")[0],
            "__interview_filename__": self.reference,
            "__interview_package__": self.package,
            "__parent_filename__": reference,
            "__parent_package__": reference.partition(":")[0],
            "__hostname__": "localhost",
            "__debug__": False,
            "__python_version__": sys.version.split()[0],
        }

    def _jinja_include(self, name: str, reference: str) -> str:
        full = self.sources.resolve(name, reference)
        source = self.sources.read(full)
        self.files[full] = source.version
        return source.text

    def template_file(self, name: str, relative_to: str) -> TextTemplate:
        """A text of ``data/templates``, compiled."""
        reference = self.sources.resolve(name, relative_to, "templates")
        if reference not in self._template_files:
            found = self.sources.read(reference)
            self.files[reference] = found.version
            self._template_files[reference] = TextTemplate(found.text, reference, 1)
        return self._template_files[reference]

    def include(self, reference: str, source: BlockSource) -> None:
        """Take in the blocks of another file, here. docassemble's own files are found without their package."""
        full = self.sources.resolve(reference, source.file)
        try:
            self._read(full)
        except UnknownInterview as missing:
            try:
                if ":" in reference:
                    raise
                self._read(f"docassemble.base:data/questions/{reference}")
            except UnknownInterview:
                raise source.error(f"{reference!r} cannot be included: {missing.message}", "include") from missing

    def bring_module(self, name: str, key: str, source: BlockSource) -> None:
        """Remember a module of an ``imports`` or ``modules`` block."""
        self._modules.append((name, key, source.file, source.data.line_of(key), source.file.partition(":")[0]))

    def _add(self, source: BlockSource) -> None:
        block = self._block(source)
        if block is not None:
            self.blocks.append(block)
            self._register(block, source)

    def _register(self, block: Block, source: BlockSource) -> None:
        if block.name in self._named and block.id:
            first = self._named[block.name]
            raise source.error(f"the id {block.id!r} is used twice, first in {first.file}, line {first.line}", "id")
        self._named[block.name] = block

    def _block(self, source: BlockSource) -> Block | None:
        data = source.data
        kinds: list[tuple[str, Callable[[], Block]]] = [
            ("template", lambda: TemplateBlock(source, self._next(), self)),
            ("question", lambda: QuestionBlock(source, self._next(), self)),
            ("attachment", lambda: AttachmentBlock(source, self._next(), self)),
            ("attachments", lambda: AttachmentBlock(source, self._next(), self)),
            ("objects", lambda: ObjectsBlock(source, self._next())),
            ("code", lambda: CodeBlock(source, self._next())),
            *((key, lambda: ResponseBlock(source, self._next())) for key in RESPONSE_KEYS),
        ]
        if "data" in data or "data from code" in data:
            return DataBlock(source, self._next())
        if "variable name" in data or ("table" in data and "question" not in data) or "objects from file" in data:
            return LaterBlock(source, self._next())
        if "default role" in data and "code" in data:
            return DefaultRoleBlock(source, self._next(), self)
        for key, make in kinds:
            if key in data and not (key == "code" and "question" in data):
                return make()
        if read_settings(source, self):
            return None
        if any(key in data for key in LATER_KEYS):
            return LaterBlock(source, self._next())
        if set(data) <= {"comment", "id"}:
            return None
        raise self._unknown(source)

    def _unknown(self, source: BlockSource) -> BadInterview:
        for key in source.data:
            close = difflib.get_close_matches(key.lower(), _ALL_KEYS, 1, 0.7)
            if close and close[0] != key:
                return source.error(
                    f"this block has no {key!r} that an interview could use", key, f"did you mean {close[0]!r}?"
                )
        first = next(iter(source.data), None)
        return source.error(
            "this block is neither a question nor code nor anything else an interview has",
            first,
            "a block needs a key such as 'question', 'code' or 'objects'",
        )

    def _next(self) -> int:
        self._count += 1
        return self._count

    def embedded_block(self, source: BlockSource, parent: Block, index: int) -> Block:
        """The block that stands in place of the value of a choice."""
        data = source.data
        if "question" in data:
            block: Block = QuestionBlock(source, self._next(), self)
        elif "code" in data:
            block = CodeBlock(source, self._next())
        elif "url" in data or "content" in data:
            raise source.error("a choice can hold a question or code, nothing else")
        else:
            raise source.error("a choice can hold a question or code, and this is neither", next(iter(data), None))
        if not block.id:
            block.name = f"{parent.name}|{index}"
        self._named[block.name] = block
        return block

    # -- after reading ------------------------------------------------------------------------------

    @cached_property
    def namespace(self) -> dict[str, Any]:
        """The names that code finds besides the answers; modules are imported when it is first wanted.

        :raises BadInterview: where a module of an ``imports`` or ``modules`` block cannot be imported.
        """
        with_library = not self.metadata.get("suppress loading util", False)
        names = namespace.base_names(with_library)
        for name, key, file, line, package in self._modules:
            module = namespace.import_module(name, package, file, line)
            if key == "modules":
                names.update(namespace.names_of_module(module))
            elif name.startswith("."):
                names[name.lstrip(".").split(".")[-1]] = module
            else:
                names[name.split(".")[0]] = sys.modules[name.split(".")[0]]
        return names

    def _index(self) -> None:
        """Who offers which name: later blocks first, then as ``supersedes`` and ``order`` say."""
        for block in self.blocks:
            for name in block.offers:
                self._offered[name].append(block)
        for name, offering in self._offered.items():
            self._offered[name] = self._by_precedence(list(reversed(offering)))

    def _by_precedence(self, offering: list[Block]) -> list[Block]:
        if self.order:
            rank = {name: n for n, name in enumerate(self.order)}
            offering.sort(key=lambda block: rank.get(block.id, len(rank)))
        result: list[Block] = []
        for block in offering:
            behind = [n for n, other in enumerate(result) if other.id and other.id in block.supersedes]
            result.insert(min(behind, default=len(result)), block)
        return result

    # -- asking ---------------------------------------------------------------------------------------

    def offering(self, name: str) -> list[Block]:
        """The blocks that offer exactly `name`, in the order in which they are tried."""
        return self._offered.get(name, [])

    @cached_property
    def scheduled_events(self) -> frozenset[str]:
        """The events that it offers for a schedule: names that begin with ``cron_``."""
        return frozenset(name for name in self._offered if name.startswith("cron_"))

    def block_named(self, name: str) -> Block | None:
        """The block with this name (``Block.name``), also an embedded one."""
        return self._named.get(name)

    @cached_property
    def runs_actions(self) -> bool:
        """Whether the code of an initial block calls process_action() itself."""
        return any(
            block.initial is not False and isinstance(block, CodeBlock) and "process_action" in block.code.read
            for block in self.blocks
        )

    @property
    def title(self) -> str:
        """The interview's title as plain text, the first where there is one for each language; empty without one."""
        title = self.metadata.get("title")
        if isinstance(title, dict):
            title = next(iter(title.values()), "")
        return str(title or "").strip()
