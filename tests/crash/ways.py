"""The ways on which jobs are killed: each provider, polling and called back, with its durable steps."""

from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.sandbox.providers.hosts import Host

PICTURES = 2
ENDING = ("collected", "delivered", "done")
ONE_CALL = ("make", "accept", "submitting", "running", *ENDING)
IN_PARTS = ("make", "accept", "submitting", "accepted", "submitting#2", "running", *ENDING)
KEPT = (*IN_PARTS[: -len(ENDING)], "keep", "facts", "keep#2", *ENDING)
TIMES_VARY = {"note_progress", "facts", "facts#2"}
"""Progress, and results kept one by one: how often these are written is the provider's affair."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a job of two pictures gets from the command to the card, with what is written on the way."""

    provider: str
    steps: tuple[str, ...]
    fails: str  # the script's word for it
    calls_back: bool = False
    asked: int = 1
    sends_again: bool = True  # an unsure submit, once

    @property
    def unsure(self) -> set[tuple[str, str]]:
        """After these kills nobody knows whether a submit has arrived; the operator may pay twice."""
        sent = [step for step in self.steps if step.startswith("submitting")]
        answered = [self.steps[self.steps.index(step) + 1] for step in sent]
        return {("after", step) for step in sent} | {("inside", step) for step in answered}

    async def asks(self, world, *, count=PICTURES):
        return await world.ann.runs(
            "/imagine", in_=world.channel, prompt="a cat", count=count, provider=self.provider
        )


WAYS = {
    "horde": Way(provider="horde", steps=ONE_CALL, fails="faulted"),
    "horde, called back": Way(provider="horde", steps=ONE_CALL, fails="faulted", calls_back=True),
    "aime": Way(provider="aime", steps=KEPT, fails="error", asked=PICTURES),
    "algovera": Way(provider="algovera", steps=KEPT, fails="failed", asked=PICTURES),
    "nebula": Way(
        provider="nebula", steps=IN_PARTS, fails="failed", asked=PICTURES, sends_again=False
    ),
    "ai_client": Way(provider="ai_client", steps=IN_PARTS, fails="error"),
}


@asynccontextmanager
async def at_work(world, way):
    """Open the small provider of a way and lead the world's service to it."""
    if way.calls_back:
        world.may_be_called()
        world.environment["EASEL_CALLBACK_POLL_S"] = "1"
    if way.provider == "horde":  # the world has one, with its own rules
        yield Host(name="horde", title="AI Horde", server=world.horde, settings={})
        return
    async with world.beside(way.provider) as host:
        yield host
