"""Text on a picture, in the font that comes with Pillow."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

from PIL import ImageDraw, ImageFont, features

Rgb = tuple[int, int, int]
ELLIPSIS = " ... "
OUTLINE_PX = 2


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font; without FreeType it has one size, small but legible."""
    return ImageFont.load_default(size if features.check("freetype2") else None)


def write_text(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    colour: Rgb,
    *,
    outline: Rgb | None = None,
) -> None:
    """Write one line with its upper left corner at `at`; an outline keeps it legible over a picture."""
    stroke = OUTLINE_PX if outline else 0
    # Text is placed by the corner of its outline.
    draw.text(at, text, colour, _font(size), stroke_width=stroke, stroke_fill=outline)


def text_width(text: str, size: int) -> int:
    """Return the width of a line in pixels."""
    return round(_font(size).getlength(text))


def shortened(text: str, size: int, width: int) -> str:
    """Return one printable line of at most `width` pixels.

    The middle goes first: of a path it tells least.
    """
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    if isinstance(_font(size), ImageFont.ImageFont):  # it refuses what is not in Latin-1
        printable = printable.encode("latin-1", "replace").decode("latin-1")
    if len(printable) <= 2 or text_width(printable, size) <= width:
        return printable
    ends = [
        printable[: kept - kept // 2] + ELLIPSIS + printable[len(printable) - kept // 2 :]
        for kept in range(2, len(printable))
    ]
    fitting = bisect_right(ends, width, key=lambda end: text_width(end, size))
    return ends[max(fitting - 1, 0)]
