import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.credits import credits_of
from bot.domain.errors import CardDelayed, CardLost, StorageUnavailable
from bot.domain.jobs import Failure, FailureKind, Job, JobState, Passage, PassageKind, Progress
from bot.domain.requests import TextRequest
from bot.ui.edit_budgets import EditBudgets, Room
from bot.ui.editor import PREVIEWS_WAITING_BYTES_MAX, Editor, FilesTooLarge
from bot.ui.unbroken import landed_all
from tests.ui.ui_fakes import (
    NOON,
    MemoryAlbum,
    ScriptedWire,
    TurnedClock,
    job_with,
    picture,
    texts_of,
)

GAP_S = 1.0


class World:
    """An editor between a scripted Discord and an album."""

    def __init__(self, *, picture_bytes: int = 100) -> None:
        self.clock = TurnedClock()
        self.wire = ScriptedWire(self.clock)
        self.album = MemoryAlbum(size=picture_bytes)
        self.budgets = EditBudgets()
        self.editor = Editor(
            self.wire, self.album, self.clock, budgets=self.budgets, edit_gap_s=GAP_S
        )

    @property
    def titles(self) -> list[str]:
        return [sent.title for sent in self.wire.sent]

    @property
    def bars(self) -> list[str]:
        return [texts_of(sent.view)[2] for sent in self.wire.sent]


@pytest.fixture
async def world():
    world = World()
    yield world
    world.wire.gate.set()
    await landed_all()
    assert world.wire.cancelled == 0
    assert world.wire.in_flight_most <= 1


def running(finished: int, **changes) -> Job:
    seconds = changes.pop("eta_s", None)
    progress = Progress(
        is_queued=False,
        finished=finished,
        total=4,
        done_at=None if seconds is None else NOON + timedelta(seconds=seconds),
    )
    return job_with(state=JobState.RUNNING, progress=progress, **changes)


def delivered(pictures: int = 2) -> Job:
    return job_with(
        state=JobState.DELIVERED,
        pictures=tuple(picture(number) for number in range(1, pictures + 1)),
        charged=credits_of(12),
    )


async def test_the_newest_state_wins_while_an_edit_is_in_flight(world):
    world.wire.gate.clear()
    world.editor.show(running(0))
    await world.wire.until(lambda: world.wire.in_flight == 1)

    for finished in (1, 2, 3):
        world.editor.show(running(finished))
    world.wire.gate.set()
    await landed_all()

    assert len(world.bars) == 2
    assert "0 of 4" in world.bars[0]
    assert "3 of 4" in world.bars[1]


async def test_edits_of_one_message_keep_their_distance(world):
    world.editor.show(running(0))
    await landed_all()
    world.editor.show(running(1))
    await landed_all()

    first, second = world.wire.sent
    assert second.at - first.at >= timedelta(seconds=GAP_S)


async def test_what_looks_the_same_is_not_edited(world):
    world.editor.show(running(1))
    await landed_all()
    world.editor.show(running(1, attempt=3))
    await landed_all()

    assert len(world.wire.sent) == 1


async def test_an_estimate_that_wavers_is_no_visible_change(world):
    for eta_s in (60, 63, 52, 58):
        world.editor.show(running(1, eta_s=eta_s))
        await landed_all()
    assert len(world.wire.sent) == 1

    world.editor.show(running(1, eta_s=90))
    await landed_all()

    assert len(world.wire.sent) == 2


async def test_a_new_picture_is_a_visible_change_and_kept_ones_stay(world):
    world.editor.show(running(1, pictures=(picture(1),)))
    await landed_all()
    world.editor.show(running(2, pictures=(picture(1), picture(2))))
    await landed_all()

    first, second = world.wire.sent
    assert first.uploaded == ("easel-1.webp",)
    assert second.kept == ("easel-1.webp",)
    assert second.uploaded == ("easel-2.webp",)


