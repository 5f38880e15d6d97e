import asyncio
import itertools
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.credits import Microcredits, server_account
from bot.domain.jobs import (
    WORKING,
    Failure,
    FailureKind,
    Job,
    JobId,
    JobState,
    Passage,
    PassageKind,
    Picture,
    Progress,
    ProviderCost,
    Remote,
    Second,
    Target,
    UserId,
)
from bot.domain.keys import KeyKind
from bot.domain.requests import (
    AlchemyRequest,
    Conduct,
    Control,
    Form,
    Lora,
    PictureRequest,
    Role,
    Source,
    SourceUse,
    TextRequest,
    TextualInversion,
    Turn,
    is_forgotten,
)
from storage.sqlite import open_sqlite
from tests.storage.store_values import (
    ANNA,
    BERT,
    HOUR,
    MINUTE,
    NOON,
    TOKEN,
    a_blob,
    a_job,
    a_picture,
    a_progress,
    a_remote,
    a_target,
    in_state,
    refund,
    rich,
    sealer_of,
    settle,
    take_in,
    tamper,
)

# ---------------------------------------------------------------- values come back as they were

texts = st.text(max_size=30)
snowflakes = st.integers(0, 2**63 - 1)
amounts = st.integers(0, 10**15).map(Microcredits)
floats = st.floats(allow_nan=False, allow_infinity=False, width=32)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
years = (
    datetime.fromisoformat("2000-01-01"),
    datetime.fromisoformat("2100-01-01"),
)  # naive, as asked
moments = st.datetimes(*years, timezones=zones)
blobs = st.text("0123456789abcdef", min_size=64, max_size=64)


def maybe(strategy):
    return st.none() | strategy


