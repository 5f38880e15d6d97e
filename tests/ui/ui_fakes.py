"""Fakes with memory for what stands around the ui: a clock, Discord's two sides, a tracker."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord import ui

from bot.domain.askers import Asker
from bot.domain.credits import AccountId, Microcredits, credits_of
from bot.domain.house_rules import HouseRules
from bot.domain.jobs import CardFile, Job, JobId, Picture, PictureFile, Second, Target, UserId
from bot.domain.keys import KeyKind
from bot.domain.requests import BlobId, PictureRequest
from bot.ui.edit_budgets import Place

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
OWNER = UserId(81_000_000_000_000_001)
ASKER = Asker(id=OWNER, guild_id=4, channel_id=2)
WAIT_S_MAX = 10
PRICE, PLENTY = credits_of(24), credits_of(1000)


def job_with(**changes: Any) -> Job:
    facts: dict[str, Any] = {
        "id": JobId("1100000000000000001"),
        "owner_id": OWNER,
        "request": PictureRequest(
            prompt="a cat in a boat", count=4, width=1024, height=1024, model="SDXL", seed=77
        ),
        "target": Target(
            application_id=1,
            channel_id=2,
            message_id=3,
            guild_id=4,
            created_at=NOON,
            file_bytes_max=10 * 2**20,
            token="interaction-token",
        ),
        "provider": "horde",
        "price": credits_of(24),
        "created_at": NOON,
        "changed_at": NOON,
    }
    return Job(**{**facts, **changes})


def picture(number: int, **changes: Any) -> Picture:
    facts: dict[str, Any] = {
        "item_id": f"item-{number}",
        "blob": BlobId(f"{number:064x}"),
        "mime": "image/webp",
        "width": 64,
        "height": 64,
        "size_bytes": 100,
        "seed": str(76 + number),
        "model": "SDXL",
    }
    return Picture(**{**facts, **changes})


def picture_file(number: int, *, size: int = 100) -> PictureFile:
    return PictureFile(name=f"easel-{number}.webp", data=bytes(size), alt="a cat in a boat")


class TurnedClock:
    """A clock that only moves when somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Sent:
    """One edit as Discord would see it."""

    title: str
    uploaded: tuple[str, ...]
    kept: tuple[str, ...]
    at: datetime
    view: ui.LayoutView


@dataclass
class ScriptedWire:
    """Discord's side of edits: takes what the script allows, remembers everything."""

    clock: TurnedClock
    script: list[Exception] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    refused: list[Exception] = field(default_factory=list)
    in_flight: int = 0
    in_flight_most: int = 0
    cancelled: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.gate.set()

    def place(self, target: Target) -> Place:
        return Place("edit", str(target.message_id))

    async def edit(
        self,
        target: Target,
        *,
        view: ui.LayoutView,
        files: Sequence[CardFile],
        kept: Mapping[str, int],
        is_last: bool,
    ) -> Mapping[str, int]:
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight, self.in_flight_most)
        await self._tell()
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        if self.script:
            self.refused.append(self.script.pop(0))
            await self._tell()
            raise self.refused[-1]
        stay = tuple(file.name for file in files if file.name in kept)
        come = tuple(file.name for file in files if file.name not in kept)
        assert all(file.data for file in files if file.name in come), "uploads need their bytes"
        self.sent.append(Sent(texts_of(view)[0], come, stay, self.clock.now(), view))
        await self._tell()
        return {file.name: 9000 + number for number, file in enumerate(files)}

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, is_so: Any) -> None:
        async with asyncio.timeout(WAIT_S_MAX), self.changed:
            await self.changed.wait_for(is_so)


class MemoryAlbum:
    """Pictures out of thin air; remembers how often and how small they were asked for."""

    def __init__(self, *, size: int = 100) -> None:
        self.size = size
        self.asked: list[int | None] = []
        self.previewed: list[bytes] = []

    async def files(self, job: Job, *, bytes_max: int | None = None) -> tuple[PictureFile, ...]:
        self.asked.append(bytes_max)
        size = min(self.size, bytes_max or self.size)
        return tuple(picture_file(number, size=size) for number in range(1, len(job.pictures) + 1))

    async def preview(self, job: Job) -> PictureFile | None:
        """Shrink every preview to its own bytes; what says "noise" is no picture."""
        assert job.progress is not None
        assert job.progress.preview is not None
        self.previewed.append(job.progress.preview)
        if job.progress.preview.startswith(b"noise"):
            return None
        name = f"easel-preview-{job.progress.preview[:8].decode()}.jpg"
        return PictureFile(name=name, data=job.progress.preview, alt="Unfinished: a cat")