async def test_pictures_that_are_there_are_not_loaded_again(world):
    pictures = (picture(1), picture(2))
    world.editor.show(running(2, pictures=pictures))
    await landed_all()

    world.editor.show(running(3, pictures=pictures))
    await landed_all()
    await world.editor.finish(delivered())

    assert len(world.wire.sent) == 3
    assert world.wire.sent[-1].uploaded == ()
    assert world.wire.sent[-1].kept == ("easel-1.webp", "easel-2.webp")
    assert len(world.album.asked) == 1


async def test_what_an_edit_without_an_answer_may_have_taken_away_is_not_kept(world):
    both = (picture(1), picture(2))
    world.editor.show(running(2, pictures=both))
    await landed_all()
    world.wire.script = [CardDelayed("nobody knows", retry_after_s=0.0)]
    world.editor.show(running(1, pictures=both[:1]))
    await landed_all()

    world.editor.show(running(2, pictures=both))
    await landed_all()

    assert world.wire.sent[-1].kept == ("easel-1.webp",)
    assert world.wire.sent[-1].uploaded == ("easel-2.webp",)


async def test_after_a_restart_all_pictures_are_uploaded_anew(world):
    await world.editor.finish(delivered())

    assert world.wire.sent[0].uploaded == ("easel-1.webp", "easel-2.webp")


async def test_finish_skips_the_line_and_comes_last(world):
    world.wire.gate.clear()
    world.editor.show(running(0))
    await world.wire.until(lambda: world.wire.in_flight == 1)
    world.editor.show(running(1))

    finishing = asyncio.create_task(world.editor.finish(delivered()))
    await asyncio.sleep(0)
    world.wire.gate.set()
    await finishing
    await landed_all()

    assert world.titles == ["### Drawing", "### Done"]
    assert world.clock.slept == []


async def test_a_second_last_edit_at_once_is_a_mistake_and_does_not_strand_the_first(world):
    world.wire.gate.clear()
    world.editor.show(running(0))
    await world.wire.until(lambda: world.wire.in_flight == 1)
    first = asyncio.create_task(world.editor.finish(delivered()))
    await asyncio.sleep(0)

    with pytest.raises(AssertionError):
        await world.editor.finish(delivered())
    world.wire.gate.set()
    await first

    assert world.titles[-1] == "### Done"


async def test_finish_returns_only_when_discord_has_taken_it(world):
    world.wire.gate.clear()
    finishing = asyncio.create_task(world.editor.finish(delivered()))
    await world.wire.until(lambda: world.wire.in_flight == 1)

    assert not finishing.done()

    world.wire.gate.set()
    await finishing
    assert world.titles == ["### Done"]


async def test_states_that_come_after_the_last_one_change_nothing(world):
    await world.editor.finish(delivered())

    world.editor.show(running(3))
    await landed_all()

    assert world.titles == ["### Done"]


async def test_who_stops_waiting_does_not_cancel_the_edit(world):
    world.wire.gate.clear()
    finishing = asyncio.create_task(world.editor.finish(delivered()))
    await world.wire.until(lambda: world.wire.in_flight == 1)

    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    world.wire.gate.set()
    await landed_all()

    assert world.titles == ["### Done"]


async def test_a_delayed_last_edit_is_tried_again_with_pauses(world):
    world.wire.script = [CardDelayed("away", retry_after_s=1.0)] * 3

    await world.editor.finish(delivered())

    assert world.titles == ["### Done"]
    assert world.clock.slept == [1.0, 1.0, 2.0]


async def test_a_discord_that_stays_away_delays_the_card(world):
    world.wire.script = [CardDelayed("away", retry_after_s=1.0)] * 50

    with pytest.raises(CardDelayed):
        await world.editor.finish(delivered())

    assert len(world.wire.refused) == 5


async def test_a_long_pause_is_left_to_the_caller(world):
    world.wire.script = [CardDelayed("limit", retry_after_s=60.0)]

    with pytest.raises(CardDelayed) as delayed:
        await world.editor.finish(delivered())

    assert delayed.value.retry_after_s == 60.0
    assert world.clock.slept == []