picture_requests = st.builds(
    PictureRequest,
    prompt=texts,
    negative=texts,
    count=st.integers(1, 10),
    width=maybe(st.integers(64, 3072)),
    height=maybe(st.integers(64, 3072)),
    model=maybe(texts),
    steps=maybe(st.integers(1, 500)),
    cfg=maybe(floats),
    sampler=maybe(texts),
    seed=maybe(st.integers(0, 2**32 - 1)),
    karras=st.booleans(),
    hires_fix=st.booleans(),
    tiling=st.booleans(),
    loras=st.lists(
        st.builds(Lora, name=texts, model_strength=floats, trigger=maybe(texts)), max_size=2
    ).map(tuple),
    inversions=st.lists(
        st.builds(TextualInversion, name=texts, inject=maybe(texts), strength=floats), max_size=2
    ).map(tuple),
    post_processing=st.lists(texts, max_size=2).map(tuple),
    source=maybe(
        st.builds(
            Source,
            picture=blobs,
            use=st.sampled_from(SourceUse),
            mask=maybe(blobs),
            strength=maybe(floats),
            control=maybe(st.sampled_from(Control)),
        )
    ),
    conduct=st.builds(Conduct, nsfw=st.booleans(), allow_downgrade=st.booleans()),
)
text_requests = st.builds(
    TextRequest,
    prompt=texts,
    instruction=texts,
    turns=st.lists(st.builds(Turn, role=st.sampled_from(Role), text=texts), max_size=2).map(tuple),
    length=maybe(st.integers(1, 4096)),
    temperature=maybe(floats),
)
alchemy_requests = st.builds(
    AlchemyRequest,
    picture=blobs,
    forms=st.lists(st.sampled_from(Form), max_size=3).map(tuple),
    model=maybe(texts),
)
requests = picture_requests | text_requests | alchemy_requests
targets = st.builds(
    Target,
    application_id=snowflakes,
    channel_id=snowflakes,
    message_id=snowflakes,
    guild_id=maybe(snowflakes),
    created_at=moments,
    file_bytes_max=snowflakes,
    token=maybe(texts),
    is_ephemeral=st.booleans(),
)
remotes = st.builds(
    Remote,
    id=texts,
    total=st.integers(0, 10),
    submitted_at=moments,
    seed=maybe(snowflakes),
    has_callback=st.booleans(),
    is_empty=st.booleans(),
    extras=st.dictionaries(texts, texts, max_size=3),
)
progresses = st.builds(
    Progress,
    is_queued=st.booleans(),
    finished=st.integers(0, 10),
    total=st.integers(0, 10),
    place=maybe(st.integers(0, 10**6)),
    percent=maybe(floats),
    done_at=maybe(moments),
    is_possible=st.booleans(),
)
pictures = st.lists(
    st.builds(
        Picture,
        item_id=texts,
        blob=blobs,
        mime=texts,
        width=st.integers(0, 10**5),
        height=st.integers(0, 10**5),
        size_bytes=snowflakes,
        seed=maybe(texts),
        model=maybe(texts),
        is_flagged=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda picture: picture.item_id,
).map(tuple)
passages = st.lists(
    st.builds(Passage, item_id=texts, kind=st.sampled_from(PassageKind), text=texts), max_size=3
).map(tuple)
fresh_ids = map(str, itertools.count(1))


JOB_FIELDS = {
    "id": st.builds(lambda: JobId(next(fresh_ids))),
    "owner_id": snowflakes.map(UserId),
    "request": requests,
    "target": targets,
    "provider": texts,
    "price": st.integers(10**6, 10**15).map(Microcredits),
    "created_at": moments,
    "changed_at": moments,
    "state": st.sampled_from(JobState),
    "epoch": st.integers(1, 10**6),
    "attempt": st.integers(0, 100),
    "key_kind": st.sampled_from(KeyKind),
    "payer": maybe(snowflakes.map(server_account)),
    "balance_before": amounts,
    "charged": st.integers(0, 10**6).map(Microcredits),
    "provider_cost": maybe(
        st.builds(
            ProviderCost,
            amount=st.floats(0, 10**9),
            unit=texts,
            is_estimate=st.booleans(),
        )
    ),
    "remote": maybe(remotes),
    "progress": maybe(progresses),
    "pictures": pictures,
    "passages": passages,
    "withheld": st.integers(0, 10),
    "notes": st.lists(texts, max_size=3).map(tuple),
    "failure": maybe(st.builds(Failure, kind=st.sampled_from(FailureKind), sentence=texts)),
    "parent_id": maybe(texts.map(JobId)),
    "second": maybe(
        st.builds(
            Second,
            provider=texts,
            request=requests,
            price=amounts,
            key_kind=st.sampled_from(KeyKind),
            is_automatic=st.booleans(),
            notes=st.lists(texts, max_size=2).map(tuple),
        )
    ),
    "cancel_asked_at": maybe(moments),
    "told_at": maybe(moments),
}
jobs = st.builds(Job, **JOB_FIELDS)


def test_no_field_of_a_job_is_left_out_here():
    assert set(JOB_FIELDS) == set(Job.__dataclass_fields__)


on_one_database = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@on_one_database
@given(job=jobs)
async def test_a_job_comes_back_exactly_as_it_was(database, job):
    await database.write(lambda tx: tx.jobs.accept(job))

    assert await database.read(lambda tx: tx.jobs.get(job.id)) == job


@on_one_database
@given(first=jobs, facts=jobs)
async def test_a_move_leaves_the_row_equal_to_the_new_value(database, first, facts):
    before = replace(first, pictures=())
    same = {name: getattr(before, name) for name in ("id", "owner_id", "state", "epoch")}
    after = replace(facts, **same)
    await database.write(lambda tx: tx.jobs.accept(before))

    moved = await database.write(lambda tx: tx.jobs.move(before, after))

    token = after.target.token if after.is_open else None
    stored = await database.read(lambda tx: tx.jobs.get(before.id))
    assert moved
    assert stored == replace(after, target=replace(after.target, token=token))


# ---------------------------------------------------------------- accept


async def test_a_repeated_accept_changes_nothing(database):
    first = await database.write(lambda tx: tx.jobs.accept(a_job(provider="horde")))
    second = await database.write(lambda tx: tx.jobs.accept(a_job(provider="another")))

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert (first, second) == (True, False)
    assert stored == a_job(provider="horde")
    assert len(await database.read(lambda tx: tx.jobs.moves(JobId("1")))) == 1


async def test_a_job_that_was_never_accepted_is_none(database):
    assert await database.read(lambda tx: tx.jobs.get(JobId("404"))) is None


# ---------------------------------------------------------------- move


async def test_of_two_moves_from_one_state_the_second_loses(database):
    job = a_job()
    await database.write(lambda tx: tx.jobs.accept(job))

    outcomes = await asyncio.gather(
        database.write(lambda tx: tx.jobs.move(job, job.to(JobState.SUBMITTING, at=NOON))),
        database.write(lambda tx: tx.jobs.move(job, job.to(JobState.CANCELLED, at=NOON))),
    )

    stored = await database.read(lambda tx: tx.jobs.get(job.id))
    assert outcomes == [True, False]
    assert stored is not None
    assert stored.state is JobState.SUBMITTING


async def test_a_worker_of_an_old_epoch_changes_nothing(database):
    job = in_state(JobState.RUNNING, remote=a_remote())
    await database.write(lambda tx: tx.jobs.accept(job))
    await database.write(lambda tx: tx.jobs.take_over_all())

    async def thaw(tx):
        return (
            await tx.jobs.move(job, job.to(JobState.FAILED, at=NOON)),
            await tx.jobs.note_progress(job.id, epoch=1, progress=a_progress(3)),
            await tx.jobs.mark_told(job.id, epoch=1, at=NOON),
        )

    assert await database.write(thaw) == (False,) * 3
    assert await database.read(lambda tx: tx.jobs.get(job.id)) == replace(job, epoch=2)


async def test_a_move_keeps_what_others_wrote_meanwhile(database):
    job = in_state(JobState.RUNNING, remote=a_remote())
    await database.write(lambda tx: tx.jobs.accept(job))

    async def meanwhile(tx):
        await tx.jobs.ask_cancel(job.id, NOON)
        await tx.jobs.note_progress(job.id, epoch=1, progress=a_progress(2))

    await database.write(meanwhile)
    after = job.to(JobState.COLLECTED, at=NOON)
    await database.write(lambda tx: tx.jobs.move(job, after))

    stored = await database.read(lambda tx: tx.jobs.get(job.id))
    assert stored is not None
    assert stored.cancel_asked_at == NOON
    assert stored.progress == a_progress(2)


async def test_the_history_tells_every_state_in_order(database):
    job = a_job()
    sent = job.to(JobState.SUBMITTING, at=NOON + MINUTE)
    counted = sent.evolve(attempt=2)
    back = counted.to(JobState.ACCEPTED, at=NOON + 2 * MINUTE)

    async def live(tx):
        await tx.jobs.accept(job)
        for before, after in itertools.pairwise((job, sent, counted, back)):
            assert await tx.jobs.move(before, after)

    await database.write(live)

    assert await database.read(lambda tx: tx.jobs.moves(job.id)) == (
        (JobState.ACCEPTED, NOON),
        (JobState.SUBMITTING, NOON + MINUTE),
        (JobState.ACCEPTED, NOON + 2 * MINUTE),
    )


async def test_of_a_settlement_a_refund_and_a_zombie_exactly_one_wins(database):
    job = a_job(price=Microcredits(100))

    async def begin(tx):
        await rich(tx, ANNA, 100)
        await take_in(tx, job)
        await tx.jobs.take_over_all()

    await database.write(begin)
    current = replace(job, epoch=2)

    won = await asyncio.gather(
        database.write(lambda tx: refund(tx, job)),  # the zombie
        database.write(lambda tx: settle(tx, current, amount=60)),
        database.write(lambda tx: refund(tx, current)),
        database.write(lambda tx: settle(tx, job, amount=100)),  # the zombie again
    )

    assert won == [False, True, False, False]
    assert await database.read(lambda tx: tx.credits.audit()) == ()


# ---------------------------------------------------------------- progress, pictures, wishes


async def test_progress_is_kept_only_while_somebody_waits(database):
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.DELIVERED)))

    assert not await database.write(
        lambda tx: tx.jobs.note_progress(JobId("1"), epoch=1, progress=a_progress(1))
    )


