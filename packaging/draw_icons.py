"""The appliance's icon in the forms that systems want, drawn from the one mark that the pages have: favicon.svg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from PIL import Image, ImageDraw

__all__ = ["MARK", "SIZES", "drawn", "write_icns", "write_ico", "write_pngs"]

MARK = Path(__file__).resolve().parent.parent / "appliance" / "ui" / "static" / "favicon.svg"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)

_LARGE = 1024
"""About so large it is drawn, and then made smaller: smooth edges."""

_SVG = "{http://www.w3.org/2000/svg}"
_STEP = re.compile(r"([MLHVmlhvZz])([^MLHVmlhvZz]*)")
_NUMBER = re.compile(r"-?\d*\.?\d+")
Point = tuple[float, float]


def drawn(size: int) -> Image.Image:
    """The mark, `size` pixels wide and high."""
    root = ET.parse(MARK).getroot()   # noqa: S314 - our own file
    side = size * max(2, min(8, _LARGE // size))
    scale = side / float(root.attrib["viewBox"].split()[2])
    image = Image.new("RGBA", (side, side))
    pencil = ImageDraw.Draw(image)
    for shape in root:
        if shape.tag == f"{_SVG}rect":
            width, height, radius = (float(shape.attrib[name]) * scale for name in ("width", "height", "rx"))
            pencil.rounded_rectangle((0, 0, width - 1, height - 1), radius, fill=shape.attrib["fill"])
        elif shape.tag == f"{_SVG}path":
            _draw_path(pencil, shape.attrib, scale)
        else:
            raise ValueError(f"The mark has a shape that is not drawn yet: {shape.tag}")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _draw_path(pencil: ImageDraw.ImageDraw, attributes: dict[str, str], scale: float) -> None:
    for line in _lines(attributes["d"]):
        points = [(x * scale, y * scale) for x, y in line]
        if "stroke" not in attributes:
            pencil.polygon(points, fill=attributes["fill"])
            continue
        width = float(attributes["stroke-width"]) * scale
        pencil.line(points, fill=attributes["stroke"], width=round(width))
        for x, y in (points[0], points[-1]):   # its ends are round
            pencil.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=attributes["stroke"])


def _lines(path: str) -> Iterator[list[Point]]:
    """The straight lines of a path; it has no others."""
    line: list[Point] = []
    x = y = 0.0
    for step, text in _STEP.findall(path):
        numbers = [float(number) for number in _NUMBER.findall(text)]
        left, top = (x, y) if step.islower() else (0.0, 0.0)
        match step.lower():
            case "m":
                if line:
                    yield line
                x, y = left + numbers[0], top + numbers[1]
                line = [(x, y)]
            case "l":
                for across, down in zip(numbers[::2], numbers[1::2], strict=True):
                    x, y = left + across, top + down
                    left, top = (x, y) if step.islower() else (0.0, 0.0)
                    line.append((x, y))
            case "h":
                x = left + numbers[0]
                line.append((x, y))
            case "v":
                y = top + numbers[0]
                line.append((x, y))
    if line:
        yield line


def write_pngs(theme: Path) -> None:
    """Into a folder of an icon theme, as freedesktop.org's specification lays it out: ``48x48/apps/NAME.png``."""
    for size in SIZES:
        folder = theme / f"{size}x{size}" / "apps"
        folder.mkdir(parents=True)
        drawn(size).save(folder / "interview-appliance.png", optimize=True)
    scalable = theme / "scalable" / "apps"
    scalable.mkdir(parents=True)
    (scalable / "interview-appliance.svg").write_bytes(MARK.read_bytes())


def write_ico(file: Path) -> None:
    """For Windows."""
    drawn(256).save(file, sizes=[(size, size) for size in (16, 24, 32, 48, 64, 128, 256)],
                    append_images=[drawn(size) for size in (16, 24, 32, 48, 64, 128)])


def write_icns(file: Path) -> None:
    """For macOS."""
    drawn(1024).save(file, append_images=[drawn(size) for size in (32, 64, 128, 256, 512)])
