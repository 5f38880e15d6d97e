"""The first answer to an interaction, and what its token may do afterwards.

Deadlines, order and error codes: Discord, "Receiving and Responding to Interactions".
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.sandbox.clock import Clock
from bot.sandbox.discord.composer import Composer, Draft, refusal
from bot.sandbox.discord.interaction_payloads import metadata_payload
from bot.sandbox.discord.interactions import (
    CallbackType,
    Interaction,
)
from bot.sandbox.discord.journal import Journal
from bot.sandbox.discord.messages import Message, MessageFlag, Version, Via
from bot.sandbox.discord.modal_rules import modal_problems
from bot.sandbox.discord.permissions import Permission
from bot.sandbox.discord.posts import Posts
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import (
    ApiError,
    Flaw,
    Json,
    UploadedFile,
    already_acknowledged,
    invalid_body,
    invalid_token,
    unknown_channel,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from bot.sandbox.discord.world import World

ORIGINAL = "@original"


class Callbacks:
    """The desk where bots answer. Interactions are found by token."""

    def __init__(
        self,
        *,
        rules: DiscordRules,
        clock: Clock,
        world: World,
        posts: Posts,
        composer: Composer,
        journal: Journal,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._world = world
        self._posts = posts
        self._composer = composer
        self._journal = journal
        self._by_token: dict[str, Interaction] = {}

    def register(self, interaction: Interaction) -> None:
        """Let an interaction be answered."""
        self._by_token[interaction.token] = interaction

    def answer(
        self, interaction_id: str, token: str, *, body: Json, files: Sequence[UploadedFile]
    ) -> Interaction:
        """Take the first answer. Raises 10062, 40060, 50035 and what a message can raise."""
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise unknown_interaction()
        if interaction.answer_type is not None:
            raise already_acknowledged()
        if self._clock.elapsed_s() > interaction.opened_s + self._rules.ack_s:
            raise unknown_interaction()
        kind = _callback_type(body)
        if kind not in interaction.fitting:
            raise invalid_body(Flaw("type", f"{kind.name} does not answer {interaction.type.name}"))
        self._take(interaction, kind, body.get("data") or {}, files)
        interaction.answer_type = kind
        interaction.answered_s = self._clock.elapsed_s()
        interaction.bell.ring()
        return interaction

    def _take(
        self,
        interaction: Interaction,
        kind: CallbackType,
        data: Json,
        files: Sequence[UploadedFile],
    ) -> None:
        match kind:
            case CallbackType.MESSAGE:
                draft = self._draft(interaction, data, files, via=Via.CALLBACK)
                interaction.original = self._post(interaction, self._composer.first(draft))
            case CallbackType.DEFERRED_MESSAGE:
                interaction.original = self._post(interaction, self._thinking(interaction, data))
            case CallbackType.DEFERRED_UPDATE:
                interaction.original = interaction.source
            case CallbackType.UPDATE:
                assert interaction.source is not None
                if interaction.source.deleted_at is not None:
                    raise unknown_message()
                interaction.original = interaction.source
                draft = self._draft(interaction, data, files, via=Via.CALLBACK)
                version = self._composer.following(interaction.source, draft)
                self._posts.revise(interaction.source, version)
            case CallbackType.CHOICES:
                interaction.choices = self._choices(data)
            case CallbackType.MODAL:
                if problems := modal_problems(data):
                    raise refusal(problems)
                interaction.modal = data

    def _thinking(self, interaction: Interaction, data: Json) -> Version:
        flags = MessageFlag(data.get("flags") or 0)
        if flags & ~MessageFlag.EPHEMERAL:
            self._journal.violate(f"a deferred answer takes no flag but EPHEMERAL: {flags!r}")
        ephemeral = bool(flags & MessageFlag.EPHEMERAL) or _must_hide(interaction)
        return self._composer.loading(ephemeral=ephemeral, via=Via.CALLBACK)

    def _choices(self, data: Json) -> Sequence[Json]:
        choices: Sequence[Json] = data.get("choices") or []
        if len(choices) > self._rules.autocomplete_choices_max:
            raise invalid_body(Flaw("data.choices", f"{len(choices)} choices are too many"))
        return choices

    def find(self, application_id: str, token: str) -> Interaction:
        """Return the interaction of a live, acknowledged token. Raises 10015, 50027 or 10003."""
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.application_id:
            raise unknown_webhook()
        if self._clock.elapsed_s() > interaction.opened_s + self._rules.token_life_s:
            raise invalid_token()
        if interaction.answer_type is None:
            raise unknown_webhook()
        if interaction.channel.id not in self._world.channels:
            raise unknown_channel()
        return interaction

    def message(self, interaction: Interaction, which: str) -> Message:
        """Return `@original` or a message by id, if this token may touch it. Raises 10008."""
        original = interaction.original
        message = original if which == ORIGINAL else self._posts.find(which)
        if message is None or message.deleted_at is not None:
            raise unknown_message()
        if message is not original and message.token != interaction.token:
            raise unknown_message()
        return message

    def edit(
        self,
        interaction: Interaction,
        which: str,
        *,
        body: Json,
        files: Sequence[UploadedFile],
    ) -> Message:
        """Edit one of the token's messages."""
        message = self.message(interaction, which)
        draft = self._draft(interaction, body, files, via=Via.TOKEN)
        draft = replace(draft, ephemeral=message.is_ephemeral)
        return self._posts.revise(message, self._composer.following(message, draft))

    def follow_up(
        self, interaction: Interaction, *, body: Json, files: Sequence[UploadedFile]
    ) -> Message:
        """Post another message; while the original still thinks, fill that one instead."""
        draft = self._draft(interaction, body, files, via=Via.TOKEN)
        original = interaction.original
        if original is not None and original.deleted_at is None and original.is_loading:
            return self._posts.revise(original, self._composer.following(original, draft))
        limit = self._rules.followups_user_install_max
        if interaction.is_user_install_only and interaction.followups >= limit:
            text = "Maximum number of follow up messages reached for this interaction"
            raise ApiError(400, 40094, text)
        message = self._post(interaction, self._composer.first(draft))
        interaction.followups += 1
        return message

    def delete(self, interaction: Interaction, which: str) -> None:
        """Delete one of the token's messages."""
        self._posts.delete(self.message(interaction, which))

    def _draft(
        self, interaction: Interaction, body: Json, files: Sequence[UploadedFile], *, via: Via
    ) -> Draft:
        guild = interaction.channel.guild
        asked = bool((body.get("flags") or 0) & MessageFlag.EPHEMERAL)
        return Draft(
            body=body,
            files=files,
            via=via,
            channel_id=interaction.channel.id,
            file_bytes_max=guild.file_bytes_max if guild else self._rules.file_bytes_max,
            ephemeral=asked or _must_hide(interaction),
        )

    def _post(self, interaction: Interaction, version: Version) -> Message:
        message = self._posts.draft(channel=interaction.channel, author=self._world.bot)
        message.type = interaction.message_type
        message.application_id = self._world.application_id
        message.token = interaction.token
        message.interaction_metadata = metadata_payload(interaction)
        if version.flags & MessageFlag.EPHEMERAL:
            message.only_for = interaction.user
        return self._posts.publish(message, version)


def _must_hide(interaction: Interaction) -> bool:
    """Say whether the answer is forced ephemeral: a user install without USE_EXTERNAL_APPS."""
    membership = interaction.membership
    if not interaction.is_user_install_only or membership is None:
        return False
    return not membership.permissions & Permission.USE_EXTERNAL_APPS


def _callback_type(body: Json) -> CallbackType:
    try:
        return CallbackType(body["type"])
    except (KeyError, ValueError) as error:
        raise invalid_body(Flaw("type", f"no callback type: {body.get('type')}")) from error