async def test_pictures_are_kept_once_and_in_order(database):
    job = in_state(JobState.RUNNING)
    await database.write(lambda tx: tx.jobs.accept(job))

    for names in (("c",), ("c", "a"), ("c", "a", "b")):
        held = job.evolve(pictures=tuple(map(a_picture, names)))
        assert await database.write(lambda tx, job=job, held=held: tx.jobs.move(job, held))
        job = held

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert [picture.item_id for picture in stored.pictures] == ["c", "a", "b"]


async def test_a_picture_that_is_kept_stays_as_it_came(database):
    job = in_state(JobState.RUNNING)
    first, again = (a_picture("x", blob=a_blob(letter)) for letter in "ab")
    await database.write(lambda tx: tx.jobs.accept(job))

    for picture in (first, again):
        held = job.evolve(pictures=(picture,))
        assert await database.write(lambda tx, held=held: tx.jobs.move(job, held))

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert stored.pictures == (first,)


@pytest.mark.parametrize("state", [JobState.DELIVERED, JobState.FAILED])
async def test_a_job_that_is_over_takes_no_wish(database, state):
    await database.write(lambda tx: tx.jobs.accept(in_state(state)))

    assert not await database.write(lambda tx: tx.jobs.ask_cancel(JobId("1"), NOON))


