"""What a person puts into a command's options or a modal's fields, and the `resolved` beside it."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord.attachments import attachment_payload
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.payloads import (
    channel_payload,
    member_payload,
    permission_string,
    role_payload,
    user_payload,
)
from bot.sandbox.discord.permissions import EVERYONE
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Channel, Membership, Role, User


@dataclass(frozen=True, slots=True)
class Upload:
    """A file from a person's disk."""

    filename: str
    data: bytes


class Resolver:
    """Turns Python values into option values, and gathers what they refer to."""

    def __init__(self, *, cdn: Cdn, channel: Channel) -> None:
        self._cdn = cdn
        self._channel = channel
        self.resolved: Json = {}

    def value(self, value: object) -> Any:
        """Return what the wire carries; ids stand for files, people, channels, roles."""
        match value:
            case Upload():
                return self._attach(value)
            case User():
                return self._name(value)
            case Channel():
                self._put("channels", value.id, _partial_channel(value))
                return value.id
            case Role():
                self._put("roles", value.id, role_payload(value))
                return value.id
            case list() | tuple():
                return [self.value(item) for item in value]
            case _:
                return value

    def _attach(self, upload: Upload) -> str:
        attachment = self._cdn.store(
            upload.data, filename=upload.filename, channel_id=self._channel.id, ephemeral=True
        )
        url = self._cdn.url(attachment)
        self._put("attachments", attachment.id, attachment_payload(attachment, url=url))
        return attachment.id

    def _name(self, user: User) -> str:
        self._put("users", user.id, user_payload(user))
        guild = self._channel.guild
        if guild is not None and user.id in guild.members:
            self._put("members", user.id, _partial_member(guild.members[user.id]))
        return user.id

    def _put(self, kind: str, entity_id: str, payload: Json) -> None:
        self.resolved.setdefault(kind, {})[entity_id] = payload


def _partial_member(membership: Membership) -> Json:
    missing = ("user", "deaf", "mute")
    payload = member_payload(membership) | {
        "permissions": permission_string(membership.permissions)
    }
    return {name: value for name, value in payload.items() if name not in missing}


def _partial_channel(channel: Channel) -> Json:
    whole = channel_payload(channel) | {"permissions": permission_string(EVERYONE)}
    kept = ("id", "type", "name", "permissions", "parent_id", "nsfw", "position", "topic", "flags")
    return {name: whole[name] for name in kept if name in whole}
