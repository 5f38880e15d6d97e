"""A plan carried out: members who ask, cancel and ask again, and the troubles between them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.bench.chaos_plan import Ask, Facts, Plan, Trouble, What
from bot.bench.keeper import Keeper
from bot.bench.town import YES, Town, asks, is_final
from bot.sandbox.discord.cards import Card, NeverHappened
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.refusals import Impossible

PATIENCE_S = 10.0  # of a member who wants to ask again


class Storm:
    """What happens between the first command and the last; the books are read afterwards."""

    def __init__(self, town: Town, keeper: Keeper, plan: Plan) -> None:
        self._town = town
        self._keeper = keeper
        self._plan = plan
        self._people = [town.member() for _ in range(plan.size.members)]
        self._began_at = 0.0
        self.cards: dict[str, Card] = {}
        self.unanswered = 0
        self.handlers: Mapping[What, Callable[[Facts], Awaitable[None]]] = {
            What.HORDE_CALL: self._horde_call,
            What.HORDE_AWAY: self._horde_away,
            What.PICTURES_AWAY: self._pictures_away,
            What.HORDE_RESTARTS: self._horde_restarts,
            What.HORDE_FORGETS: self._horde_forgets,
            What.MAINTENANCE: self._maintenance,
            What.TIMED_OUT: self._timed_out,
            What.DISCORD_CALL: self._discord_call,
            What.GATEWAY: self._gateway,
            What.DELIVERY: self._delivery,
            What.CARD_DELETED: self._card_deleted,
            What.PERMISSION: self._permission,
            What.KILLED: self._killed,
        }

    async def rage(self) -> None:
        """Carry the plan out, then let everything be well again."""
        self._began_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for ask in self._plan.asks:
                group.create_task(self._ask(ask))
            for trouble in self._plan.troubles:
                group.create_task(self._happen(trouble))
        self._town.horde.faults.clear()
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
        script: Any = dict(ask.script)
        self._town.horde.script.next(**script)
        person, channel = self._people[ask.member], self._town.channels[ask.channel]
        card = await self._shown(
            person.runs("/imagine", in_=channel, prompt=ask.prompt, count=ask.count)
        )
        if card is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._say_yes(person, card))
            group.create_task(self._go_on(ask, person, card))

    async def _say_yes(self, person: Person, card: Card) -> None:
        """Answer the question about the price, where there is one."""
        with suppress(NeverHappened):
            shown = await card.until(lambda v: asks(v) or is_final(v), timeout_s=PATIENCE_S)
            if asks(shown):
                await self._shown(person.clicks(YES, on=card))

    async def _go_on(self, ask: Ask, person: Person, card: Card) -> None:
        if ask.cancels_after_s is not None:
            await asyncio.sleep(ask.cancels_after_s)
            await self._shown(person.clicks("Cancel", on=card))
        if ask.stranger_presses:
            stranger = self._people[(ask.member + 1) % len(self._people)]
            await self._shown(stranger.clicks("Cancel", on=card))
        if ask.asks_again:
            await self._ask_again(person, card)

    async def _ask_again(self, person: Person, card: Card) -> None:
        with suppress(NeverHappened):
            shown = await card.until(is_final, timeout_s=PATIENCE_S)
            label = next(b.label for b in shown.buttons if b.label.lower().endswith("again"))
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

    async def _horde_call(self, facts: Facts) -> None:
        wishes: Any = {name: fact for name, fact in facts.items() if name not in _ROUTE}
        self._town.horde.faults.add(str(facts["method"]), str(facts["pattern"]), **wishes)

    async def _horde_away(self, facts: Facts) -> None:
        async with self._town.horde_door, self._town.horde.refusing():
            await _while(facts)

    async def _pictures_away(self, facts: Facts) -> None:
        async with self._town.pictures_door, self._town.horde.refusing_pictures():
            await _while(facts)

    async def _horde_restarts(self, _: Facts) -> None:
        async with self._town.horde_door:
            await self._town.horde.restart(with_memory=True)

    async def _horde_forgets(self, _: Facts) -> None:
        async with self._town.horde_door:
            await self._town.horde.restart(with_memory=False)

    async def _maintenance(self, facts: Facts) -> None:
        self._town.horde.switch(maintenance=True)
        await _while(facts)
        self._town.horde.switch(maintenance=False)

    async def _timed_out(self, facts: Facts) -> None:
        seconds = facts["for_s"]
        assert isinstance(seconds, float)
        self._town.horde.time_out(seconds * self._town.horde.clock.speed)

    async def _discord_call(self, facts: Facts) -> None:
        wishes: Any = {name: fact for name, fact in facts.items() if name not in _ROUTE}
        self._town.discord.faults.add(str(facts["method"]), str(facts["pattern"]), **wishes)

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


_ROUTE = frozenset({"method", "pattern"})


async def _while(facts: Facts) -> None:
    seconds = facts["for_s"]
    assert isinstance(seconds, float)
    await asyncio.sleep(seconds)
