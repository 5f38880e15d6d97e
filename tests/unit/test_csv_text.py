import csv
import io
from decimal import Decimal

import pytest

from bot.domain.csv_text import to_csv


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd()", "\uff1d1", "\u00a0=1"],
)
def test_what_a_spreadsheet_would_run_becomes_text(cell):
    assert read(to_csv(["a"], [[cell]]))[1] == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["a cat", "", "1=1", "a\nb", 'say "hi"', "a,b;c"])
def test_ordinary_words_come_back_as_they_are(cell):
    assert read(to_csv(["a", "b"], [[cell, "x"]]))[1] == [cell, "x"]


def test_figures_stay_figures_and_nothing_is_an_empty_cell():
    assert read(to_csv(["a", "b"], [[-3, None]])) == [["a", "b"], ["-3", ""]]
    assert read(to_csv(["a", "b"], [[Decimal("-5.50"), Decimal(100)]]))[1] == ["-5.5", "100"]


def test_a_spreadsheet_knows_the_alphabet():
    data = to_csv(["a"], [["Zoë"]])

    assert data.startswith("\ufeff".encode())
    assert read(data)[1] == ["Zoë"]
