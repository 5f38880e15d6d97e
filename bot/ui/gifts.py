"""The question before a gift is given: an ephemeral card whose button carries the whole gift."""

import re
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.domain.credits import AccountId, credits_of, member_account, member_of, server_account
from bot.domain.gifts import Gift, Giving
from bot.domain.jobs import UserId
from bot.ui import credits_copy
from bot.ui.boxes import small_card
from bot.ui.buttons import Answering

_KINDS = {"member": member_account, "server": server_account}


class Answer(StrEnum):
    """What is pressed; the value is part of the button's id."""

    GIVE = "give"
    LEAVE = "leave"


class Givers(Protocol):
    """Who acts when the question is answered."""

    async def answered(
        self, interaction: discord.Interaction[Any], answer: Answer, gift: Gift
    ) -> None:
        """Do it, or not, and answer the interaction."""
        ...


class _Client(Protocol):
    givers: Givers


class GiftButton(
    Answering,
    ui.DynamicItem[ui.Button[Any]],
    template=(
        r"gift:v1:(?P<answer>give|leave):(?P<kind>member|server):(?P<to>[0-9]{1,20})"
        r":(?P<credits>[0-9]{1,7}):(?P<id>[0-9]{1,20})"
    ),
):
    """Give what the id says, or leave it; whoever presses is the giver, as nobody else sees it."""

    def __init__(
        self, answer: Answer, *, receiver: AccountId, credits_: int, gift_id: str, label: str = ""
    ) -> None:
        self.answer, self.receiver = answer, receiver
        self.credits_, self.gift_id = credits_, gift_id
        is_give = answer is Answer.GIVE
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.primary if is_give else discord.ButtonStyle.secondary,
                label=label or None,
                emoji="🎁" if is_give else "✖️",
                custom_id=f"gift:v1:{answer}:{receiver}:{credits_}:{gift_id}",
            )
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """Make the component that an id names."""
        return cls(
            Answer(match["answer"]),
            receiver=_KINDS[match["kind"]](int(match["to"])),
            credits_=int(match["credits"]),
            gift_id=match["id"],
        )

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the answer to whoever acts for this client."""
        gift = Gift(
            id=self.gift_id,
            giver=UserId(interaction.user.id),
            receiver=self.receiver,
            amount=credits_of(self.credits_),
        )
        client = cast(_Client, interaction.client)  # Interaction[OurBot] does not type-check
        await client.givers.answered(interaction, self.answer, gift)


def question_card(gift: Gift, credits_: int, giving: Giving) -> ui.LayoutView:
    """Ask whether to give, and say what the giver has."""
    buttons = [
        GiftButton(answer, receiver=gift.receiver, credits_=credits_, gift_id=gift.id, label=label)
        for answer, label in ((Answer.GIVE, credits_copy.GIVE), (Answer.LEAVE, credits_copy.LEAVE))
    ]
    lines = (
        credits_copy.gift_question(gift.amount, to=to(gift)),
        credits_copy.giving(giving.available, giving.left),
    )
    return small_card(credits_copy.GIFT, *lines, buttons=buttons)


def answered_card(sentence: str) -> ui.LayoutView:
    """Close the question with what became of it."""
    return small_card(credits_copy.GIFT, sentence)


def to(gift: Gift) -> str:
    """Name who gets it."""
    member = member_of(gift.receiver)
    return credits_copy.THE_POOL if member is None else f"<@{member}>"
