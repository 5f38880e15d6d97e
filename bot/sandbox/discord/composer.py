"""From a request's body and files to the next version of a message, or to Discord's refusal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.discord.attachments import Attachment, Listing, read_listing
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.components import Kind, walk
from bot.sandbox.discord.embeds import settle_embed
from bot.sandbox.discord.journal import Journal
from bot.sandbox.discord.mentions import pinged_users
from bot.sandbox.discord.message_rules import message_problems, unreferenced_attachments
from bot.sandbox.discord.messages import Message, MessageFlag, Version, Via, media_payload
from bot.sandbox.discord.problems import EMPTY_MESSAGE, Problem
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint
from bot.sandbox.discord.stored_components import SCHEME, Media, ResolveMedia, settle
from bot.sandbox.discord.wire import (
    ApiError,
    Flaw,
    Json,
    UploadedFile,
    empty_message,
    invalid_body,
    too_large,
)

STATE = ("content", "embeds", "components")
FLAGS_AT_BIRTH = (
    MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.COMPONENTS_V2
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants a message to say."""

    body: Json
    files: Sequence[UploadedFile] = ()
    via: Via
    channel_id: str
    file_bytes_max: int
    ephemeral: bool = False


class Composer:
    """Checks and settles drafts. It changes nothing but the CDN's store."""

    def __init__(
        self, *, rules: DiscordRules, clock: Clock, mint: Mint, cdn: Cdn, journal: Journal
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._mint = mint
        self._cdn = cdn
        self._journal = journal

    def loading(self, *, ephemeral: bool, via: Via) -> Version:
        """Return the "thinking…" version that a deferred answer makes."""
        flags = MessageFlag.LOADING | (MessageFlag.EPHEMERAL if ephemeral else MessageFlag(0))
        return Version(number=0, at=self._clock.now(), via=via, flags=flags, sent={})

    def first(self, draft: Draft) -> Version:
        """Compose a new message. Raises `ApiError`."""
        flags = MessageFlag(draft.body.get("flags") or 0) & FLAGS_AT_BIRTH
        if draft.ephemeral:
            flags |= MessageFlag.EPHEMERAL
        return self._compose(draft, before=None, flags=flags)

    def following(self, message: Message, draft: Draft) -> Version:
        """Compose an edit. Raises `ApiError`."""
        before = message.latest
        asked = MessageFlag(draft.body.get("flags") or 0)
        flags = before.flags & ~MessageFlag.LOADING | asked & MessageFlag.COMPONENTS_V2
        if "flags" in draft.body:
            flags = flags & ~MessageFlag.SUPPRESS_EMBEDS | asked & MessageFlag.SUPPRESS_EMBEDS
        return self._compose(draft, before=before, flags=flags)

    def _compose(self, draft: Draft, *, before: Version | None, flags: MessageFlag) -> Version:
        self._weigh(draft)
        body = draft.body
        old = before.sent if before else {}
        sent = {name: body[name] if name in body else old.get(name) for name in STATE}
        listing = read_listing(
            body.get("attachments"),
            files=draft.files,
            present=before.attachments if before else (),
        )
        self._judge(sent, body=body, listing=listing, flags=flags)
        attachments, uploaded = self._store(draft, listing)
        content = sent["content"] or ""
        components = settle(sent["components"] or [], media=self._resolver(attachments))
        embeds = [settle_embed(e, media=self._resolver(attachments)) for e in sent["embeds"] or []]
        allowed: Json | None = body.get("allowed_mentions")
        return Version(
            number=before.number + 1 if before else 0,
            at=self._clock.now(),
            via=draft.via,
            flags=flags,
            sent=sent,
            content=content,
            embeds=tuple(embeds),
            components=tuple(components),
            attachments=tuple(attachments),
            uploaded=tuple(uploaded),
            allowed_mentions=allowed,
            pings=tuple(pinged_users([content, *spoken(components)], allowed)),
        )

    def _weigh(self, draft: Draft) -> None:
        if any(len(file.data) > draft.file_bytes_max for file in draft.files):
            raise too_large()
        if sum(len(file.data) for file in draft.files) > self._rules.request_bytes_max:
            raise too_large()

    def _judge(self, sent: Json, *, body: Json, listing: Listing, flags: MessageFlag) -> None:
        filenames = [attachment.filename for attachment in listing.kept.values()]
        filenames += [stored_name(file.filename) for file, _ in listing.new]
        components_v2 = bool(flags & MessageFlag.COMPONENTS_V2)
        payload = sent | {"attachments": body.get("attachments") or []}
        problems = message_problems(payload, components_v2=components_v2, filenames=filenames)
        if problems:
            raise refusal(problems)
        if components_v2:
            for name in unreferenced_attachments(payload, filenames):
                self._journal.violate(f"attachment {name} is invisible: no component refers to it")

    def _store(self, draft: Draft, listing: Listing) -> tuple[list[Attachment], list[Attachment]]:
        stored = {
            file.index: self._cdn.store(
                file.data,
                filename=stored_name(file.filename),
                channel_id=draft.channel_id,
                description=entry.get("description"),
                spoiler=bool(entry.get("is_spoiler")),
                ephemeral=draft.ephemeral,
            )
            for file, entry in listing.new
        }
        return [
            listing.kept[key] if isinstance(key, str) else stored[key] for key in listing.order
        ], list(stored.values())

    def _resolver(self, attachments: Sequence[Attachment]) -> ResolveMedia:
        named = {attachment.filename: attachment for attachment in attachments}

        def resolve(url: str) -> Media:
            if url.startswith(SCHEME):
                attachment = named[url.removeprefix(SCHEME)]
                payload = media_payload(attachment, url=self._cdn.url(attachment))
                return Media(payload, attachment.size)
            return Media({"id": self._mint.mint(), "url": url, "proxy_url": url})

        return resolve


def stored_name(filename: str) -> str:
    """Rename a file as Discord does, so that a reference to the old name dangles here too."""
    return re.sub(r"[^\w.\-]", "_", filename)


def spoken(components: Sequence[Json]) -> list[str]:
    """Return what the text displays say, in order."""
    return [str(c["content"]) for _, c in walk(components) if c["type"] == Kind.TEXT_DISPLAY]


def refusal(problems: Sequence[Problem]) -> ApiError:
    """Turn broken rules into the error Discord answers with."""
    if problems[0].code == EMPTY_MESSAGE:
        return empty_message()
    return invalid_body(*(Flaw(problem.path, problem.text) for problem in problems))
