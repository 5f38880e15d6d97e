"""Distributions as a picture: one panel for each row that has samples, drawn with Pillow."""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.bench.rows import Row, quantile
from bot.bench.table import figure

PANEL_PX, MARGIN_PX, COLUMNS = (460, 250), 44, 3
INK, FAINT, LINE, FLOOR = (30, 34, 42), (214, 218, 226), (37, 99, 235), (220, 38, 38)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FONT_PX = 13
POINTS = 200
PLAIN = str.maketrans({"→": "to", "×": "x"})  # what Pillow's own font has no picture of


def plot(rows: Sequence[Row], path: Path) -> None:
    """Write a PNG: which share of the samples lies below what; the red line is the floor's p50."""
    drawn = [row for row in rows if row.samples]
    lines = math.ceil(len(drawn) / COLUMNS)
    size = (COLUMNS * PANEL_PX[0], max(1, lines) * PANEL_PX[1])
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(FONT_PX)
    for number, row in enumerate(drawn):
        line, column = divmod(number, COLUMNS)
        _Panel(pen, font, left=column * PANEL_PX[0], top=line * PANEL_PX[1], row=row).draw()
    picture.save(path, "PNG")


class _Panel:
    """One cumulative curve; the axis is logarithmic, from just below what there is to just above."""

    def __init__(
        self,
        pen: ImageDraw.ImageDraw,
        font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
        *,
        left: int,
        top: int,
        row: Row,
    ) -> None:
        self._pen = pen
        self._font = font
        self._left, self._right = left + MARGIN_PX, left + PANEL_PX[0] - MARGIN_PX // 2
        self._top, self._bottom = top + MARGIN_PX, top + PANEL_PX[1] - MARGIN_PX
        self._row = row
        self._floor = row.floor.get("p50")
        positive = [max(sample, 1e-3) for sample in row.samples]
        ends = [*positive, self._floor or positive[0]]
        self._low, self._high = math.log10(min(ends)) - 0.1, math.log10(max(ends)) + 0.1

    def draw(self) -> None:
        """Draw title, axes, floor and curve."""
        row = self._row
        self._text(self._left, self._top - 22, f"{row.name} ({row.unit})")
        for share in SHARES:
            y = self._y(share)
            self._pen.line((self._left, y, self._right, y), fill=FAINT)
            self._text(self._left - 36, y - 8, f"{share:.0%}")
        for value in self._marks():
            x = self._x(value)
            self._pen.line((x, self._top, x, self._bottom), fill=FAINT)
            self._text(x - 10, self._bottom + 6, figure(value))
        if self._floor:
            x = self._x(self._floor)
            self._pen.line((x, self._top, x, self._bottom), fill=FLOOR, width=2)
        points = [
            (self._x(quantile(row.samples, n / POINTS)), self._y(n / POINTS))
            for n in range(1, POINTS + 1)
        ]
        self._pen.line(points, fill=LINE, width=2)

    def _marks(self) -> list[float]:
        """Return round values on the axis: powers of ten, or a few more where there are none."""
        powers = range(math.floor(self._low), math.ceil(self._high) + 1)
        marks = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        inside = [mark for mark in marks if self._low <= math.log10(mark) <= self._high]
        tens = [mark for mark in inside if math.log10(mark).is_integer()]
        return tens if len(tens) > 1 else inside

    def _x(self, value: float) -> float:
        share = (math.log10(max(value, 1e-3)) - self._low) / (self._high - self._low)
        return self._left + share * (self._right - self._left)

    def _y(self, share: float) -> float:
        return self._bottom - share * (self._bottom - self._top)

    def _text(self, x: float, y: float, text: str) -> None:
        self._pen.text((x, y), text.translate(PLAIN), fill=INK, font=self._font)
