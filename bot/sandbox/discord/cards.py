"""What a person gets back: a card (a message that lives on), a modal, or choices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.components import walk
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.journal import Journal
from bot.sandbox.discord.messages import Message, MessageFlag
from bot.sandbox.discord.rendering import ShownFile
from bot.sandbox.discord.shown import Button, Shown
from bot.sandbox.discord.wire import Json

T = TypeVar("T")


class NeverHappened(AssertionError):
    """Somebody waited for something that did not come; the text tells the last requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One suggestion of an autocomplete."""

    name: str
    value: str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """A form that a person was shown."""

    interaction: Interaction
    payload: Json

    @property
    def title(self) -> str:
        """Its heading."""
        title: str = self.payload["title"]
        return title

    @property
    def custom_id(self) -> str:
        """The id that the submission carries back."""
        custom_id: str = self.payload["custom_id"]
        return custom_id

    @property
    def fields(self) -> dict[str, Json]:
        """Its inputs by `custom_id`."""
        inputs = (c for _, c in walk(self.payload["components"]) if "custom_id" in c)
        return {component["custom_id"]: dict(component) for component in inputs}


class Card:
    """A message as a person follows it: the present state, and every earlier one."""

    def __init__(
        self,
        message: Message,
        *,
        cdn: Cdn,
        journal: Journal,
        wait_s: float,
        ack_s: float | None = None,
    ) -> None:
        self.message = message
        self._cdn = cdn
        self._journal = journal
        self._wait_s = wait_s
        self.ack_s = ack_s

    def __repr__(self) -> str:
        return f"<card {self.id}, {len(self.message.versions)} versions>\n{self.render()}"

    @property
    def id(self) -> str:
        """The message's id."""
        return self.message.id

    @property
    def versions(self) -> list[Shown]:
        """The edit log, oldest first."""
        return [Shown(version, cdn=self._cdn) for version in self.message.versions]

    @property
    def latest(self) -> Shown:
        """The card as it stands."""
        return Shown(self.message.latest, cdn=self._cdn)

    @property
    def text(self) -> str:
        """Everything written on it now."""
        return self.latest.text

    @property
    def attachments(self) -> list[ShownFile]:
        """Its files now."""
        return self.latest.attachments

    @property
    def buttons(self) -> list[Button]:
        """Its buttons now."""
        return self.latest.buttons

    @property
    def flags(self) -> MessageFlag:
        """Its flags now."""
        return self.latest.flags

    @property
    def accent(self) -> int | None:
        """Its colour now."""
        return self.latest.accent

    @property
    def deleted(self) -> bool:
        """Whether it is gone."""
        return self.message.deleted_at is not None

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.message.is_ephemeral

    def shows(self, text: str) -> bool:
        """Whether a person can read this text on it now."""
        return self.latest.shows(text)

    def render(self) -> str:
        """Draw the present state for a terminal."""
        return "(deleted)" if self.deleted else self.latest.render()

    async def until(
        self, wish: Callable[[Shown], object], *, timeout_s: float | None = None
    ) -> Shown:
        """Return the first version, from the present one on, that fulfils a wish.

        No version is skipped, however fast they follow one another. Raises `NeverHappened`.
        """
        position = len(self.message.versions) - 1

        def look() -> Shown | None:
            nonlocal position
            versions = self.versions
            while position < len(versions):
                if wish(versions[position]):
                    return versions[position]
                position += 1
            if self.deleted:
                raise NeverHappened(self._tell("was deleted before it showed what was wished"))
            return None

        return await self._wait(look, timeout_s)

    async def until_deleted(self, *, timeout_s: float | None = None) -> None:
        """Return when the message is gone. Raises `NeverHappened`."""
        await self._wait(lambda: self.deleted, timeout_s)

    async def _wait(self, look: Callable[[], T | None], timeout_s: float | None) -> T:
        limit_s = self._wait_s if timeout_s is None else timeout_s
        try:
            return await self.message.bell.until(look, timeout_s=limit_s)
        except TimeoutError as error:
            raise NeverHappened(self._tell(f"did not get there in {limit_s} s")) from error

    def _tell(self, what: str) -> str:
        return f"the card {what}; it shows:\n{self.render()}\n{self._journal.report()}"
