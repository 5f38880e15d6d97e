"""The audit trail on an ephemeral card; its buttons carry the place in the trail, so they never die."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.audit_trail import AuditPage, AuditView
from bot.domain.jobs import UserId
from bot.ui import admin_copy
from bot.ui.admin import require_manager
from bot.ui.boxes import small_card
from bot.ui.buttons import Answering


class Turn(StrEnum):
    """What a button of the card does; the value is part of its id."""

    OLDER = "older"
    NEWER = "newer"
    CSV = "csv"


class Audits(Protocol):
    """Who acts when a button of the card is pressed."""

    async def turned(
        self, interaction: discord.Interaction[Any], turn: Turn, view: AuditView
    ) -> None:
        """Do what the button says and answer the interaction."""
        ...


class _Client(Protocol):
    audits: Audits


class AuditButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=r"audit:v1:(?P<turn>older|newer|csv):(?P<seq>[0-9]{1,19}):(?P<member>[0-9]{1,20})",
):
    """Turn a page or take the table; 0 stands for no place and for all members."""

    def __init__(self, turn: Turn, *, seq: int, member_id: UserId | None, label: str = "") -> None:
        self.turn, self.seq, self.member_id = turn, seq, member_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or None,
                emoji=_EMOJI[turn],
                custom_id=f"audit:v1:{turn}:{seq}:{member_id or 0}",
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        member_id = UserId(int(match["member"])) or None
        return cls(Turn(match["turn"]), seq=int(match["seq"]), member_id=member_id)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Ask again who presses, as the card may have outlived a right."""
        view = AuditView(
            guild_id=require_manager(interaction),
            member_id=self.member_id,
            before=self.seq if self.turn is Turn.OLDER else None,
            after=self.seq if self.turn is Turn.NEWER else None,
        )
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.audits.turned(interaction, self.turn, view)


_EMOJI = {Turn.OLDER: "◀️", Turn.NEWER: "▶️", Turn.CSV: "📄"}


def audit_card(page: AuditPage) -> ui.LayoutView:
    """List acts, the newest first."""
    lines = "\n".join(map(admin_copy.audit_line, page.entries))
    buttons = _buttons(page) if page.entries else ()
    return small_card(admin_copy.AUDIT, lines or admin_copy.NO_ENTRIES, buttons=buttons)


def _buttons(page: AuditPage) -> Sequence[AuditButton]:
    member_id = page.view.member_id
    newest, oldest = page.entries[0].seq, page.entries[-1].seq
    wanted = (
        (page.has_newer, Turn.NEWER, newest, admin_copy.NEWER),
        (page.has_older, Turn.OLDER, oldest, admin_copy.OLDER),
        (True, Turn.CSV, 0, admin_copy.AS_A_TABLE),
    )
    return [
        AuditButton(turn, seq=seq, member_id=member_id, label=label)
        for is_wanted, turn, seq, label in wanted
        if is_wanted
    ]