async def test_a_delayed_card_is_finished_by_a_later_call(world):
    world.wire.script = [CardDelayed("limit", retry_after_s=60.0)]
    with pytest.raises(CardDelayed):
        await world.editor.finish(delivered())

    await world.editor.finish(delivered())

    assert world.titles == ["### Done"]


async def test_a_lost_card_is_said_to_be_lost(world):
    world.wire.script = [CardLost("deleted")]

    with pytest.raises(CardLost):
        await world.editor.finish(delivered())

    assert len(world.wire.refused) == 1


async def test_progress_on_a_lost_card_is_given_up(world):
    world.wire.script = [CardLost("deleted")]
    world.editor.show(running(0))
    await landed_all()

    world.editor.show(running(1))
    await landed_all()

    assert world.wire.sent == []
    assert len(world.wire.refused) == 1


@pytest.mark.parametrize(
    "error", [CardDelayed("away", retry_after_s=1.0), StorageUnavailable("full")]
)
async def test_progress_that_failed_is_shown_with_the_next_state(world, error):
    world.wire.script = [error]
    world.editor.show(running(1))
    await landed_all()
    assert world.wire.sent == []

    world.editor.show(running(1))
    await landed_all()

    assert "1 of 4" in world.bars[0]


async def test_files_that_are_too_large_are_halved_until_they_pass():
    world = World(picture_bytes=8 * 2**20)
    world.wire.script = [FilesTooLarge("big"), FilesTooLarge("big")]

    await world.editor.finish(delivered())

    assert world.album.asked == [None, 4 * 2**20, 2 * 2**20]
    assert world.titles == ["### Done"]


async def test_pictures_that_were_there_are_made_smaller_too():
    world = World(picture_bytes=2**20)
    world.editor.show(running(1, pictures=(picture(1),)))
    await landed_all()
    world.wire.script = [FilesTooLarge("big")]

    await world.editor.finish(delivered())

    assert world.wire.sent[-1].uploaded == ("easel-1.webp", "easel-2.webp")


async def test_files_that_are_too_large_at_any_size_lose_the_card():
    world = World(picture_bytes=2**20)
    world.wire.script = [FilesTooLarge("big")] * 50

    with pytest.raises(CardLost):
        await world.editor.finish(delivered())

    assert len(world.wire.refused) < 10


async def test_nothing_is_remembered_of_a_finished_card(world):
    world.editor.show(running(1))
    await landed_all()

    await world.editor.finish(delivered())

    assert world.editor._lines == {}


async def test_a_stopped_editor_shows_no_more_progress_but_still_finishes(world):
    world.editor.stop()

    world.editor.show(running(1))
    await world.editor.finish(delivered())

    assert world.titles == ["### Done"]


async def test_cards_do_not_wait_for_one_another():
    world = World()
    world.wire.gate.clear()
    other = running(1).evolve(
        id="1100000000000000002", target=replace(running(1).target, message_id=33)
    )
    world.editor.show(running(1))
    world.editor.show(other)

    await world.wire.until(lambda: world.wire.in_flight == 2)

    world.wire.gate.set()
    await landed_all()
    assert len(world.wire.sent) == 2


async def test_every_edit_has_a_view_of_its_own(world):
    for finished in range(3):
        world.editor.show(running(finished))
        await landed_all()

    assert len({id(sent.view) for sent in world.wire.sent}) == 3


# ---------------------------------------------------------------- unfinished pictures and words


def drawing(preview: bytes | None, *, finished: int = 0, **changes) -> Job:
    progress = Progress(is_queued=False, finished=finished, total=4, preview=preview)
    return job_with(state=JobState.RUNNING, progress=progress, **changes)


def writing(text: str | None, **changes) -> Job:
    progress = Progress(is_queued=False, finished=0, total=1, text=text)
    request = TextRequest(prompt="Tell me.", length=100)
    return job_with(state=JobState.RUNNING, progress=progress, request=request, **changes)


async def show(world, *jobs: Job) -> None:
    for job in jobs:
        world.editor.show(job)
        await landed_all()


