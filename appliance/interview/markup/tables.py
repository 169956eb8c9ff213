"""Tables written in Markdown look like the interview's other tables and scroll by themselves on narrow screens."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from appliance.interview.markup.base import Part

__all__ = ["TableStyle"]


class TableProcessor(Treeprocessor):
    def __init__(self, md: Markdown, style: TableStyle) -> None:
        super().__init__(md)
        self.style = style

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for position, child in enumerate(parent):
                if child.tag == "table":
                    parent[position] = self.scrolling(child)

    def scrolling(self, table: Element) -> Element:
        if "class" not in table.attrib:
            table.set("class", self.style.css_class)
        around = Element("div", {"class": "table-responsive"})
        around.tail, table.tail = table.tail, None
        around.append(table)
        return around


class TableStyle(Part):
    """`css_class` is set before each conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.css_class = ""

    def register(self, md: Markdown) -> None:
        md.treeprocessors.register(TableProcessor(md, self), "da_tables", -5)
