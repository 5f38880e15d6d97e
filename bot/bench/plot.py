"""Distributions as a picture: one panel for each row that has samples, drawn with Pillow."""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bot.bench.rows import Row, quantile
from bot.bench.table import figure

PANEL_PX, MARGIN_PX, COLUMNS = (460, 250), 52, 3
LEGEND_PX = 34
DECADES_MIN = 1.2  # so that every axis has round figures on it
INK, FAINT, LINE, FLOOR = (30, 34, 42), (214, 218, 226), (37, 99, 235), (220, 38, 38)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FONT_PX = 13
POINTS = 200
LEGEND = (
    (LINE, "share of the samples that lie below"),
    (FLOOR, "the floor's median in the same run"),
    (INK, "all axes are logarithmic"),
)
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
PLAIN = str.maketrans({"→": "to", "×": "x"})  # what Pillow's own font has no picture of


def plot(rows: Sequence[Row], path: Path) -> None:
    """Write a PNG: which share of the samples lies below what; the red line is the floor's p50."""
    drawn = [row for row in rows if row.samples]
    lines = math.ceil(len(drawn) / COLUMNS)
    size = (COLUMNS * PANEL_PX[0], LEGEND_PX + max(1, lines) * PANEL_PX[1])
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(FONT_PX)
    _draw_legend(pen, font)
    for number, row in enumerate(drawn):
        line, column = divmod(number, COLUMNS)
        top = LEGEND_PX + line * PANEL_PX[1]
        _Panel(pen, font, left=column * PANEL_PX[0], top=top, row=row).draw()
    picture.save(path, "PNG")


def _draw_legend(pen: ImageDraw.ImageDraw, font: Font) -> None:
    for number, (colour, words) in enumerate(LEGEND):
        at = (number * PANEL_PX[0] + MARGIN_PX, LEGEND_PX / 2)
        pen.text(at, words, fill=colour, font=font, anchor="lm")


class _Panel:
    """One cumulative curve; the axis is logarithmic, from just below what there is to just above."""

    def __init__(
        self,
        pen: ImageDraw.ImageDraw,
        font: Font,
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
        low, high = math.log10(min(ends)), math.log10(max(ends))
        spare = max(0.1, (DECADES_MIN - (high - low)) / 2)
        self._low, self._high = low - spare, high + spare

    def draw(self) -> None:
        """Draw title, axes, floor and curve."""
        row = self._row
        unit = row.sample_unit or row.unit
        self._text(self._left, self._top - 16, f"{row.name} ({unit})", anchor="lm")
        for share in SHARES:
            y = self._y(share)
            self._pen.line((self._left, y, self._right, y), fill=FAINT)
            self._text(self._left - 6, y, f"{share:.0%}", anchor="rm")
        for value in self._marks():
            x = self._x(value)
            self._pen.line((x, self._top, x, self._bottom), fill=FAINT)
            self._text(x, self._bottom + 6, figure(value), anchor="ma")
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

    def _text(self, x: float, y: float, text: str, *, anchor: str) -> None:
        self._pen.text((x, y), text.translate(PLAIN), fill=INK, font=self._font, anchor=anchor)
