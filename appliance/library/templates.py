"""The objects that ``template`` blocks make variables of: texts with a subject and a content."""

from __future__ import annotations

from typing import Any

from appliance.interview.host import current
from appliance.library.objects import DAObject

__all__ = ["DALazyTemplate", "DATemplate"]


class DATemplate(DAObject):
    """A text with a subject. ``content``, ``subject`` and ``decoration`` are plain text with Markdown in it."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes ``content=``, ``subject=`` and ``decoration=``, empty unless given."""
        super().init(*pargs, **{"content": "", "subject": "", "decoration": "", **kwargs})

    def show(self, **kwargs: Any) -> str:
        """The content, as Markdown; the same as the text of the object itself."""
        return str(self.content)

    def show_as_markdown(self, **kwargs: Any) -> str:
        """The content, as Markdown."""
        return str(self.content)

    def __str__(self) -> str:
        return str(self.content)


class DALazyTemplate(DATemplate):
    """The text of a ``template`` block. It is filled in whenever it is used, so it always says what is true now.

    Holds nothing but its name: the running evaluation knows the block and renders its parts.
    """

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes attributes besides its texts, which are the block's."""
        DAObject.init(self, *pargs, **kwargs)

    @property
    def content(self) -> str:
        """The text.

        :raises MissingName: for what it mentions that is not defined.
        """
        return current().render_template(self.instanceName, "content")

    @property
    def subject(self) -> str:
        """The heading."""
        return current().render_template(self.instanceName, "subject").strip()

    @property
    def decoration(self) -> str:
        """The picture."""
        return current().render_template(self.instanceName, "decoration").strip()
