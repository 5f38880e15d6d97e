"""Which message is edited next: pure decisions over what waits, the budgets and the time.

Last edits come before progress, then the member whose edits were begun longest ago, then that
member's oldest last edit or newest progress. One edit at a time for each message, a bounded number
and a bounded size of all of them, and nothing where Discord has no room. Nothing waits in here: who
owns the loop asks for the `next` edit whenever something changed, and at `look_again_at`.
"""

import heapq
import itertools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.jobs import JobId, Target, UserId
from bot.ui.edit_budgets import EditBudgets, Place

IN_FLIGHT_MAX = 24
PROGRESS_IN_FLIGHT_MAX = 12  # the rest of the seats is for last edits
BYTES_IN_FLIGHT_MAX = 64 * 1024 * 1024
MEMBERS_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A message that wants an edit; `size_bytes` is what may have to be uploaded."""

    job_id: JobId
    owner_id: UserId
    target: Target
    asked_at: datetime
    is_final: bool
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An edit that may begin, and where it counts."""

    ask: Ask
    place: Place


class _Members:
    """The asks of one rank that could go now, by member."""

    def __init__(self) -> None:
        self._asks: defaultdict[UserId, dict[JobId, Ask]] = defaultdict(dict)

    def __iter__(self) -> Iterator[UserId]:
        return iter(self._asks)

    def add(self, ask: Ask) -> None:
        self._asks[ask.owner_id][ask.job_id] = ask

    def discard(self, ask: Ask) -> None:
        asks = self._asks.get(ask.owner_id, {})
        asks.pop(ask.job_id, None)
        if not asks:
            self._asks.pop(ask.owner_id, None)

    def oldest(self, owner_id: UserId) -> Ask:
        return min(self._asks[owner_id].values(), key=lambda ask: ask.asked_at)

    def newest(self, owner_id: UserId) -> Ask:
        return max(self._asks[owner_id].values(), key=lambda ask: ask.asked_at)


