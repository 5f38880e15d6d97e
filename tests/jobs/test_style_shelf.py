"""Styles in memory: read page by page, searched by words, looked up by name."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.errors import Transient
from bot.domain.styles import Style
from bot.jobs.style_shelf import LISTED_MAX, PAGES_MAX, SHOWN_AT_ONCE, StyleShelf

OIL = Style(name="a::style::oil", title="oil", about="thick paint", tags=("paint",), uses=5)
NIGHT = replace(OIL, name="b::style::night", title="night", about="", is_adult=True, uses=9)


class Gallery:
    """A provider with pages of styles, and one that is on none."""

    title = "Gallery"

    def __init__(self, *pages: tuple[Style, ...]) -> None:
        self.pages = pages
        self.asked: list[int] = []
        self.hidden: dict[str, Style] = {}
        self.is_away = False

    async def styles(self, *, page: int) -> tuple[Style, ...]:
        self.asked.append(page)
        if self.is_away:
            raise Transient("away", provider="gallery")
        return self.pages[page - 1] if page <= len(self.pages) else ()

    async def style(self, name: str) -> Style | None:
        if self.is_away:
            raise Transient("away", provider="gallery")
        return self.hidden.get(name)


def shelf(gallery: Gallery) -> StyleShelf:
    providers: dict[str, Any] = {"gallery": gallery}
    return StyleShelf(providers, clock=None)  # type: ignore[arg-type] -- nothing waits here


async def test_one_page_is_read_at_a_time_until_there_is_none():
    gallery = Gallery((OIL,), (NIGHT,))
    styles = shelf(gallery)

    more = [await styles.refresh() for _ in range(4)]

    assert more == [True, True, False, True]
    assert gallery.asked == [1, 2, 3, 1]


async def test_no_more_than_so_many_pages_are_read():
    gallery = Gallery(*[(OIL,)] * (PAGES_MAX + 5))
    styles = shelf(gallery)

    more = [await styles.refresh() for _ in range(PAGES_MAX)]

    assert more == [True] * (PAGES_MAX - 1) + [False]


async def test_the_most_used_come_first_and_those_for_adults_only_where_they_may():
    styles = shelf(Gallery((OIL, NIGHT)))
    await styles.refresh()

    everywhere = [one.style.title for one in styles.found("", may_be_adult=False)]
    for_adults = [one.style.title for one in styles.found("", may_be_adult=True)]

    assert (everywhere, for_adults) == (["oil"], ["night", "oil"])


@pytest.mark.parametrize("typed, count", [("OIL", 1), ("thick", 1), ("paint oil", 1), ("water", 0)])
async def test_words_are_looked_for_everywhere(typed, count):
    styles = shelf(Gallery((OIL,)))
    await styles.refresh()

    assert len(styles.found(typed, may_be_adult=True)) == count


async def test_pages_to_read_are_small_and_a_number_past_the_end_means_the_last():
    many = tuple(replace(OIL, name=f"n{n}", title=f"n{n}") for n in range(SHOWN_AT_ONCE + 2))
    styles = shelf(Gallery(many))
    await styles.refresh()

    first = styles.leaf("", number=1, may_be_adult=True)
    last = styles.leaf("", number=99, may_be_adult=True)

    assert (len(first.listed), first.count, first.total) == (SHOWN_AT_ONCE, 2, SHOWN_AT_ONCE + 2)
    assert (len(last.listed), last.number) == (2, 2)


async def test_nothing_is_one_empty_page():
    leaf = shelf(Gallery()).leaf("", number=1, may_be_adult=True)

    assert (leaf.listed, leaf.number, leaf.count) == ((), 1, 1)


async def test_a_style_that_no_page_lists_is_found_by_its_name_from_then_on():
    gallery = Gallery()
    gallery.hidden["secret"] = replace(OIL, title="secret")
    styles = shelf(gallery)

    found, missing = await styles.look_up("secret"), await styles.look_up("other")

    assert (found, missing) == (True, False)
    assert len(styles.found("secret", may_be_adult=True)) == 1


async def test_a_provider_that_is_away_takes_nothing_from_what_is_known():
    gallery = Gallery((OIL,))
    styles = shelf(gallery)
    await styles.refresh()
    gallery.is_away = True

    assert await styles.refresh() is False
    assert await styles.look_up("secret") is False
    assert len(styles.found("", may_be_adult=True)) == 1


async def test_there_is_an_end_to_what_is_kept():
    many = tuple(replace(OIL, name=f"n{n}") for n in range(LISTED_MAX + 10))
    styles = shelf(Gallery(many))
    await styles.refresh()

    assert len(styles.found("", may_be_adult=True)) == LISTED_MAX
