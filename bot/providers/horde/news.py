"""What a webhook claims, whatever kind of request it is about."""

from typing import assert_never

from bot.providers.base import CallbackNews, Item
from bot.providers.horde import answers
from bot.providers.horde.alchemy import answers as alchemy
from bot.providers.horde.kinds import ALCHEMY, PICTURES, TEXT, marked
from bot.providers.horde.texts import answers as texts
from bot.providers.horde.wire import (
    NAME,
    Announced,
    AnnouncedForm,
    AnnouncedText,
    AnyAnnounced,
    parse_announcement,
)


def read_news(body: bytes) -> CallbackNews | None:
    """Read a webhook's body; None for what is none, or says nothing."""
    announced = parse_announcement(body)
    if announced is None or (found := _found(announced)) is None:
        return None
    kind, item = found
    return CallbackNews(provider=NAME, remote_id=announced.request, item=item, extras=marked(kind))


def _found(announced: AnyAnnounced) -> tuple[str, Item] | None:
    match announced:
        case AnnouncedText():
            return TEXT, texts.to_item(announced)
        case AnnouncedForm():
            item = alchemy.to_item(announced)
            return None if item is None else (ALCHEMY, item)
        case Announced():
            return PICTURES, answers.to_item(announced)
        case _:
            assert_never(announced)