def texts_of(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


class Refusal:
    """As much of an HTTP response as discord.py's exceptions look at."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = "scripted"


def discord_says(status: int, code: int) -> discord.HTTPException:
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError if status >= 500 else discord.HTTPException)
    return kind(Refusal(status), {"code": code, "message": "scripted"})


@dataclass(frozen=True)
class Answer:
    """What discord.py returns for a first answer."""

    message_id: int = 555


@dataclass
class Response:
    """The first answer to an interaction."""

    said: list[tuple[str, Any]] = field(default_factory=list)
    refusal: Exception | None = None

    def is_done(self) -> bool:
        return bool(self.said)

    async def send_message(
        self, content: str = "", *, view: ui.LayoutView | None = None, ephemeral: bool = False
    ) -> Answer:
        return self._take("ephemeral" if ephemeral else "public", view or content)

    async def send_modal(self, modal: ui.Modal) -> Answer:
        return self._take("form", modal)

    async def defer(self, **_: Any) -> Answer:
        return self._take("deferred", None)

    async def edit_message(self, *, view: ui.LayoutView) -> Answer:
        return self._take("edited", view)

    def _take(self, kind: str, what: Any) -> Answer:
        if self.refusal is not None:
            raise self.refusal
        assert not self.said, "an interaction is answered once"
        self.said.append((kind, what))
        return Answer()


@dataclass
class Followup:
    """What is said after the first answer."""

    said: list[tuple[str, Any]]

    async def send(self, content: str = "", *, ephemeral: bool = False) -> None:
        self.said.append(("ephemeral" if ephemeral else "public", content))


class MemoryClaims:
    """Remembers what was claimed, and what became of it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def make(self, job) -> None:
        self.said.append(("made", job.id))

    def let_go(self, job_id) -> None:
        self.said.append(("let go", job_id))

    async def drop(self, job_id) -> None:
        self.said.append(("dropped", job_id))


class FakeClient:
    """A client as far as a first answer looks at it."""

    def __init__(self) -> None:
        self.claims = MemoryClaims()


@dataclass
class FakeInteraction:
    """An interaction from its first answer on; `said` is everything, in order."""

    id: int = 1_100_000_000_000_000_009
    user_id: int = OWNER
    refusal: Exception | None = None
    may_moderate: bool = False
    message: Any = None
    channel: Any = None
    client: Any = field(default_factory=FakeClient)
    data: Any = None
    type: discord.InteractionType = discord.InteractionType.application_command
    created_at: datetime = NOON
    application_id: int = 1
    channel_id: int = 2
    guild_id: int | None = 4
    token: str = "interaction-token"
    filesize_limit: int = 10 * 2**20

    def __post_init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        self.response = Response(self.said, self.refusal)
        self.followup = Followup(self.said)
        self.user = discord.Object(self.user_id)
        self.permissions = discord.Permissions(manage_messages=self.may_moderate)

    async def edit_original_response(self, *, view: ui.LayoutView) -> None:
        self.said.append(("recoloured", view))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.said]


@dataclass(frozen=True, kw_only=True)
class FakeQuote:
    request: PictureRequest
    provider: str = "horde"
    price: Microcredits = PRICE
    key_kind: KeyKind = KeyKind.SERVICE
    payer: AccountId | None = None
    available: Microcredits | None = PLENTY
    is_price_open: bool = False
    notes: tuple[str, ...] = ()
    second: Second | None = None


class MemoryTracker:
    """A tracker that keeps jobs in a dict and calls in a list."""

    providers = (("horde", "AI Horde"),)

    def rules(self, guild_id: int | None) -> HouseRules:
        return HouseRules()

    def __init__(self, *jobs: Job, refusal: Exception | None = None) -> None:
        self.jobs = {job.id: job for job in jobs}
        self.refusal = refusal
        self.calls: list[str] = []
        self.uploads: Any = None
        self.is_accepting = True

    def quote(
        self, request: PictureRequest, *, asker: Asker, provider: str | None = None
    ) -> FakeQuote:
        self.calls.append("quote")
        return FakeQuote(request=request)

    async def submit(
        self,
        quote: FakeQuote,
        *,
        job_id: JobId,
        owner_id: UserId,
        target: Target,
        uploads: Any = None,
        parent_id: JobId | None = None,
    ) -> Job:
        if uploads is not None:
            self.uploads = [await read() for read in (uploads.source, uploads.mask) if read]
        self.calls.append("submit")
        if self.refusal is not None:
            raise self.refusal
        job = job_with(
            id=job_id,
            owner_id=owner_id,
            target=target,
            parent_id=parent_id,
            request=quote.request,
        )
        self.jobs[job_id] = job
        return job

    async def get(self, job_id: JobId) -> Job | None:
        return self.jobs.get(job_id)

    async def cancel(self, job_id: JobId, *, by: UserId, may_moderate: bool) -> Job:
        self.calls.append(f"cancel by {by}, may moderate: {may_moderate}")
        if self.refusal is not None:
            raise self.refusal
        return self.jobs[job_id]