async def test_the_first_wish_to_cancel_counts(database):
    await database.write(lambda tx: tx.jobs.accept(a_job()))

    first = await database.write(lambda tx: tx.jobs.ask_cancel(JobId("1"), NOON))
    second = await database.write(lambda tx: tx.jobs.ask_cancel(JobId("1"), NOON + HOUR))

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert (first, second) == (True, False)
    assert stored.cancel_asked_at == NOON


# ---------------------------------------------------------------- the token


async def test_telling_the_end_drops_the_token(database):
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.FAILED)))

    told = await database.write(lambda tx: tx.jobs.mark_told(JobId("1"), epoch=1, at=NOON))
    again = await database.write(lambda tx: tx.jobs.mark_told(JobId("1"), epoch=1, at=NOON))

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert (told, again) == (True, False)
    assert stored.target.token is None
    assert not stored.is_open


async def test_the_last_move_drops_the_token(database):
    job = in_state(JobState.DELIVERED)
    await database.write(lambda tx: tx.jobs.accept(job))

    await database.write(lambda tx: tx.jobs.move(job, job.to(JobState.DONE, at=NOON)))

    stored = await database.read(lambda tx: tx.jobs.get(job.id))
    assert stored.target.token is None


async def test_a_token_is_nowhere_on_the_disk(database, tmp_path):
    await database.write(lambda tx: tx.jobs.accept(a_job()))

    written = [file.read_bytes() for file in tmp_path.iterdir()]
    assert any(b"a lighthouse" in content for content in written)
    assert not any(TOKEN.encode() in content for content in written)


async def test_a_lost_master_key_costs_the_token_not_the_job(tmp_path, caplog):
    path = tmp_path / "easel.db"
    async with open_sqlite(path, sealer=sealer_of(b"a")) as database:
        await database.write(lambda tx: tx.jobs.accept(a_job()))

    with caplog.at_level(logging.WARNING):
        async with open_sqlite(path, sealer=sealer_of(b"b")) as database:
            stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))

    assert stored == a_job(target=a_target(token=None))
    assert "cannot be opened" in caplog.text
    assert TOKEN not in caplog.text


async def test_a_token_moved_to_another_job_does_not_open(sqlite):
    await sqlite.write(lambda tx: tx.jobs.accept(a_job("1")))
    await sqlite.write(lambda tx: tx.jobs.accept(a_job("2", target=a_target(token="other"))))

    await tamper(
        sqlite, "UPDATE jobs SET token = (SELECT token FROM jobs WHERE id = '1') WHERE id = '2'"
    )

    stored = await sqlite.read(lambda tx: tx.jobs.get(JobId("2")))
    assert stored.target.token is None


