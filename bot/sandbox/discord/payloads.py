"""How the world looks on the wire: users, members, channels, guilds, the application."""

from bot.sandbox.discord.permissions import EVERYONE, NOTHING, Permission
from bot.sandbox.discord.snowflakes import created_at
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Channel, ChannelType, Guild, Membership, Role, User, World

VERIFY_KEY = "0" * 64


def user_payload(user: User) -> Json:
    """Draw a `UserResponse`."""
    return {
        "id": user.id,
        "username": user.name.lower().replace(" ", "."),
        "global_name": None if user.is_bot else user.name,
        "discriminator": "0000" if user.is_bot else "0",
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
        "bot": user.is_bot,
    }


def self_payload(world: World) -> Json:
    """Draw the bot as it sees itself (`UserPIIResponse`)."""
    return user_payload(world.bot) | {
        "mfa_enabled": False,
        "locale": "en-US",
        "premium_type": 0,
        "email": None,
        "verified": True,
    }


def member_payload(membership: Membership) -> Json:
    """Draw a `GuildMemberResponse`."""
    return {
        "user": user_payload(membership.user),
        "nick": membership.nick,
        "avatar": None,
        "banner": None,
        "roles": list(membership.role_ids),
        "joined_at": membership.joined_at,
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "flags": 0,
        "mute": False,
        "deaf": False,
    }


def bot_member_payload(world: World, guild: Guild) -> Json:
    """Draw the bot's own membership."""
    joined_at = created_at(guild.id).isoformat()
    return member_payload(Membership(user=world.bot, guild=guild, joined_at=joined_at))


def channel_payload(channel: Channel) -> Json:
    """Draw a `GuildChannelResponse` or `PrivateChannelResponse`."""
    base: Json = {"id": channel.id, "type": int(channel.type), "flags": 0, "last_message_id": None}
    if channel.type is ChannelType.DM:
        assert channel.recipient is not None
        return base | {"recipients": [user_payload(channel.recipient)]}
    assert channel.guild is not None
    return base | {
        "guild_id": channel.guild.id,
        "name": channel.name,
        "position": list(channel.guild.channels).index(channel.id),
        "parent_id": None,
        "topic": None,
        "nsfw": channel.nsfw,
        "rate_limit_per_user": 0,
        "permission_overwrites": _overwrites(channel),
    }


def _overwrites(channel: Channel) -> list[Json]:
    if channel.guild is None or not channel.denied_to_bot:
        return []
    denied = str(int(channel.denied_to_bot))
    return [{"id": channel.guild.id, "type": 0, "allow": "0", "deny": denied}]


def everyone_role_payload(guild: Guild) -> Json:
    """Draw the role whose id is the guild's own."""
    return role_payload(Role(id=guild.id, name="@everyone"), permissions=EVERYONE, position=0)


def role_payload(role: Role, *, permissions: Permission = NOTHING, position: int = 1) -> Json:
    """Draw a `GuildRoleResponse`."""
    return {
        "id": role.id,
        "name": role.name,
        "permissions": str(int(permissions)),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def guild_create_payload(world: World, guild: Guild) -> Json:
    """Draw a GUILD_CREATE event."""
    return {
        **_guild(guild),
        "joined_at": created_at(guild.id).isoformat(),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members) + 1,
        "members": [bot_member_payload(world, guild)],
        "channels": [channel_payload(channel) for channel in guild.channels.values()],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def guild_payload(guild: Guild) -> Json:
    """Draw a `GuildWithCountsResponse`."""
    return {
        **_guild(guild),
        "home_header": None,
        "incidents_data": None,
        "max_presences": None,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
    }


def _guild(guild: Guild) -> Json:
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "owner_id": guild.owner_id,
        "application_id": None,
        "region": "local",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "roles": [everyone_role_payload(guild), *map(role_payload, guild.roles.values())],
        "emojis": [],
        "stickers": [],
        "features": [],
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "preferred_locale": guild.locale,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "vanity_url_code": None,
        "max_members": 250_000,
    }


def application_payload(world: World) -> Json:
    """Draw a `PrivateApplicationResponse`."""
    return {
        "id": world.application_id,
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user_payload(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": VERIFY_KEY,
        "flags": 0,
        "flags_new": "0",
        "max_participants": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_payload(world.owner),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}, "1": {}},
    }


def permission_string(permissions: Permission) -> str:
    """Draw permission bits as Discord does: a decimal string."""
    return str(int(permissions))
