"""How an interaction looks on the wire: to the bot, in a message, and in the callback's answer."""

from bot.sandbox.discord.interactions import CallbackType, Interaction, InteractionType
from bot.sandbox.discord.payloads import (
    channel_payload,
    member_payload,
    permission_string,
    user_payload,
)
from bot.sandbox.discord.permissions import EVERYONE
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import World, bot_permissions

CONTEXT_GUILD, CONTEXT_BOT_DM = 0, 1


def interaction_payload(
    interaction: Interaction, *, world: World, rules: DiscordRules, message: Json | None
) -> Json:
    """Draw the INTERACTION_CREATE event; `message` is the clicked message's payload."""
    channel = interaction.channel
    guild = channel.guild
    payload: Json = {
        "id": interaction.id,
        "application_id": world.application_id,
        "type": int(interaction.type),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel": channel_payload(channel) | {"permissions": _permissions(interaction)},
        "channel_id": channel.id,
        "app_permissions": permission_string(bot_permissions(channel)),
        "locale": interaction.user.locale,
        "entitlements": [e for e in world.entitlements if e.get("user_id") == interaction.user.id],
        "authorizing_integration_owners": interaction.owners,
        "context": CONTEXT_GUILD if guild else CONTEXT_BOT_DM,
        "attachment_size_limit": guild.file_bytes_max if guild else rules.file_bytes_max,
    }
    if message is not None:
        payload["message"] = message
    if guild is None or interaction.membership is None:
        return payload | {"user": user_payload(interaction.user)}
    member = member_payload(interaction.membership) | {"permissions": _permissions(interaction)}
    return payload | {
        "member": member,
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
    }


def _permissions(interaction: Interaction) -> str:
    membership = interaction.membership
    return permission_string(membership.permissions if membership else EVERYONE)


def metadata_payload(interaction: Interaction) -> Json:
    """Draw `interaction_metadata` of a message that answers the interaction."""
    payload: Json = {
        "id": interaction.id,
        "type": int(interaction.type),
        "user": user_payload(interaction.user),
        "authorizing_integration_owners": interaction.owners,
    }
    if interaction.target_message_id is not None:
        payload["target_message_id"] = interaction.target_message_id
    if interaction.type is InteractionType.COMPONENT:
        assert interaction.source is not None
        payload["interacted_message_id"] = interaction.source.id
    if interaction.triggered_by is not None:
        payload["triggering_interaction_metadata"] = metadata_payload(interaction.triggered_by)
    return payload


def callback_payload(interaction: Interaction, *, message: Json | None) -> Json:
    """Draw an `InteractionCallbackResponse`; `message` is what the answer made or changed."""
    told: Json = {"id": interaction.id, "type": int(interaction.type)}
    payload: Json = {"interaction": told}
    original = interaction.original
    if original is None:
        return payload
    told |= {
        "response_message_id": original.id,
        "response_message_loading": original.is_loading,
        "response_message_ephemeral": original.is_ephemeral,
        "channel_id": interaction.channel.id,
    }
    if interaction.channel.guild is not None:
        told["guild_id"] = interaction.channel.guild.id
    if interaction.answer_type in {CallbackType.MESSAGE, CallbackType.UPDATE}:
        payload["resource"] = {"type": int(interaction.answer_type), "message": message}
    return payload