# ---------------------------------------------------------------- takeover and questions


async def test_the_tables_call_open_and_working_what_the_domain_does(database):
    everything = [
        in_state(state, f"{state}-{told_at is None}", told_at=told_at)
        for state in JobState
        for told_at in (None, NOON)
    ]

    async def accept_all(tx):
        for job in everything:
            await tx.jobs.accept(job)

    await database.write(accept_all)

    assert set(await database.read(lambda tx: tx.jobs.open_ids())) == {
        job.id for job in everything if job.is_open
    }
    assert await database.read(lambda tx: tx.jobs.count_working(ANNA)) == 2 * len(WORKING)


async def test_ten_thousand_open_jobs_are_taken_over(database):
    async def accept_all(tx):
        for number in range(10_000):
            moment = NOON + timedelta(seconds=number)
            state = JobState.RUNNING if number % 2 else JobState.ACCEPTED
            await tx.jobs.accept(in_state(state, str(20_000 - number), created_at=moment))
        await tx.jobs.accept(in_state(JobState.DONE, "done"))

    await database.write(accept_all)

    taken = await database.write(lambda tx: tx.jobs.take_over_all())

    assert taken == tuple(str(20_000 - number) for number in range(10_000))
    assert (await database.read(lambda tx: tx.jobs.get(taken[0]))).epoch == 2
    assert (await database.read(lambda tx: tx.jobs.get(JobId("done")))).epoch == 1
    assert await database.read(lambda tx: tx.jobs.open_ids()) == taken


async def test_a_member_sees_their_newest_jobs_first(database):
    async def accept_some(tx):
        for number in range(4):
            await tx.jobs.accept(a_job(str(number), created_at=NOON + number * MINUTE))
        await tx.jobs.accept(a_job("9", owner_id=BERT, created_at=NOON + HOUR))

    await database.write(accept_some)

    recent = await database.read(lambda tx: tx.jobs.recent(ANNA, limit=3))
    assert [job.id for job in recent] == ["3", "2", "1"]
    assert await database.read(lambda tx: tx.jobs.newest(2)) == ("9", "3")


async def test_remote_ids_are_those_of_one_provider(database):
    async def accept_some(tx):
        await tx.jobs.accept(in_state(JobState.RUNNING, "1", remote=a_remote("ours")))
        await tx.jobs.accept(in_state(JobState.DONE, "2", remote=a_remote("older")))
        await tx.jobs.accept(a_job("3"))
        await tx.jobs.accept(
            in_state(JobState.RUNNING, "4", remote=a_remote("x"), provider="another")
        )

    await database.write(accept_some)

    assert await database.read(lambda tx: tx.jobs.remote_ids("horde")) == {"ours", "older"}


# ---------------------------------------------------------------- retention


async def test_only_finished_old_jobs_are_due_and_each_once(database):
    kept = {"pictures": (a_picture(),), "told_at": NOON}
    source = PictureRequest(prompt="x", source=Source(picture=a_blob("5")))

    async def accept_some(tx):
        await tx.jobs.accept(in_state(JobState.DONE, "old", **kept))
        await tx.jobs.accept(in_state(JobState.FAILED, "source", request=source, told_at=NOON))
        await tx.jobs.accept(in_state(JobState.DONE, "young", **kept | {"changed_at": NOON + HOUR}))
        await tx.jobs.accept(in_state(JobState.DELIVERED, "open", **kept))
        await tx.jobs.accept(in_state(JobState.DONE, "empty", told_at=NOON))

    await database.write(accept_some)

    due = await database.read(lambda tx: tx.jobs.done_before(NOON + MINUTE, limit=10))
    assert set(due) == {"old", "source", "empty"}
    for job_id in due:
        await database.write(lambda tx, job_id=job_id: tx.jobs.forget_results(job_id))
    assert await database.read(lambda tx: tx.jobs.done_before(NOON + MINUTE, limit=10)) == ()


