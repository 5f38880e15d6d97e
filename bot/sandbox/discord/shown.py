"""A version of a message as a person sees it: texts, buttons, pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.discord.attachments import Attachment
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.components import SELECTS, Component, Kind, kind_of, walk
from bot.sandbox.discord.composer import spoken
from bot.sandbox.discord.messages import MessageFlag, Version
from bot.sandbox.discord.rendering import ShownFile, drawn
from bot.sandbox.discord.wire import Json

LINK_STYLE, PREMIUM_STYLE = 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button on a card."""

    label: str
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None
    emoji: str | None
    component_id: int

    @property
    def face(self) -> str:
        """What stands on it."""
        return " ".join(filter(None, (self.emoji, self.label)))


class Shown:
    """One version of a message, read by eye."""

    def __init__(self, version: Version, *, cdn: Cdn) -> None:
        self._version = version
        self._cdn = cdn

    def __repr__(self) -> str:
        return f"<version {self.number} at {self.at:%H:%M:%S.%f}: {self.text!r}>"

    @property
    def number(self) -> int:
        """0 for the message as it was born."""
        return self._version.number

    @property
    def at(self) -> datetime:
        """When the server accepted this version."""
        return self._version.at

    @property
    def via(self) -> str:
        """By which door it came: callback, token, channel or person."""
        return self._version.via.value

    @property
    def flags(self) -> MessageFlag:
        """The message's flags."""
        return self._version.flags

    @property
    def is_loading(self) -> bool:
        """Whether it says "thinking…"."""
        return bool(self.flags & MessageFlag.LOADING)

    @property
    def content(self) -> str:
        """The plain content, empty in a Components V2 message."""
        return self._version.content

    @property
    def components(self) -> tuple[Json, ...]:
        """The components as stored."""
        return self._version.components

    @property
    def embeds(self) -> tuple[Json, ...]:
        """The embeds as stored."""
        return self._version.embeds

    @property
    def text(self) -> str:
        """Everything written: content, embeds, text displays, in reading order."""
        parts = [self.content, *self._embed_texts(), *spoken(self.components)]
        return "\n".join(part for part in parts if part)

    @property
    def attachments(self) -> list[ShownFile]:
        """Its files, in order."""
        return [self._shown_file(attachment) for attachment in self._version.attachments]

    @property
    def uploaded(self) -> list[ShownFile]:
        """The files that came with this very version."""
        return [self._shown_file(attachment) for attachment in self._version.uploaded]

    @property
    def buttons(self) -> list[Button]:
        """Its buttons, in reading order."""
        return [_button(c) for _, c in walk(self.components) if kind_of(c) is Kind.BUTTON]

    @property
    def selects(self) -> list[Json]:
        """Its select menus as stored, in reading order."""
        return [dict(c) for _, c in walk(self.components) if kind_of(c) in SELECTS]

    @property
    def accent(self) -> int | None:
        """The colour of the first container, or of the first embed."""
        for component in self.components:
            if kind_of(component) is Kind.CONTAINER:
                colour: int | None = component.get("accent_color")
                return colour
        return next((embed.get("color") for embed in self.embeds), None)

    @property
    def allowed_mentions(self) -> Json | None:
        """What the request allowed to be mentioned; None where it said nothing."""
        return self._version.allowed_mentions

    @property
    def pings(self) -> tuple[str, ...]:
        """Ids of the users whom its text may ping."""
        return self._version.pings

    def shows(self, text: str) -> bool:
        """Whether a person can read this text on it, buttons included."""
        return text in self.text or any(text in button.face for button in self.buttons)

    def render(self) -> str:
        """Draw it for a terminal, top to bottom."""
        lines = ["… thinking"] if self.is_loading else []
        lines += self.content.splitlines() if self.components else self.text.splitlines()
        lines += drawn(self.components, self.attachments)
        return "\n".join(lines)

    def _embed_texts(self) -> Iterator[str]:
        for embed in self.embeds:
            yield from (embed[key] for key in ("title", "description") if key in embed)
            for field in embed["fields"]:
                yield f"{field['name']}: {field['value']}"
            if "footer" in embed:
                yield embed["footer"]["text"]

    def _shown_file(self, attachment: Attachment) -> ShownFile:
        return ShownFile(
            id=attachment.id,
            filename=attachment.filename,
            description=attachment.description,
            data=attachment.data,
            url=self._cdn.url(attachment),
            content_type=attachment.content_type,
            width=attachment.width,
            height=attachment.height,
            spoiler=attachment.spoiler or attachment.id in self._covered(),
        )

    def _covered(self) -> set[str]:
        """Return ids of the attachments that a spoiler hides in their gallery."""
        galleries = (c for _, c in walk(self.components) if kind_of(c) is Kind.MEDIA_GALLERY)
        return {
            item["media"].get("attachment_id", "")
            for gallery in galleries
            for item in gallery["items"]
            if item["spoiler"]
        }


def _button(component: Component) -> Button:
    return Button(
        label=component.get("label") or "",
        custom_id=component.get("custom_id"),
        style=component["style"],
        disabled=bool(component.get("disabled")),
        url=component.get("url"),
        emoji=(component.get("emoji") or {}).get("name"),
        component_id=component["id"],
    )