async def test_a_preview_is_shown_and_a_newer_one_takes_its_place(world):
    await show(world, drawing(b"one"), drawing(b"two"))

    first, second = world.wire.sent
    assert first.uploaded == ("easel-preview-one.jpg",)
    assert second.uploaded == ("easel-preview-two.jpg",)
    assert second.kept == ()


async def test_the_same_preview_again_is_no_visible_change_and_no_work(world):
    await show(world, drawing(b"one"), drawing(b"one"), drawing(None))

    assert len(world.wire.sent) == 1
    assert world.album.previewed == [b"one"]


async def test_a_preview_stays_while_other_things_change(world):
    trouble = Failure(kind=FailureKind.OVERLOADED, sentence="AIME has trouble.")

    await show(world, drawing(b"one"), drawing(None, failure=trouble))

    assert world.wire.sent[-1].kept == ("easel-preview-one.jpg",)
    assert world.wire.sent[-1].uploaded == ()


async def test_noise_instead_of_a_preview_leaves_the_one_before(world):
    await show(world, drawing(b"noise"))
    assert world.wire.sent[-1].uploaded == ()

    await show(world, drawing(b"one"), drawing(b"noise 2"))

    assert len(world.wire.sent) == 2
    assert world.wire.sent[-1].uploaded == ("easel-preview-one.jpg",)


async def test_the_last_edit_takes_the_preview_away(world):
    await show(world, drawing(b"one"))

    await world.editor.finish(delivered())

    assert world.wire.sent[-1].kept == ()
    assert world.wire.sent[-1].uploaded == ("easel-1.webp", "easel-2.webp")


async def test_a_picture_that_came_takes_its_preview_away(world):
    await show(world, drawing(b"one"), drawing(None, finished=1, pictures=(picture(1),)))
    assert world.wire.sent[-1].kept == ()
    assert world.wire.sent[-1].uploaded == ("easel-1.webp",)

    await show(world, drawing(b"two", finished=1, pictures=(picture(1),)))

    assert world.wire.sent[-1].kept == ("easel-1.webp",)
    assert world.wire.sent[-1].uploaded == ("easel-preview-two.jpg",)


async def test_a_job_that_is_being_stopped_or_waits_again_shows_no_preview(world):
    await show(world, drawing(b"one"), drawing(b"one", cancel_asked_at=NOON))
    assert world.wire.sent[-1].kept == world.wire.sent[-1].uploaded == ()

    queued = Progress(is_queued=True, finished=0, total=4, preview=b"one")
    await show(world, drawing(b"one"), drawing(None).evolve(progress=queued))

    assert world.wire.sent[-1].kept == world.wire.sent[-1].uploaded == ()


async def test_a_preview_of_an_edit_that_failed_is_uploaded_with_the_next(world):
    world.wire.script = [CardDelayed("away", retry_after_s=1.0)]

    await show(world, drawing(b"one"), drawing(b"one"))

    assert [sent.uploaded for sent in world.wire.sent] == [("easel-preview-one.jpg",)]


