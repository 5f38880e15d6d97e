"""What Discord and the network answer instead of a message, and what to do about it.

Their exceptions end here and become `CardLost`, `CardDelayed` or `FilesTooLarge`. Codes are those
of Discord's page "Opcodes and Status Codes".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import discord

from bot.domain.errors import BotError, CardDelayed, CardLost, FilesRefused
from bot.ui import copy
from bot.ui.editor import FilesTooLarge
from bot.ui.strange_answers import StrangeAnswer
from bot.ui.unbroken import NO_CONNECTION

TOKEN_DEAD = frozenset({10015, 10062, 50027})
LOST = {
    10003: copy.CHANNEL_GONE,
    10004: copy.CHANNEL_GONE,
    10008: copy.CARD_GONE,
    50001: copy.CHANNEL_CLOSED,
    50083: copy.CHANNEL_CLOSED,
}
NOT_PERMITTED = 50013  # the message is our own, so only its files need a permission more
TOO_LARGE = 40005
ARCHIVED = 50083  # a thread that is closed, or locked as well
TOO_MANY_OLD_EDITS = 30046  # of messages that are older than an hour
OLD_EDIT_PAUSE_S, LIMIT_PAUSE_S, RETRY_PAUSE_S = 60.0, 60.0, 0.0  # 0: the editor knows


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a caller can act on in the place of what discord.py and aiohttp raise."""
    try:
        yield
    except discord.HTTPException as error:
        raise meaning(error) from error
    except discord.RateLimited as error:
        raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=error.retry_after) from error
    except StrangeAnswer as error:
        raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=error.retry_after_s) from error
    except NO_CONNECTION as error:
        raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=RETRY_PAUSE_S) from error


def meaning(error: discord.HTTPException) -> BotError:
    """Return the error that says what to do about a refusal.

    A body that Discord calls invalid is our mistake and would be refused again, so the card is
    lost: better one job closed with its credits returned than the same request for ever.
    """
    if error.code == TOO_LARGE or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return FilesTooLarge(copy.CARD_TOO_BIG)
    if error.code == NOT_PERMITTED:
        return FilesRefused(copy.FILES_NOT_ALLOWED)
    if error.code == TOO_MANY_OLD_EDITS:
        return CardDelayed(copy.DISCORD_AWAY, retry_after_s=OLD_EDIT_PAUSE_S)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CardDelayed(copy.DISCORD_AWAY, retry_after_s=RETRY_PAUSE_S)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS or _is_from_the_gate(error):
        return CardDelayed(copy.DISCORD_AWAY, retry_after_s=LIMIT_PAUSE_S)
    return CardLost(LOST.get(error.code, copy.CARD_REFUSED))


def _is_from_the_gate(error: discord.HTTPException) -> bool:
    """Tell a block in front of Discord, which says nothing of the message, by its missing code."""
    return error.code == 0 and error.status != HTTPStatus.BAD_REQUEST
