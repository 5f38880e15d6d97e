"""The scheduler's decisions, and properties of them in a small model of Discord's windows."""

import heapq
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.jobs import JobId, Target, UserId
from bot.ui import edit_queue
from bot.ui.edit_budgets import EditBudgets, Place, Refusal, Room
from bot.ui.edit_queue import Ask, Edit, EditQueue
from tests.ui.ui_fakes import NOON, job_with

GAP_S = 1.0
TARGET = job_with().target
ANN, BOB, EVE = UserId(1), UserId(2), UserId(3)


def place_of(target: Target) -> Place:
    return Place("edit", str(target.channel_id))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ask(
    job: str, owner: UserId = ANN, *, final=False, channel=1, at_s: float = 0.0, size: int = 0
) -> Ask:
    return Ask(
        job_id=JobId(job),
        owner_id=owner,
        target=replace(TARGET, channel_id=channel),
        asked_at=after(at_s),
        is_final=final,
        size_bytes=size,
    )


@dataclass
class Desk:
    """A queue whose channels have so many places left."""

    budgets: EditBudgets = field(default_factory=EditBudgets)

    def __post_init__(self):
        self.queue = EditQueue(self.budgets, place_of, gap_s=GAP_S)

    def leaves(self, remaining: int, *, limit: int = 1000, channel: int = 1, reset_s: float = 5.0):
        room = Room(bucket="b", limit=limit, remaining=remaining, reset_after_s=reset_s)
        self.budgets.learn(Place("edit", str(channel)), room, now=NOON)

    def begun(self, *, at_s: float = 0.0) -> list[str]:
        """Begin whatever may go now; return the names of the jobs in order."""
        return [edit.ask.job_id for edit in self.edits(at_s=at_s)]

    def edits(self, *, at_s: float = 0.0) -> list[Edit]:
        edits = []
        while (edit := self.queue.next(after(at_s))) is not None:
            edits.append(edit)
        return edits


@pytest.fixture
def desk():
    desk = Desk()
    desk.leaves(1000)
    return desk


def test_last_edits_go_before_progress(desk):
    desk.queue.ask(ask("progress"))
    desk.queue.ask(ask("last", final=True))

    assert desk.begun() == ["last", "progress"]


def test_members_take_turns(desk):
    for number in range(3):
        desk.queue.ask(ask(f"ann {number}", ANN, final=True, at_s=number))
    desk.queue.ask(ask("bob", BOB, final=True, at_s=9))
    desk.queue.ask(ask("eve", EVE, final=True, at_s=10))

    assert desk.begun() == ["ann 0", "bob", "eve", "ann 1", "ann 2"]


def test_who_was_served_longest_ago_comes_first(desk):
    for name, owner in (("a", ANN), ("b", BOB)):
        desk.queue.ask(ask(name, owner))
    desk.begun()

    desk.queue.ask(ask("b2", BOB, at_s=1))
    desk.queue.ask(ask("a2", ANN, at_s=2))

    assert desk.begun() == ["a2", "b2"]


def test_of_one_members_progress_the_newest_goes_first(desk):
    for number in range(3):
        desk.queue.ask(ask(f"{number}", at_s=number))

    assert desk.begun() == ["2", "1", "0"]


def test_a_newer_wish_takes_the_place_of_an_older_one(desk):
    assert not desk.queue.ask(ask("job"))
    assert desk.queue.ask(ask("job", at_s=1))
    assert desk.queue.ask(ask("job", final=True, at_s=2))

    [edit] = desk.edits()
    assert edit.ask.is_final
    assert desk.queue.waiting == 0


def test_a_message_has_one_edit_in_flight(desk):
    desk.queue.ask(ask("job"))
    [edit] = desk.edits()
    desk.queue.ask(ask("job", final=True))

    assert desk.begun() == []
    assert desk.queue.look_again_at() is None

    desk.queue.ended(edit, now=NOON, was_sent=True)
    assert desk.begun() == ["job"]


def test_a_message_rests_between_progress_edits_but_not_before_the_last(desk):
    desk.queue.ask(ask("job"))
    [edit] = desk.edits()
    desk.queue.ended(edit, now=NOON, was_sent=True)

    desk.queue.ask(ask("job"))
    assert desk.begun() == []
    assert desk.queue.look_again_at() == after(GAP_S)

    desk.queue.ask(ask("job", final=True))
    assert desk.begun() == ["job"]


def test_what_was_not_sent_needs_no_rest(desk):
    desk.queue.ask(ask("job"))
    [edit] = desk.edits()
    desk.queue.ended(edit, now=NOON, was_sent=False)

    desk.queue.ask(ask("job"))

    assert desk.begun() == ["job"]


