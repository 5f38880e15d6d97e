"""Messages and their edit log: every version of every message, with its time and its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum
from typing import Any

from bot.sandbox.discord.attachments import Attachment, attachment_payload
from bot.sandbox.discord.bell import Bell
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.payloads import user_payload
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Channel, User


class MessageFlag(IntFlag):
    """Discord's message flags that a bot meets."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class MessageType(IntEnum):
    """Discord's message types that this world makes."""

    DEFAULT = 0
    CHAT_INPUT_COMMAND = 20
    CONTEXT_MENU_COMMAND = 23


class Via(StrEnum):
    """By which door a version came in."""

    CALLBACK = "callback"
    TOKEN = "token"  # noqa: S105 - a door, not a secret
    CHANNEL = "channel"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A message as it stood from `at` on.

    `sent` is the state in the request's own words (with `attachment://`), `components` and
    `embeds` are what is stored; `uploaded` came with this very version.
    """

    number: int
    at: datetime
    via: Via
    flags: MessageFlag
    sent: Mapping[str, Any]
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    uploaded: tuple[Attachment, ...] = ()
    allowed_mentions: Json | None = None
    pings: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message, its fate and its versions; `bell` rings at each change."""

    id: str
    channel: Channel
    author: User
    type: MessageType = MessageType.DEFAULT
    application_id: str | None = None
    only_for: User | None = None
    token: str | None = None
    interaction_metadata: Json | None = None
    reference: Json | None = None
    nonce: str | int | None = None
    created_at: datetime
    deleted_at: datetime | None = None
    versions: list[Version] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell)

    @property
    def latest(self) -> Version:
        """The message as it stands."""
        return self.versions[-1]

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.only_for is not None

    @property
    def is_loading(self) -> bool:
        """Whether it still says "thinking…"."""
        return bool(self.latest.flags & MessageFlag.LOADING)

    def visible_to(self, user: User) -> bool:
        """Whether a person's client shows it."""
        return self.deleted_at is None and self.only_for in {None, user}


def media_payload(attachment: Attachment, *, url: str) -> Json:
    """Draw an `UnfurledMediaResponse` of an attachment."""
    return {
        "id": attachment.id,
        "url": url,
        "proxy_url": url,
        "width": attachment.width,
        "height": attachment.height,
        "content_type": attachment.content_type,
        "attachment_id": attachment.id,
    }


def message_payload(message: Message, *, cdn: Cdn, users: Mapping[str, User]) -> Json:
    """Draw a `MessageResponse`; URLs are signed anew each time."""
    version = message.latest
    flags = version.flags
    payload: Json = {
        "id": message.id,
        "type": int(message.type),
        "channel_id": message.channel.id,
        "author": user_payload(message.author),
        "content": version.content,
        "timestamp": message.created_at.isoformat(),
        "edited_timestamp": version.at.isoformat() if version.number else None,
        "flags": int(flags),
        "components": list(version.components),
        "embeds": list(version.embeds),
        "attachments": [attachment_payload(a, url=cdn.url(a)) for a in version.attachments],
        "mentions": [user_payload(users[i]) for i in version.pings if i in users],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
    }
    optional = {
        "application_id": message.application_id,
        "webhook_id": message.application_id if message.token else None,
        "interaction_metadata": message.interaction_metadata,
        "message_reference": message.reference,
        "nonce": message.nonce,
    }
    return payload | {name: value for name, value in optional.items() if value is not None}
