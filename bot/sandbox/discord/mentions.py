"""Whom a message pings: what its text mentions, as far as `allowed_mentions` lets it.

Discord, "Message", allowed mentions object: absent means that everything is parsed.
"""

import re
from collections.abc import Sequence

from bot.sandbox.discord.wire import Json

USER_MENTION = re.compile(r"<@!?(\d{15,20})>")


def pinged_users(texts: Sequence[str], allowed: Json | None) -> list[str]:
    """Return the ids of the users that the texts ping, each once, in order."""
    named = dict.fromkeys(user for text in texts for user in USER_MENTION.findall(text))
    if allowed is None or "users" in allowed.get("parse", ()):
        return list(named)
    listed = {str(user) for user in allowed.get("users") or ()}
    return [user for user in named if user in listed]
