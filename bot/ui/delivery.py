"""The edit itself: by the interaction's token while it lives, then as the bot in the channel."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import discord
from discord import ui

from bot.domain.clock import Clock
from bot.domain.errors import CardDelayed, CardLost
from bot.domain.jobs import CardFile, Target
from bot.ui import copy
from bot.ui.discord_refusals import ARCHIVED, LOST, TOKEN_DEAD, translated
from bot.ui.edit_budgets import Place
from bot.ui.files import Upload
from bot.ui.rate_headers import channel_place, token_place
from bot.ui.recent import Recent

log = logging.getLogger(__name__)

TOKEN_LIFE = timedelta(minutes=14)  # Discord says 15; the last minute is left for slow uploads
DEAD_REMEMBERED = 4096

_FIELD = re.compile(r"^In ([\w.]+):", re.MULTILINE)


class Sender:
    """Edit messages that show a job."""

    def __init__(self, bot: discord.Client, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock
        self._dead: Recent[int] = Recent(DEAD_REMEMBERED)  # asking again would feed Discord's ban

    def place(self, target: Target) -> Place:
        """Return where an edit of this message would count now."""
        token = self._living_token(target)
        return channel_place(target.channel_id) if token is None else token_place(token)

    async def edit(
        self,
        target: Target,
        *,
        view: ui.LayoutView,
        files: Sequence[CardFile],
        kept: Mapping[str, int],
        is_last: bool,
    ) -> Mapping[str, int]:
        """Edit the message once; return its attachments, name to id."""
        with translated():
            try:
                message = await self._by_its_way(target, view, attached(files, kept))
            except discord.HTTPException as error:
                if error.code == ARCHIVED and is_last:
                    await self._open_again(target)
                    raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=0) from error
                if error.status == HTTPStatus.BAD_REQUEST and error.code not in LOST:
                    _log_refusal(error, view)
                raise
        return {attachment.filename: attachment.id for attachment in message.attachments}

    async def _open_again(self, target: Target) -> None:
        """Open a thread that was closed, as any message in it would; `CardLost` when it is locked.

        Progress does not: whoever closed it should not have to do so again and again.
        """
        try:
            await self._bot.http.edit_channel(target.channel_id, archived=False)
        except discord.Forbidden as error:
            raise CardLost(copy.CHANNEL_CLOSED) from error
        log.info("a closed thread was opened again")

    async def _by_its_way(
        self, target: Target, view: ui.LayoutView, attachments: list[Any]
    ) -> discord.Message:
        token = self._living_token(target)
        if token is not None:
            return await self._by_token(target, token, view, attachments)
        if target.is_ephemeral:
            raise CardLost(copy.CARD_TOO_LATE)
        return await self._by_channel(target, view, attachments)

    def _living_token(self, target: Target) -> str | None:
        is_young = self._clock.now() - target.created_at < TOKEN_LIFE
        return target.token if is_young and target.message_id not in self._dead else None

    async def _by_token(
        self, target: Target, token: str, view: ui.LayoutView, attachments: list[Any]
    ) -> discord.Message:
        hook = discord.Webhook.partial(target.application_id, token, client=self._bot)
        try:
            message: discord.Message = await hook.edit_message(  # type: ignore[call-overload]
                "@original", view=view, attachments=attachments
            )  # typed int, but only written into the path
        except discord.HTTPException as error:
            if error.code not in TOKEN_DEAD:
                raise
            self._dead.add(target.message_id)
            log.info("token is dead, going on in the channel", extra={"code": error.code})
            # Not at once: the channel has a budget of its own.
            raise CardDelayed(copy.DISCORD_AWAY, retry_after_s=0) from error
        return message

    async def _by_channel(
        self, target: Target, view: ui.LayoutView, attachments: list[Any]
    ) -> discord.Message:
        channel = self._bot.get_partial_messageable(target.channel_id)
        message = channel.get_partial_message(target.message_id)
        return await message.edit(
            view=view,
            attachments=attachments,
            # discord.py leaves the client's default out of edits that have no content.
            allowed_mentions=discord.AllowedMentions.none(),
        )


class Kept:
    """An attachment that stays: discord.py only asks how it is written down."""

    def __init__(self, attachment_id: int) -> None:
        self._id = attachment_id

    def to_dict(self) -> dict[str, Any]:
        """Name the attachment as the API wants it in an edit."""
        return {"id": self._id}


def attached(files: Sequence[CardFile], kept: Mapping[str, int]) -> list[Any]:
    """List every attachment of the edited message, as what is not listed is deleted.

    New each time: discord.py closes the files of a request that is over.
    """
    stay = [Kept(kept[file.name]) for file in files if file.name in kept]
    come = [
        Upload(file.data, name=file.name, description=copy.alt(file.alt))
        for file in files
        if file.name not in kept
    ]
    return [*stay, *come]


def _log_refusal(error: discord.HTTPException, view: ui.LayoutView) -> None:
    """Log where the body was wrong and its shape, never the words in it."""
    log.error(
        "discord refused a card",
        extra={
            "code": error.code,
            "fields": _FIELD.findall(error.text),
            "shape": [type(item).__name__ for item in view.walk_children()],
            "text_chars": view.content_length(),
        },
    )