def test_progress_leaves_the_last_places_of_a_channel():
    desk = Desk()
    desk.leaves(5, limit=5)
    for number in range(5):
        desk.queue.ask(ask(f"progress {number}", UserId(number)))

    assert len(desk.begun()) == 3

    for number in range(3):
        desk.queue.ask(ask(f"last {number}", UserId(number), final=True))
    assert desk.begun() == ["last 0", "last 1"]


def test_a_full_channel_does_not_hold_up_another():
    desk = Desk()
    desk.leaves(0, limit=5)
    desk.queue.ask(ask("here", final=True))
    desk.queue.ask(ask("there", BOB, channel=2))

    assert desk.begun() == ["there"]
    assert desk.queue.look_again_at() == after(5)
    assert desk.begun(at_s=5) == ["here"]


def test_a_global_pause_holds_everything_and_then_lets_go(desk):
    refusal = Refusal(retry_after_s=2.0, is_global=True)
    desk.budgets.refuse(Place("any", ""), refusal, now=NOON)
    desk.queue.ask(ask("last", final=True))
    desk.queue.ask(ask("progress", BOB, channel=2))

    assert desk.begun(at_s=1.9) == []
    assert desk.queue.look_again_at() == after(2)
    assert desk.begun(at_s=2) == ["last", "progress"]


def test_seats_are_bounded_and_some_are_kept_for_last_edits(desk):
    for number in range(edit_queue.IN_FLIGHT_MAX):
        desk.queue.ask(ask(f"progress {number}", UserId(number)))
    assert len(desk.begun()) == edit_queue.PROGRESS_IN_FLIGHT_MAX

    for number in range(edit_queue.IN_FLIGHT_MAX):
        desk.queue.ask(ask(f"last {number}", UserId(number), final=True))
    desk.begun()
    assert desk.queue.in_flight == edit_queue.IN_FLIGHT_MAX


def test_uploads_are_bounded_by_their_size_and_a_huge_one_goes_alone(desk):
    half = edit_queue.BYTES_IN_FLIGHT_MAX // 2
    desk.queue.ask(ask("huge", final=True, size=4 * half))
    [huge] = desk.edits()
    for number in range(3):
        desk.queue.ask(ask(f"{number}", final=True, at_s=number, size=half))
    assert desk.begun() == []

    desk.queue.ended(huge, now=NOON, was_sent=True)
    assert desk.begun() == ["0", "1"]


def test_what_is_withdrawn_does_not_go(desk):
    desk.queue.ask(ask("last", final=True))
    desk.queue.ask(ask("progress"))

    desk.queue.withdraw_progress()
    assert desk.queue.withdraw(JobId("last"))

    assert desk.begun() == []
    assert (desk.queue.waiting, desk.queue.look_again_at()) == (0, None)


def test_wishes_that_wait_long_and_change_often_do_not_pile_up():
    desk = Desk()
    desk.leaves(0, limit=5)
    for _ in range(100):
        desk.queue.ask(ask("here"))
        desk.queue.ask(ask("there", BOB, channel=2, final=True))
        desk.begun()
        desk.queue.ask(ask("behind", EVE, channel=2))

    assert len(desk.queue._later) == 1
    assert sum(map(len, desk.queue._behind.values())) <= 2


# ---------------------------------------------------------------- properties


@dataclass
class Window:
    ends_at: datetime
    used: int = 0


class ModelDiscord:
    """Fixed windows by channel; counts when a request arrives, answers when it is over."""

    def __init__(self, *, limit: int, per_s: float) -> None:
        self.limit, self.per = limit, timedelta(seconds=per_s)
        self.windows: dict[Place, Window] = {}
        self.refused = 0

    def takes(self, place: Place, now: datetime) -> Room:
        window = self.windows.get(place)
        if window is None or now >= window.ends_at:
            window = self.windows[place] = Window(ends_at=now + self.per)
        window.used += 1
        self.refused += window.used > self.limit
        return Room(
            bucket="b",
            limit=self.limit,
            remaining=max(0, self.limit - window.used),
            reset_after_s=(window.ends_at - now).total_seconds(),
        )


@dataclass(frozen=True)
class Wish:
    at_s: float
    job: int
    is_final: bool
    takes_s: float


WISHES = st.lists(
    st.builds(
        Wish,
        at_s=st.integers(0, 200).map(lambda tenths: tenths / 10),
        job=st.integers(0, 14),
        is_final=st.booleans(),
        takes_s=st.sampled_from([0.05, 0.3, 2.0]),
    ),
    min_size=1,
    max_size=60,
)


