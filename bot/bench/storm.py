"""A plan carried out: members who ask, cancel and ask again, and the troubles between them."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.bench.chaos_plan import Ask, Plan, Trouble, What
from bot.bench.keeper import Keeper
from bot.bench.pixels import snapshot
from bot.bench.risks import RISKS
from bot.bench.risks.base import Facts
from bot.bench.town import YES, Town, asks, is_final, offers_again, offers_another
from bot.sandbox.discord.cards import Card, NeverHappened
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.refusals import Impossible


class Storm:
    """What happens between the first command and the last; the books are read afterwards."""

    def __init__(self, town: Town, keeper: Keeper, plan: Plan) -> None:
        self._town = town
        self._keeper = keeper
        self._plan = plan
        self._people = [town.member() for _ in range(plan.size.members)]
        self._began_at = 0.0
        self._in_trouble: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.cards: dict[str, Card] = {}
        self.unanswered = 0
        self.handlers: Mapping[What, Callable[[Facts], Awaitable[None]]] = {
            What.PROVIDER_CALL: self._provider_call,
            What.PROVIDER: self._provider,
            What.DISCORD_CALL: self._discord_call,
            What.GATEWAY: self._gateway,
            What.DELIVERY: self._delivery,
            What.CARD_DELETED: self._card_deleted,
            What.PERMISSION: self._permission,
            What.KILLED: self._killed,
        }

    async def rage(self) -> None:
        """Carry the plan out, then let everything be well again."""
        for (provider, desk), lives in self._plan.lives.items():
            for life in lives:
                getattr(self._town.hosts[provider].server, desk).next(**life)
        self._began_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for ask in self._plan.asks:
                group.create_task(self._ask(ask))
            for trouble in self._plan.troubles:
                group.create_task(self._happen(trouble))
        for host in self._town.hosts.values():
            host.server.faults.clear()
        self._town.discord.faults.clear()

    def owner_of(self, card: Card) -> Person:
        """Return who asked for a card, also where the answer came too late for them to see it."""
        asked_by = card.message.interaction_metadata
        assert asked_by is not None, "every card of ours answers an interaction"
        user_id = asked_by["user"]["id"]
        return next(person for person in self._people if person.id == user_id)

    # ------------------------------------------------------------ members

    async def _ask(self, ask: Ask) -> None:
        await self._reach(ask.at_s)
        person, channel = self._people[ask.member], self._town.channels[ask.channel]
        options = dict(ask.options)
        if ask.shade is not None:
            options["picture"] = snapshot(ask.shade)
        card = await self._shown(person.runs(ask.command, in_=channel, **options))
        if card is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._say_yes(person, card))
            group.create_task(self._go_on(ask, person, card))

    async def _say_yes(self, person: Person, card: Card) -> None:
        """Answer the question about the price, where there is one."""
        with suppress(NeverHappened):
            shown = await card.until(
                lambda v: asks(v) or is_final(v), timeout_s=self._plan.size.patience_s
            )
            if asks(shown):
                await self._shown(person.clicks(YES, on=card))

    async def _go_on(self, ask: Ask, person: Person, card: Card) -> None:
        if ask.cancels_after_s is not None:
            await asyncio.sleep(ask.cancels_after_s)
            await self._shown(person.clicks("Cancel", on=card))
        if ask.stranger_presses:
            stranger = self._people[(ask.member + 1) % len(self._people)]
            await self._shown(stranger.clicks("Cancel", on=card))
        if ask.asks_again or ask.asks_elsewhere:
            await self._ask_again(person, card, somebody_else=ask.asks_elsewhere)

    async def _ask_again(self, person: Person, card: Card, *, somebody_else: bool) -> None:
        """Press what is offered once a job is over: to do it again, or to ask another provider."""
        with suppress(NeverHappened):
            shown = await card.until(is_final, timeout_s=self._plan.size.patience_s)
            offered = offers_another if somebody_else else offers_again
            label = next((button.label for button in shown.buttons if offered(button.label)), None)
            if label is None:
                return
            again = await self._shown(person.clicks(label, on=card))
            if again is not None:
                await self._say_yes(person, again)

    async def _shown(self, doing: Awaitable[object]) -> Card | None:
        """Return the card that a member got; what only they can see is no card of a job."""
        try:
            answer = await doing
        except NeverHappened:
            self.unanswered += 1
            return None
        except Impossible:  # the button is gone, the channel closed: so be it
            return None
        if not isinstance(answer, Card) or answer.ephemeral:
            return None
        self.cards[answer.id] = answer
        return answer

    # ------------------------------------------------------------ troubles

    async def _happen(self, trouble: Trouble) -> None:
        await self._reach(trouble.at_s)
        await self.handlers[trouble.what](trouble.facts)

    async def _reach(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, self._began_at + at_s - time.monotonic()))

    async def _provider_call(self, facts: Facts) -> None:
        host = self._town.hosts[str(facts["provider"])]
        host.server.faults.add(str(facts["method"]), str(facts["pattern"]), **_fault(facts))

    async def _provider(self, facts: Facts) -> None:
        """Let a provider be in trouble, one trouble at a time: each puts back what it found."""
        name, for_s = str(facts["provider"]), facts["for_s"]
        assert isinstance(for_s, float)
        befall = RISKS[name].troubles[str(facts["trouble"])]
        async with self._in_trouble[name]:
            await befall(self._town.hosts[name].server, for_s)

    async def _discord_call(self, facts: Facts) -> None:
        faults = self._town.discord.faults
        faults.add(str(facts["method"]), str(facts["pattern"]), **_fault(facts))

    async def _gateway(self, facts: Facts) -> None:
        self._town.discord.faults.socket(str(facts["fault"]))

    async def _delivery(self, facts: Facts) -> None:
        wishes: Any = facts
        self._town.discord.deliver(**wishes)

    async def _card_deleted(self, facts: Facts) -> None:
        which = facts["which"]
        assert isinstance(which, float)
        cards = [card for card in self.cards.values() if not card.deleted]
        if cards:
            self._town.discord.delete_message(cards[int(which * len(cards))])

    async def _permission(self, facts: Facts) -> None:
        number = facts["channel"]
        assert isinstance(number, int)
        channel, permission = self._town.channels[number], str(facts["permission"])
        self._town.discord.revoke(channel, permission)
        await _while(facts)
        self._town.discord.restore(channel, permission)

    async def _killed(self, _: Facts) -> None:
        await self._keeper.kill()


_WHERE = frozenset({"provider", "method", "pattern"})


def _fault(facts: Facts) -> Any:
    """Return what happens to a call, without which call it is."""
    return {name: fact for name, fact in facts.items() if name not in _WHERE}


async def _while(facts: Facts) -> None:
    seconds = facts["for_s"]
    assert isinstance(seconds, float)
    await asyncio.sleep(seconds)
