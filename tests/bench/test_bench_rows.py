"""Figures, rows, and how they are written."""

import json
import math
from dataclasses import replace

import pytest
from PIL import Image

from bot.bench.machine import describe
from bot.bench.plot import plot
from bot.bench.rows import Row, quantile, spread
from bot.bench.soak import Sample, slope
from bot.bench.table import as_json, figure, table

ROW = Row(
    name="first answer",
    unit="ms",
    values={"p50": 30.0, "max": 90.0},
    floor={"p50": 10.0},
    aim="p50 ≤ 50 ms",
    is_met=True,
    note="warm",
    samples=(10.0, 30.0, 90.0),
)


@pytest.mark.parametrize(("share", "found"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_quantile_is_a_sample_that_was_there(share, found):
    assert quantile(range(1, 101), share) == found


def test_a_quantile_of_nothing_is_not_a_number():
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(spread([], 50)["max"])


def test_a_spread_names_its_percentiles_and_the_largest():
    assert spread([1.0, 2.0, 3.0, 4.0], 50, 95) == {"p50": 2.0, "p95": 4.0, "max": 4.0}


def test_a_ratio_takes_the_first_figure_that_both_have():
    assert ROW.ratio == 3.0
    assert Row(name="a", unit="", values={"p50": 1.0}).ratio is None
    assert Row(name="a", unit="", values={"p50": 1.0}, floor={"p50": 0.0}).ratio is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (7.0, "7"), (math.nan, "–")],
)
def test_a_figure_is_as_short_as_it_can_be_told_apart(value, text):
    assert figure(value) == text


def test_the_table_has_a_line_for_each_row_and_one_for_its_note():
    lines = table(
        [ROW, Row(name="bare", unit="s", values={"mean": 1.0}, is_met=False)]
    ).splitlines()

    assert lines[0].split() == ["measure", "measured", "floor", "×", "floor", "aim", "met"]
    assert "first answer (ms)" in lines[2]
    assert lines[2].endswith("yes")
    assert lines[3].strip() == "warm"
    assert lines[4].endswith("NO")


def test_json_holds_everything_and_no_nan():
    empty = Row(name="nothing", unit="ms", values=spread([], 50))

    read = json.loads(as_json({"python": "CPython"}, [ROW, empty], {"took_s": 1.5}))

    assert read["machine"] == {"python": "CPython"}
    assert read["took_s"] == 1.5
    assert read["rows"][0]["ratio"] == 3.0
    assert read["rows"][0]["samples"] == [10.0, 30.0, 90.0]
    assert read["rows"][1]["values"] == {"p50": None, "max": None}


def test_long_notes_are_broken_into_lines():
    drawn = table([replace(ROW, note="step by step, " * 30)])

    notes = [line for line in drawn.splitlines() if line.startswith("    step")]
    assert len(notes) > 1
    assert max(map(len, notes)) <= 160


def test_a_plot_is_a_picture_with_a_panel_for_each_row_that_has_samples(tmp_path):
    plot([ROW] * 4, tmp_path / "plot.png")

    with Image.open(tmp_path / "plot.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (3 * 460, 34 + 2 * 250)
        assert len(picture.getcolors(1 << 20)) > 10


def test_the_machine_is_described_in_words(tmp_path):
    described = describe(tmp_path)

    assert set(described) == {"processor", "memory", "system", "python", "sqlite", "disk", "load"}
    assert all(described.values())
    assert list(tmp_path.iterdir()) == []


def test_a_slope_is_that_of_the_straight_line():
    samples = [Sample(at_s=float(n), resident_bytes=1000 + 7 * n) for n in range(20)]

    assert slope(samples) == pytest.approx(7.0)
    assert slope(samples[:1]) == 0.0
