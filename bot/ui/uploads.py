"""Files that members attach: checked by what Discord says of them, then read from Discord alone."""

import discord

from bot.domain.errors import InvalidRequest, UserError
from bot.ui import copy
from bot.ui.unbroken import NO_CONNECTION, unbroken

UPLOAD_BYTES_MAX = 8 * 1024 * 1024


def check_size(*files: discord.Attachment | None) -> None:
    """Raise `InvalidRequest` for a file that is too big to be read."""
    for file in files:
        if file is not None:
            check_bytes(file.size)


def check_bytes(size_bytes: int) -> None:
    """Raise `InvalidRequest` for more bytes than are read."""
    if size_bytes > UPLOAD_BYTES_MAX:
        raise InvalidRequest(copy.upload_too_big(size_bytes, bytes_max=UPLOAD_BYTES_MAX))


async def read(file: discord.Attachment) -> bytes:
    """Return a file's bytes, unverified; raise `UserError` when Discord does not hand it over.

    discord.py reads the address that Discord put into the interaction, never one that was typed.
    """
    try:
        return await unbroken(file.read())
    except (discord.HTTPException, *NO_CONNECTION) as error:
        raise UserError(copy.UPLOAD_NOT_READ) from error