async def test_forgetting_names_only_blobs_that_nobody_else_needs(database):
    remix = PictureRequest(prompt="x", source=Source(picture=a_blob("b"), mask=a_blob("d")))

    async def accept_some(tx):
        shown = (a_picture("1", blob=a_blob("a")), a_picture("2", blob=a_blob("b")))
        await tx.jobs.accept(in_state(JobState.DONE, "1", pictures=shown))
        await tx.jobs.accept(a_job("2", request=remix))

    await database.write(accept_some)

    freed = await database.write(lambda tx: tx.jobs.forget_results(JobId("1")))
    freed_later = await database.write(lambda tx: tx.jobs.forget_results(JobId("2")))

    stored = await database.read(lambda tx: tx.jobs.get(JobId("1")))
    assert freed == {a_blob("a")}
    assert freed_later == {a_blob("b"), a_blob("d")}
    assert stored.pictures == ()


async def test_retention_drops_results_in_words(database):
    words = (Passage(item_id="1", kind=PassageKind.ANSWER, text="because"),)
    job = a_job(passages=words, state=JobState.DONE)
    await database.write(lambda tx: tx.jobs.accept(job))

    old = await database.read(lambda tx: tx.jobs.done_before(NOON + HOUR, limit=9))
    await database.write(lambda tx: tx.jobs.forget_results(job.id))

    assert old == (job.id,)
    assert (await database.read(lambda tx: tx.jobs.get(job.id))).passages == ()
    assert await database.read(lambda tx: tx.jobs.done_before(NOON + HOUR, limit=9)) == ()


async def test_the_preview_and_the_unfinished_text_are_not_stored(database):
    seen = Progress(is_queued=False, finished=0, total=1, percent=50.0, preview=b"x", text="so far")
    await database.write(lambda tx: tx.jobs.accept(a_job(state=JobState.RUNNING)))

    await database.write(lambda tx: tx.jobs.note_progress(JobId("1"), epoch=1, progress=seen))

    stored = (await database.read(lambda tx: tx.jobs.get(JobId("1")))).progress
    assert stored == seen.stored != seen


# ---------------------------------------------------------------- words


async def test_the_words_of_a_job_are_forgotten_and_its_figures_stay(database):
    job = in_state(
        JobState.DONE,
        request=PictureRequest(
            prompt="my grandmother's house",
            negative="my neighbour",
            seed=7,
            steps=30,
            source=Source(picture=a_blob("b")),
        ),
        price=Microcredits(24),
        charged=Microcredits(24),
        notes=("the provider's words",),
        remote=a_remote(),
        failure=Failure(kind=FailureKind.BACKEND, sentence="no 'my grandmother's house'"),
    )
    await database.write(lambda tx: tx.jobs.accept(job))

    await database.write(lambda tx: tx.jobs.forget_words(job.id))

    bare = await database.read(lambda tx: tx.jobs.get(job.id))
    assert bare == job.evolve(
        request=PictureRequest(prompt="", seed=7, steps=30),
        notes=(),
        remote=None,
        failure=Failure(kind=FailureKind.BACKEND, sentence=""),
    )
    assert is_forgotten(bare.request)
    assert not is_forgotten(job.request)
    later = NOON + timedelta(days=1)
    assert await database.read(lambda tx: tx.jobs.worded_before(later, limit=9)) == ()


async def test_only_old_jobs_that_are_over_lose_their_words(database):
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.DONE, "old")))
    await database.write(lambda tx: tx.jobs.accept(in_state(JobState.RUNNING, "open")))
    young = in_state(JobState.DONE, "young", changed_at=NOON + timedelta(hours=1))
    await database.write(lambda tx: tx.jobs.accept(young))

    found = await database.read(
        lambda tx: tx.jobs.worded_before(NOON + timedelta(minutes=1), limit=9)
    )

    assert found == ("old",)
