"""The buttons of a card: they live as long as the message, because their id carries the job.

discord.py swallows what a button's callback raises, so every component of ours goes through the
door of `Answering`. Ids are versioned; old versions keep answering for as long as cards exist.
"""

import re
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord

from bot.domain.jobs import JobId
from bot.ui import errors


class Action(StrEnum):
    """What a button of a card does; the value is part of its id."""

    CANCEL = "cancel"
    AGAIN = "again"
    ELSEWHERE = "elsewhere"
    CONTINUE = "continue"
    CONFIRM = "confirm"
    DECLINE = "decline"


class Presses(Protocol):
    """Who acts when a button of a card is pressed."""

    async def press(
        self, interaction: discord.Interaction[Any], action: Action, job_id: JobId
    ) -> None:
        """Do what the button says and answer the interaction."""
        ...


class _Client(Protocol):
    presses: Presses


def custom_id(action: "Action", job_id: JobId) -> str:
    """Return the id by which a button is known for ever."""
    return f"job:v1:{action}:{job_id}"


class Answering:
    """A component that outlives its process, and the door for its errors: what `act` raises is answered."""

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        _item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the id and nothing else: what is raised here reaches nobody."""
        return cls.named(match)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the component is for."""
        raise NotImplementedError

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Act, and tell the member when that fails; discord.py itself would only log it."""
        async with errors.answered(interaction):
            await self.act(interaction)


class JobButton(
    Answering,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"job:v1:(?P<action>cancel|again|elsewhere|continue|confirm|decline):(?P<job>[0-9]{1,20})",
):
    """A button that acts on the job named in its id; the label matters only where it is drawn."""

    def __init__(self, action: Action, job_id: JobId, *, label: str = "") -> None:
        self.action = action
        self.job_id = job_id
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label or None,
                emoji=_EMOJI[action],
                custom_id=custom_id(action, job_id),
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(Action(match["action"]), JobId(match["job"]))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to whoever acts for this client."""
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.presses.press(interaction, self.action, self.job_id)


_EMOJI = {
    Action.CANCEL: "✖️",
    Action.AGAIN: "🔁",
    Action.ELSEWHERE: "↪️",
    Action.CONTINUE: "💬",
    Action.CONFIRM: "✔️",
    Action.DECLINE: "✖️",
}
