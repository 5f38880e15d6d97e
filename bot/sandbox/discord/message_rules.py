"""What Discord's documents demand of a message, beyond the shape its OpenAPI description checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.sandbox.discord.component_rules import ALT_TEXT_MAX, component_media, component_problems
from bot.sandbox.discord.components import items_of
from bot.sandbox.discord.embed_rules import embed_media, embed_problems
from bot.sandbox.discord.problems import EMPTY_MESSAGE, Problem, count_problems, text_problems

CONTENT_MAX = 2000
ATTACHMENTS_MAX = 10
STICKERS_MAX = 3
ATTACHMENT = "attachment://"

NOT_IN_V2 = ("content", "embeds", "poll", "sticker_ids", "stickers")
WHAT_SHOWS = ("content", "embeds", "components", "poll", "sticker_ids", "stickers")


def message_problems(
    payload: Mapping[str, Any], *, components_v2: bool, filenames: Sequence[str]
) -> list[Problem]:
    """Say why Discord would refuse a message.

    `payload` is the message as it will stand, in the words of a request: for an edit, the fields sent
    before overlaid by those sent now. `filenames` are the attachments it will have, kept and new.
    Facts: Discord docs, resources/message.
    """
    return [
        *_empty_problems(payload, components_v2=components_v2, filenames=filenames),
        *text_problems("content", payload.get("content"), longest=CONTENT_MAX),
        *embed_problems(payload.get("embeds")),
        *count_problems("sticker_ids", payload.get("sticker_ids"), most=STICKERS_MAX),
        *_attachment_problems(payload, filenames),
        *(_foreign_to_v2(payload) if components_v2 else ()),
        *component_problems(payload.get("components"), components_v2=components_v2),
        *_dangling(payload, filenames),
    ]


def unreferenced_attachments(payload: Mapping[str, Any], filenames: Sequence[str]) -> list[str]:
    """Return the files of a Components V2 message that no component shows: nobody sees them."""
    shown = {url.removeprefix(ATTACHMENT) for _, url in component_media(payload.get("components"))}
    return [name for name in filenames if name not in shown]


def _empty_problems(
    payload: Mapping[str, Any], *, components_v2: bool, filenames: Sequence[str]
) -> Iterator[Problem]:
    shows = payload.get("components") if components_v2 else _anything(payload) or filenames
    if not shows:
        yield Problem(path="", text="cannot send an empty message", code=EMPTY_MESSAGE)


def _anything(payload: Mapping[str, Any]) -> bool:
    content = payload.get("content")
    blank = isinstance(content, str) and not content.strip()
    return any(payload.get(field) for field in WHAT_SHOWS if not (blank and field == "content"))


def _attachment_problems(payload: Mapping[str, Any], filenames: Sequence[str]) -> Iterator[Problem]:
    listed = payload.get("attachments")
    yield from count_problems("attachments", listed, most=ATTACHMENTS_MAX)
    if len(filenames) > ATTACHMENTS_MAX >= len(items_of(listed)):
        yield Problem(
            path="attachments", text=f"{len(filenames)} files, more than {ATTACHMENTS_MAX}"
        )
    for index, attachment in enumerate(items_of(listed)):
        if isinstance(attachment, Mapping):
            yield from text_problems(
                f"attachments[{index}].description",
                attachment.get("description"),
                longest=ALT_TEXT_MAX,
            )


def _foreign_to_v2(payload: Mapping[str, Any]) -> Iterator[Problem]:
    for field in NOT_IN_V2:
        if payload.get(field):
            yield Problem(path=field, text="cannot be used with the IS_COMPONENTS_V2 flag")


def _dangling(payload: Mapping[str, Any], filenames: Sequence[str]) -> Iterator[Problem]:
    media = [*embed_media(payload.get("embeds")), *component_media(payload.get("components"))]
    for path, url in media:
        if url.startswith(ATTACHMENT) and url.removeprefix(ATTACHMENT) not in filenames:
            yield Problem(path=path, text=f"{url} names no attachment of this message")
