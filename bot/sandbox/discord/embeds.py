"""Embeds as stored (`MessageEmbedResponse`)."""

from bot.sandbox.discord.stored_components import ResolveMedia
from bot.sandbox.discord.wire import Json

PICTURES = ("image", "thumbnail")


def settle_embed(embed: Json, *, media: ResolveMedia) -> Json:
    """Return an embed as Discord would answer it."""
    settled: Json = {"type": "rich"}
    settled |= {name: value for name, value in embed.items() if value is not None}
    for name in PICTURES:
        if name in settled:
            settled[name] = _picture(media(settled[name]["url"]).payload)
    settled["fields"] = [{"inline": False} | field for field in settled.get("fields", ())]
    return settled


def _picture(media: Json) -> Json:
    shown = ("url", "proxy_url", "width", "height", "content_type")
    return {name: media[name] for name in shown if media.get(name) is not None}
