"""Interactions: who asked what, who answered when, and what a token may still do.

Discord, "Receiving and Responding to Interactions".
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from bot.sandbox.discord.bell import Bell
from bot.sandbox.discord.messages import Message, MessageType
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Channel, Membership, User


class InteractionType(IntEnum):
    """What a person did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """How a bot may answer."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


ON_MESSAGE = frozenset({CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE})
NEW_MESSAGE = frozenset({CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE})
FITTING: dict[InteractionType, frozenset[CallbackType]] = {
    InteractionType.COMMAND: NEW_MESSAGE | {CallbackType.MODAL},
    InteractionType.COMPONENT: NEW_MESSAGE | ON_MESSAGE | {CallbackType.MODAL},
    InteractionType.AUTOCOMPLETE: frozenset({CallbackType.CHOICES}),
    InteractionType.MODAL_SUBMIT: NEW_MESSAGE | ON_MESSAGE,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """One interaction. Times are the clock's `elapsed_s`; `bell` rings at the first answer."""

    id: str
    type: InteractionType
    user: User
    membership: Membership | None
    channel: Channel
    opened_s: float
    data: Json
    message_type: MessageType = MessageType.DEFAULT
    source: Message | None = None
    triggered_by: "Interaction | None" = None
    target_message_id: str | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    answered_s: float | None = None
    answer_type: CallbackType | None = None
    original: Message | None = None
    followups: int = 0
    modal: Json | None = None
    choices: Sequence[Json] = ()
    bell: Bell = field(default_factory=Bell)

    @property
    def owners(self) -> dict[str, str]:
        """Who installed the app that was called: `authorizing_integration_owners`."""
        guild = self.channel.guild
        if guild is None:
            return {"0": "0"}
        return {"0": guild.id} if guild.has_bot else {"1": self.user.id}

    @property
    def is_user_install_only(self) -> bool:
        """Whether the bot is here only because the person brought it."""
        return "0" not in self.owners

    @property
    def fitting(self) -> frozenset[CallbackType]:
        """The answers that fit; a modal opened by a command has no message to update."""
        kinds = FITTING[self.type]
        return kinds if self.source is not None else kinds - ON_MESSAGE

    @property
    def ack_s(self) -> float | None:
        """Seconds from the event to the first answer."""
        return None if self.answered_s is None else self.answered_s - self.opened_s
