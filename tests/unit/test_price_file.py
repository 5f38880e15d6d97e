from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import settings
from bot.domain.credits import Microcredits, credits_of
from bot.domain.errors import ConfigurationError
from bot.domain.price_file import PRICES_MAX, read_price_list
from bot.domain.pricing import USUAL, Price, PriceList
from bot.domain.requests import Form
from bot.price_setup import price_list, prices_in_words

SHIPPED = Path(__file__).parents[2] / "docs" / "prices.toml"


def read(text):
    return read_price_list(text, name="prices.toml", providers=["horde", "aime"])


def faults(text):
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return caught.value.faults


def test_what_is_left_out_costs_what_it_usually_does():
    assert read("") == PriceList()
    assert read("[[price]]\n").prices == (USUAL,)


def test_the_file_that_is_shipped_has_the_usual_prices():
    assert read(SHIPPED.read_text("utf-8")).prices == (USUAL,)


def test_everything_can_be_said():
    text = """
        [[price]]
        provider = "horde"
        model = "*SDXL*"
        picture = 0.5
        megapixel_step = 0.000001
        hires_fix = 1.25
        post_processor = 2
        text_tokens = 3
        form = { caption = 1, upscale = 2.5 }
        least = 0
        round_up = 0.01
        estimate = 0.1

        [[price]]
        form = 4
    """

    assert read(text).prices == (
        Price(
            provider="horde",
            model="*SDXL*",
            picture=Microcredits(500_000),
            megapixel_step=Microcredits(1),
            hires_fix=Fraction(5, 4),
            post_processor=credits_of(2),
            text_tokens=credits_of(3),
            forms={Form.CAPTION: credits_of(1), Form.UPSCALE: Microcredits(2_500_000)},
            least=Microcredits(0),
            round_up=Microcredits(10_000),
            estimate=Microcredits(100_000),
        ),
        Price(form=credits_of(4)),
    )


def test_every_fault_is_told_with_its_line_and_reason():
    text = '[[price]]\nprovider = "hord"\npicture = -1\nsize = 2\n\n[[price]]\nleast = nan\n'

    assert [fault[:40] for fault in faults(text)] == [
        "prices.toml, line 2: provider fits none ",
        "prices.toml, line 3: picture takes a num",
        "prices.toml, line 4: size is not known; ",
        "prices.toml, line 7: least takes a numbe",
    ]


@pytest.mark.parametrize(
    "text,fault",
    [
        ("[[price]\n", "line 1: Expected ']]' at the end of an array declaration."),
        ("[[price]]\n\npicture =\n", "line 3: Invalid value."),
        ("[[price]]\nmodel = 'x", "line 2: Expected"),
        ("[price]\npicture = 1\n", "line 1: price stands in two brackets: [[price]]."),
        ("\nprices = 1\n", "line 2: prices is not known here: write [[price]] above the prices."),
        ("[[price]]\nround_up = 0\n", "line 2: round_up has to be more than 0."),
        ("[[price]]\nestimate = 0\n", "line 2: estimate has to be more than 0."),
        ("[[price]]\npicture = true\n", "line 2: picture takes a number from 0 to 1,000,000."),
        ("[[price]]\npicture = inf\n", "line 2: picture takes a number from 0 to 1,000,000."),
        ("[[price]]\npicture = 1e400\n", "line 2: picture takes a number"),
        ("[[price]]\npicture = 0.1234567\n", "line 2: picture takes at most 6 decimals."),
        ("[[price]]\nhires_fix = 0.5\n", "line 2: hires_fix takes a number from 1 to 10."),
        ('[[price]]\nform = "1"\n', "line 2: form takes a number"),
        ("[[price]]\nform = { dance = 1 }\n", "line 2: form has no 'dance'; there is caption,"),
        ("[[price]]\nform.tags = -1\n", "line 2: form takes a number"),
        ("[[price]]\nmodel = 3\n", "line 2: model takes a name or a glob in quotes"),
        ('[[price]]\nmodel = ""\n', "line 2: model takes a name or a glob in quotes"),
        ("[[price]]\n" * (PRICES_MAX + 1), "[[price]] may stand there 200 times at most."),
    ],
)
def test_what_cannot_be_a_price_is_refused_with_what_to_do(text, fault):
    (told,) = faults(text)

    assert told.startswith("prices.toml, line ")
    assert fault in told


@given(st.text(max_size=200) | st.text(alphabet='[]pricemodl="*\n 0.1{},', max_size=120))
def test_no_text_whatsoever_breaks_the_reader(text):
    told = []
    try:
        read(text)
    except ConfigurationError as error:
        told = error.faults

    assert all(fault.startswith("prices.toml, line ") for fault in told)


# ---------------------------------------------------------------- the file that the settings name


def with_file(tmp_path, content: bytes):
    (tmp_path / "prices.toml").write_bytes(content)
    return settings.load({"EASEL_HOME": str(tmp_path), "EASEL_PRICES": "prices.toml"})


def test_without_a_file_prices_are_the_usual_ones():
    assert price_list(settings.load({})) == PriceList()
    assert "the usual ones" in prices_in_words(settings.load({}))


def test_a_file_is_read_from_where_the_settings_say(tmp_path):
    loaded = with_file(tmp_path, b'[[price]]\nprovider = "horde"\npicture = 2\n')

    assert price_list(loaded).prices == (Price(provider="horde", picture=credits_of(2)),)
    assert "with 1 entry." in prices_in_words(loaded)


@pytest.mark.parametrize(
    "content,sentence",
    [
        (b"\xff", "cannot be read"),
        (b"#" * 300_000, "more than 262144 characters"),
        (b"[[price]]\npicture = -1\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_sentences(tmp_path, content, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        price_list(with_file(tmp_path, content))


def test_a_file_that_is_not_there_is_told(tmp_path):
    loaded = settings.load({"EASEL_HOME": str(tmp_path), "EASEL_PRICES": "none.toml"})

    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        price_list(loaded)