class Run:
    """Plays wishes against the model until nothing is left; checks what must hold all the time."""

    def __init__(self, wishes: list[Wish], *, limit: int, per_s: float) -> None:
        self.discord = ModelDiscord(limit=limit, per_s=per_s)
        self.budgets = EditBudgets()
        self.queue = EditQueue(self.budgets, place_of, gap_s=GAP_S)
        self.wishes = sorted(wishes, key=lambda wish: wish.at_s)
        self.now = NOON
        self.under_way: list[tuple[datetime, int, Edit, Room]] = []
        self.takes_s: dict[JobId, float] = {}
        self.asked_at: dict[int, datetime] = {}
        self.begun: list[Edit] = []
        self.wanted: dict[JobId, Ask] = {}

    def play(self) -> None:
        while True:
            self._begin()
            moments = [
                *(after(wish.at_s) for wish in self.wishes[:1]),
                *(entry[0] for entry in self.under_way[:1]),
                *filter(None, [self.queue.look_again_at()]),
            ]
            if not moments:
                return
            self.now = max(self.now, min(moments))
            while self.wishes and after(self.wishes[0].at_s) <= self.now:
                self._wish(self.wishes.pop(0))
            while self.under_way and self.under_way[0][0] <= self.now:
                self._end()

    def _wish(self, wish: Wish) -> None:
        # a channel for each five jobs, a member for each three
        wanted = ask(
            str(wish.job),
            UserId(wish.job // 3),
            final=wish.is_final,
            channel=wish.job // 5,
            at_s=wish.at_s,
        )
        known = self.wanted.get(wanted.job_id)
        if known is None or not known.is_final:  # the editor shows nothing after a last edit
            self.wanted[wanted.job_id] = wanted
            self.takes_s[wanted.job_id] = wish.takes_s
            self.queue.ask(wanted)

    def _begin(self) -> None:
        while (edit := self.queue.next(self.now)) is not None:
            flying = {entry[2].ask.job_id for entry in self.under_way}
            assert edit.ask.job_id not in flying, "one edit in flight for a message"
            if not edit.ask.is_final:
                self._check_no_final_waits_at(edit.place, flying)
            self.begun.append(edit)
            self.asked_at[len(self.begun)] = self.now
            room = self.discord.takes(edit.place, self.now)
            ends_at = self.now + timedelta(seconds=self.takes_s[edit.ask.job_id])
            heapq.heappush(self.under_way, (ends_at, len(self.begun), edit, room))

    def _check_no_final_waits_at(self, place: Place, flying: set[JobId]) -> None:
        done = {edit.ask for edit in self.begun}
        waiting = [
            wanted
            for wanted in self.wanted.values()
            if wanted.is_final and wanted not in done and wanted.job_id not in flying
        ]
        assert place not in {place_of(wanted.target) for wanted in waiting}

    def _end(self) -> None:
        _, number, edit, room = heapq.heappop(self.under_way)
        self.budgets.learn(edit.place, room, asked_at=self.asked_at.pop(number), now=self.now)
        self.queue.ended(edit, now=self.now, was_sent=True)


LIMITS = st.sampled_from([(1, 0.5), (2, 1.0), (5, 2.0), (5, 5.0), (50, 1.0)])


ROOM_TOLD_ELSEWHERE = [  # the answer in one channel tells the limit of all while two wait in another
    Wish(at_s=0.0, job=0, is_final=False, takes_s=0.05),
    Wish(at_s=0.0, job=12, is_final=True, takes_s=0.3),
    Wish(at_s=0.0, job=11, is_final=True, takes_s=0.05),
    Wish(at_s=0.1, job=10, is_final=False, takes_s=0.05),
]


@settings(max_examples=150, deadline=None)
@given(wishes=WISHES, limit=LIMITS)
@example(wishes=ROOM_TOLD_ELSEWHERE, limit=(5, 2.0))
def test_discord_never_has_to_refuse_and_every_newest_wish_is_fulfilled(wishes, limit):
    run = Run(wishes, limit=limit[0], per_s=limit[1])

    run.play()

    newest = {edit.ask.job_id: edit.ask for edit in run.begun}
    assert newest == run.wanted
    assert run.discord.refused == 0
    assert (run.queue.waiting, run.queue.in_flight) == (0, 0)


@settings(max_examples=100, deadline=None)
@given(wishes=WISHES, limit=LIMITS)
def test_what_is_kept_is_bounded_by_the_messages(wishes, limit):
    run = Run(wishes, limit=limit[0], per_s=limit[1])

    run.play()
    for job_id in run.wanted:
        run.queue.forget(job_id)

    queue = run.queue
    kept = (
        (queue._asks, queue._busy, queue._rests, queue._behind, queue._later, queue._later_than),
        (queue._finals, queue._progress, run.budgets._under_way),
    )
    assert not [each for some in kept for each in some if list(each)]