class EditQueue:
    """What waits and what is under way; at most one ask for each message."""

    def __init__(
        self, budgets: EditBudgets, place_of: Callable[[Target], Place], *, gap_s: float
    ) -> None:
        self._budgets = budgets
        self._place_of = place_of
        self._gap = timedelta(seconds=gap_s)
        self._asks: dict[JobId, Ask] = {}
        self._finals, self._progress = _Members(), _Members()
        self._later: list[tuple[datetime, JobId]] = []
        self._later_than: dict[JobId, datetime] = {}  # each is in the heap once for a moment
        self._behind: defaultdict[Place, dict[JobId, None]] = defaultdict(dict)
        self._rests: dict[JobId, datetime] = {}
        self._busy: dict[JobId, Edit] = {}
        self._served: OrderedDict[UserId, int] = OrderedDict()
        self._count = itertools.count(1)

    @property
    def waiting(self) -> int:
        """How many messages wait for an edit."""
        return len(self._asks)

    @property
    def in_flight(self) -> int:
        """How many edits are under way."""
        return len(self._busy)

    def ask(self, ask: Ask) -> bool:
        """Let a message wait for an edit; True when it replaced an older wish of that message."""
        was_waiting = self.withdraw(ask.job_id)
        self._asks[ask.job_id] = ask
        self._let_stand(ask.job_id)
        return was_waiting

    def withdraw(self, job_id: JobId) -> bool:
        """Take back what waits for a message; an edit under way is not touched."""
        ask = self._asks.pop(job_id, None)
        if ask is not None:
            self._rank(ask).discard(ask)
        return ask is not None

    def withdraw_progress(self) -> None:
        """Take back everything but last edits."""
        for ask in [ask for ask in self._asks.values() if not ask.is_final]:
            self.withdraw(ask.job_id)

    def forget(self, job_id: JobId) -> None:
        """Let go of a message that gets no more edits."""
        self.withdraw(job_id)
        self._rests.pop(job_id, None)

    def next(self, now: datetime) -> Edit | None:
        """Begin and return the most urgent edit that may go now, if any."""
        self._rouse(now)
        while (ask := self._most_urgent()) is not None:
            if not self._has_seat(ask):
                return None
            self._rank(ask).discard(ask)
            place = self._place_of(ask.target)
            moment = self._moment(ask, place, now)
            if moment is None:
                self._behind[place][ask.job_id] = None
            elif moment > now:
                self._put_off(ask.job_id, moment)
            elif not ask.is_final and self._finals_behind(place):
                # Another place's answer has told meanwhile that there is room here too.
                for waiting_id in (*self._behind.pop(place), ask.job_id):
                    self._let_stand(waiting_id)
            else:
                return self._begin(ask, place)
        return None

    def look_again_at(self) -> datetime | None:
        """Return when `next` may have more to say even if nothing else happens."""
        while self._later and self._later[0][1] not in self._asks:
            self._next_put_off()
        return self._later[0][0] if self._later else None

    def ended(self, edit: Edit, *, now: datetime, was_sent: bool) -> None:
        """Make room after an edit; its message rests for the gap if Discord was asked at all."""
        job_id = edit.ask.job_id
        del self._busy[job_id]
        self._budgets.give_back(edit.place)
        if was_sent and not edit.ask.is_final:
            self._rests[job_id] = now + self._gap
        for waiting_id in (*self._behind.pop(edit.place, ()), job_id):
            self._let_stand(waiting_id)

    def _finals_behind(self, place: Place) -> bool:
        """Tell whether a last edit waits for something to come back from a place."""
        waiting = (self._asks.get(job_id) for job_id in self._behind.get(place, ()))
        return any(ask is not None and ask.is_final for ask in waiting)

    def _begin(self, ask: Ask, place: Place) -> Edit:
        del self._asks[ask.job_id]
        edit = self._busy[ask.job_id] = Edit(ask=ask, place=place)
        self._budgets.take(place)
        self._served[ask.owner_id] = next(self._count)
        self._served.move_to_end(ask.owner_id)
        if len(self._served) > MEMBERS_REMEMBERED:
            self._served.popitem(last=False)
        return edit

    def _rouse(self, now: datetime) -> None:
        while self._later and self._later[0][0] <= now:
            self._let_stand(self._next_put_off())

    def _put_off(self, job_id: JobId, moment: datetime) -> None:
        if self._later_than.get(job_id) != moment:
            self._later_than[job_id] = moment
            heapq.heappush(self._later, (moment, job_id))

    def _next_put_off(self) -> JobId:
        moment, job_id = heapq.heappop(self._later)
        if self._later_than.get(job_id) == moment:
            del self._later_than[job_id]
        return job_id

    def _let_stand(self, job_id: JobId) -> None:
        """Put an ask among those that could go; repeating it, or too early, does no harm."""
        ask = self._asks.get(job_id)
        if ask is not None and job_id not in self._busy:
            self._rank(ask).add(ask)

    def _most_urgent(self) -> Ask | None:
        if (owner_id := self._longest_unserved(self._finals)) is not None:
            return self._finals.oldest(owner_id)
        if (owner_id := self._longest_unserved(self._progress)) is not None:
            return self._progress.newest(owner_id)
        return None

    def _longest_unserved(self, members: _Members) -> UserId | None:
        return min(members, key=lambda owner_id: self._served.get(owner_id, 0), default=None)

    def _has_seat(self, ask: Ask) -> bool:
        """Tell whether one more may be under way; a huge one goes when it is alone."""
        if not self._busy:
            return True
        under_way = [edit.ask for edit in self._busy.values()]
        if sum(each.size_bytes for each in under_way) + ask.size_bytes > BYTES_IN_FLIGHT_MAX:
            return False
        if len(under_way) >= IN_FLIGHT_MAX:
            return False
        progress = sum(not each.is_final for each in under_way)
        return ask.is_final or progress < PROGRESS_IN_FLIGHT_MAX

    def _moment(self, ask: Ask, place: Place, now: datetime) -> datetime | None:
        """Return when an ask may go; None for "when one comes back from its place"."""
        rests_until = self._rests.pop(ask.job_id, None)
        if rests_until is not None and rests_until > now and not ask.is_final:
            self._rests[ask.job_id] = rests_until
            return rests_until
        return self._budgets.opens_at(place, is_final=ask.is_final, now=now)

    def _rank(self, ask: Ask) -> _Members:
        return self._finals if ask.is_final else self._progress