async def test_previews_that_wait_are_bounded_in_memory():
    world = World()
    large = b"1" * (PREVIEWS_WAITING_BYTES_MAX // 2)
    for number in range(3):
        other = replace(running(0).target, message_id=number)
        job = drawing(large, id=f"110000000000000000{number}", target=other)
        leave(world, 0, job=job)
        world.editor.show(job)

    waiting = [line.wanted.progress.preview for line in world.editor._lines.values()]
    assert waiting == [large, large, None]
    await landed_all()
    assert len(world.wire.sent) == 3
    assert world.editor._previews_bytes == 0


async def test_a_newer_preview_of_the_same_card_needs_no_more_room(world):
    leave(world, 0)

    for letter in b"abc":
        world.editor.show(drawing(bytes([letter]) * PREVIEWS_WAITING_BYTES_MAX))
    await landed_all()

    assert [preview[:1] for preview in world.album.previewed] == [b"c"]


async def test_words_grow_on_the_card_and_stay_when_a_look_fails(world):
    trouble = Failure(kind=FailureKind.OVERLOADED, sentence="AIME has trouble.")

    await show(world, writing("Once"), writing("Once upon"), writing(None, failure=trouble))

    assert [texts_of(sent.view)[2] for sent in world.wire.sent] == [
        "Once",
        "Once upon",
        "Once upon",
    ]
    assert "AIME has trouble" in texts_of(world.wire.sent[-1].view)[4]


async def test_an_answer_too_long_for_the_card_is_attached_once(world):
    answer = Passage(item_id="1", kind=PassageKind.ANSWER, text="word " * 2000)
    done = writing(None).to(JobState.COLLECTED, at=NOON, passages=(answer,))

    await world.editor.finish(done.to(JobState.DELIVERED, at=NOON))

    [name] = world.wire.sent[-1].uploaded
    assert name.startswith("easel-")
    assert name.endswith(".txt")


# ---------------------------------------------------------------- many cards, little room


def leave(world, remaining: int, *, job: Job | None = None, reset_after_s: float = 5.0) -> None:
    """Let Discord say what is left for edits of a job's message."""
    place = world.wire.place((job or running(0)).target)
    room = Room(bucket="b", limit=5, remaining=remaining, reset_after_s=reset_after_s)
    world.budgets.learn(place, room, now=world.clock.now())


async def test_progress_waits_where_only_the_last_places_are_left(world):
    leave(world, 2)
    world.editor.show(running(0))

    assert world.editor.figures().waiting == 1
    await world.editor.finish(delivered())
    await landed_all()

    assert world.titles == ["### Done"]
    assert world.editor.figures().superseded == 1


async def test_progress_that_waited_shows_the_newest_state_when_there_is_room(world):
    leave(world, 0)

    for finished in (0, 1, 2):
        world.editor.show(running(finished))
    await landed_all()

    assert ["2 of 4" in bar for bar in world.bars] == [True]
    assert world.wire.sent[0].at == NOON + timedelta(seconds=5)


async def test_a_last_edit_waits_for_room_as_well(world):
    leave(world, 0)

    await world.editor.finish(delivered())

    assert world.wire.sent[0].at == NOON + timedelta(seconds=5)
    assert world.editor.figures().finals_waited_s == (5.0,)


async def test_a_last_edit_that_nobody_waits_for_any_more_is_not_begun(world):
    leave(world, 0)
    finishing = asyncio.create_task(world.editor.finish(delivered()))
    await until(lambda: world.editor.figures().waiting == 1)

    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    await landed_all()

    assert world.wire.sent == []
    assert world.editor.figures().waiting == 0


async def test_a_card_lost_under_progress_is_found_lost_by_its_last_edit(world):
    world.wire.script = [CardLost("deleted"), CardLost("deleted")]
    world.wire.gate.clear()
    world.editor.show(running(0))
    await world.wire.until(lambda: world.wire.in_flight == 1)
    finishing = asyncio.create_task(world.editor.finish(delivered()))
    await until(lambda: world.editor.figures().waiting == 1)

    world.wire.gate.set()
    with pytest.raises(CardLost):
        await finishing

    assert world.editor._lines == {}


async def test_a_mistake_of_ours_on_one_card_stops_no_other(world):
    world.wire.script = [ZeroDivisionError("ours")]
    other = delivered().evolve(
        id="1100000000000000002", target=replace(running(1).target, message_id=33)
    )

    with pytest.raises(ZeroDivisionError):
        await world.editor.finish(delivered())
    await world.editor.finish(other)

    assert world.editor.figures().in_flight == 0
    assert world.titles == ["### Done"]


async def test_what_is_done_is_counted(world):
    world.editor.show(running(1))
    await landed_all()
    world.editor.show(running(1, attempt=3))
    await landed_all()
    await world.editor.finish(delivered())

    figures = world.editor.figures()
    assert (figures.sent, figures.invisible, figures.superseded) == (2, 1, 0)
    assert figures.finals_waited_s == (0.0,)


async def test_a_stopped_editor_lets_go_of_progress_that_waits(world):
    leave(world, 0)
    world.editor.show(running(1))

    world.editor.stop()
    await landed_all()

    assert world.wire.sent == []
    assert world.clock.slept == []


async def until(is_so) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0)
