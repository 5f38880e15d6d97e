"""Routes of channels and their messages, as the bot user sees them."""

from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.composer import Composer, Draft
from bot.sandbox.discord.messages import Message, Via, message_payload
from bot.sandbox.discord.payloads import channel_payload
from bot.sandbox.discord.permissions import Permission
from bot.sandbox.discord.posts import Posts
from bot.sandbox.discord.router import Route
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import (
    NO_CONTENT,
    Answer,
    ApiError,
    Call,
    Json,
    cannot_message_user,
    missing_permissions,
    unknown_message,
)
from bot.sandbox.discord.world import Channel, World

PAGE_DEFAULT = 50


class ChannelRoutes:
    """Handlers; each takes a call and returns an answer or raises `ApiError`."""

    def __init__(
        self, *, rules: DiscordRules, world: World, posts: Posts, composer: Composer, cdn: Cdn
    ) -> None:
        self._rules = rules
        self._world = world
        self._posts = posts
        self._composer = composer
        self._cdn = cdn

    def routes(self) -> list[Route]:
        """List the routes."""
        channel = "/channels/{channel_id}"
        table = [
            ("GET", channel, self.channel),
            ("PATCH", channel, self.change),
            ("POST", f"{channel}/typing", self.type),
            ("GET", f"{channel}/messages", self.history),
            ("POST", f"{channel}/messages", self.send),
            ("GET", f"{channel}/messages/{{message_id}}", self.read),
            ("PATCH", f"{channel}/messages/{{message_id}}", self.edit),
            ("DELETE", f"{channel}/messages/{{message_id}}", self.delete),
        ]
        return [
            Route(method=method, template=path, handler=handler) for method, path, handler in table
        ]

    def channel(self, call: Call) -> Answer:
        """GET /channels/{c}."""
        return Answer(body=channel_payload(self._channel(call)))

    def change(self, call: Call) -> Answer:
        """PATCH /channels/{c}: only to open a thread again, which takes no more than sending does."""
        channel = self._channel(call, Permission.SEND_MESSAGES)
        if channel.locked or call.body != {"archived": False}:
            raise missing_permissions()
        channel.archived = False
        return Answer(body=channel_payload(channel))

    def type(self, call: Call) -> Answer:
        """POST /channels/{c}/typing."""
        self._channel(call, Permission.SEND_MESSAGES)
        return NO_CONTENT

    def history(self, call: Call) -> Answer:
        """GET /channels/{c}/messages: newest first."""
        channel = self._channel(call, Permission.READ_MESSAGE_HISTORY)
        limit = int(call.query.get("limit", PAGE_DEFAULT))
        seen = [m for m in self._posts.in_channel(channel) if m.visible_to(self._world.bot)]
        return Answer(body=[self._payload(message) for message in reversed(seen[-limit:])])

    def send(self, call: Call) -> Answer:
        """POST /channels/{c}/messages; with `enforce_nonce` a repeat returns the first message."""
        channel = self._channel(call, *self._needs(call))
        if channel.recipient is not None and not channel.recipient.takes_dms:
            raise cannot_message_user()
        nonce = call.body.get("nonce")
        if nonce is not None and call.body.get("enforce_nonce"):
            first = self._posts.with_nonce(channel, str(nonce))
            if first is not None:
                return Answer(body=self._payload(first))
        version = self._composer.first(self._draft(call, channel))
        message = self._posts.draft(channel=channel, author=self._world.bot)
        message.nonce = nonce
        message.reference = self._reference(call, channel)
        if channel.archived and channel.locked:
            raise ApiError(400, 50083, "Thread is archived")
        channel.archived = False
        return Answer(body=self._payload(self._posts.publish(message, version)))

    def read(self, call: Call) -> Answer:
        """GET /channels/{c}/messages/{m}."""
        channel = self._channel(call, Permission.READ_MESSAGE_HISTORY)
        return Answer(body=self._payload(self._message(call, channel)))

    def edit(self, call: Call) -> Answer:
        """PATCH /channels/{c}/messages/{m}: the bot's own messages only."""
        files = (Permission.ATTACH_FILES,) if call.files else ()
        channel = self._channel(call, *files)
        message = self._message(call, channel)
        if message.author is not self._world.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise ApiError(400, 50083, "Thread is archived")
        version = self._composer.following(message, self._draft(call, channel))
        return Answer(body=self._payload(self._posts.revise(message, version)))

    def delete(self, call: Call) -> Answer:
        """DELETE /channels/{c}/messages/{m}."""
        channel = self._channel(call)
        message = self._message(call, channel)
        if message.author is not self._world.bot:
            raise missing_permissions()
        self._posts.delete(message)
        return NO_CONTENT

    def _channel(self, call: Call, *needs: Permission) -> Channel:
        return self._world.channel_for_bot(call.params["channel_id"], *needs)

    def _message(self, call: Call, channel: Channel) -> Message:
        message = self._posts.find(call.params["message_id"], channel=channel)
        if message is None or message.is_ephemeral:
            raise unknown_message()
        return message

    def _needs(self, call: Call) -> list[Permission]:
        needs = [Permission.SEND_MESSAGES]
        if call.files:
            needs.append(Permission.ATTACH_FILES)
        if call.body.get("embeds"):
            needs.append(Permission.EMBED_LINKS)
        return needs

    def _draft(self, call: Call, channel: Channel) -> Draft:
        guild = channel.guild
        return Draft(
            body=call.body,
            files=call.files,
            via=Via.CHANNEL,
            channel_id=channel.id,
            file_bytes_max=guild.file_bytes_max if guild else self._rules.file_bytes_max,
        )

    def _reference(self, call: Call, channel: Channel) -> Json | None:
        wanted: Json | None = call.body.get("message_reference")
        if not wanted or "message_id" not in wanted:
            return None
        message_id = str(wanted["message_id"])
        if self._posts.find(message_id, channel=channel) is None:
            if wanted.get("fail_if_not_exists", True):
                raise unknown_message()
            return None
        return {"type": 0, "channel_id": channel.id, "message_id": message_id}

    def _payload(self, message: Message) -> Json:
        return message_payload(message, cdn=self._cdn, users=self._world.users)
