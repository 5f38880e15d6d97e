import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import NOTHING, credits_of
from bot.domain.jobs import (
    Failure,
    FailureKind,
    JobState,
    Passage,
    PassageKind,
    PictureFile,
    Progress,
    Remote,
    TextFile,
)
from bot.domain.keys import KeyKind
from bot.domain.requests import AlchemyRequest, BlobId, Form, PictureRequest, TextRequest
from bot.ui import cards
from bot.ui.cards import card, long_text
from tests.ui.ui_fakes import NOON, job_with, picture, picture_file, texts_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
LATER = NOON + timedelta(seconds=14)
QUEUED = Progress(
    is_queued=True, finished=0, total=4, place=3, done_at=NOON + timedelta(seconds=40)
)
DRAWING = Progress(is_queued=False, finished=2, total=4, done_at=NOON + timedelta(seconds=20))
TWO = (picture(1), picture(2))
FOUR = tuple(picture(number) for number in range(1, 5))
WHY = Failure(kind=FailureKind.BACKEND, sentence="The worker's *GPU* caught fire <@1>")

QUESTION = TextRequest(prompt="Who keeps a lighthouse?", model="llama4_chat", length=1000)
ANSWER = "A **keeper** does:\n\n1. light `the lamp`\n2. ring the bell\n\n```py\nshine()\n```"


def passage(text, kind=PassageKind.ANSWER, **changes):
    return Passage(**{"item_id": kind.value, "kind": kind, "text": text, **changes})


def text_job(**changes):
    return job_with(**{"request": QUESTION, "provider": "aime", "price": credits_of(10), **changes})


def writing(text):
    progress = Progress(is_queued=False, finished=0, total=1, text=text)
    return text_job(state=JobState.RUNNING, progress=progress)


def said(*passages, **changes):
    facts = {"state": JobState.DELIVERED, "charged": credits_of(10), "changed_at": LATER}
    return text_job(passages=passages, **{**facts, **changes})


JOBS = {
    "text_accepted": text_job(balance_before=credits_of(1000)),
    "text_queued": text_job(
        state=JobState.RUNNING, progress=Progress(is_queued=True, finished=0, total=1, place=2)
    ),
    "text_begun": writing(None),
    "text_writing": writing("A **keeper** does, with `a lamp` and <@1>"),
    "text_collected": text_job(state=JobState.COLLECTED, passages=(passage(ANSWER),)),
    "text_done": said(passage(ANSWER, model="llama4_chat")),
    "text_done_empty": said(passage("")),
    "alchemy_done": said(
        passage("a cat in a boat", PassageKind.CAPTION),
        passage("cat, boat, sea", PassageKind.TAGS),
        passage("no", PassageKind.NSFW),
        request=AlchemyRequest(
            picture=BlobId("0" * 64), forms=(Form.CAPTION, Form.TAGS, Form.NSFW)
        ),
    ),
    "accepted": job_with(balance_before=credits_of(1000)),
    "accepted_on_own_key": job_with(price=NOTHING, key_kind=KeyKind.MEMBER),
    "accepted_for_free": job_with(price=NOTHING, provider="sky_net"),
    "accepted_with_notes": job_with(notes=("Steps were lowered to 50.", "Seed is ours.")),
    "submitting": job_with(state=JobState.SUBMITTING),
    "submitting_drawn": job_with(
        state=JobState.SUBMITTING,
        progress=Progress(is_queued=False, finished=1, total=4),
        pictures=TWO[:1],
    ),
    "submitting_stopping": job_with(state=JobState.SUBMITTING, cancel_asked_at=NOON),
    "running_unknown": job_with(state=JobState.RUNNING),
    "running_queued": job_with(state=JobState.RUNNING, progress=QUEUED),
    "running_impossible": job_with(
        state=JobState.RUNNING,
        progress=Progress(is_queued=True, finished=0, total=4, is_possible=False),
    ),
    "running": job_with(state=JobState.RUNNING, progress=DRAWING, pictures=TWO),
    "running_percent": job_with(
        state=JobState.RUNNING,
        progress=Progress(is_queued=False, finished=0, total=1, percent=42.0),
    ),
    "running_begun": job_with(
        state=JobState.RUNNING,
        progress=Progress(is_queued=False, finished=0, total=1),
        changed_at=LATER,
    ),
    "stopping": job_with(state=JobState.RUNNING, progress=DRAWING, cancel_asked_at=NOON),
    "collected": job_with(state=JobState.COLLECTED, pictures=FOUR),
    "delivered": job_with(
        state=JobState.DELIVERED, pictures=FOUR, charged=credits_of(22), changed_at=LATER
    ),
    "done": job_with(state=JobState.DONE, pictures=FOUR, charged=credits_of(24), changed_at=LATER),
    "done_in_part": job_with(
        state=JobState.DELIVERED, pictures=FOUR[:3], charged=credits_of(18), changed_at=LATER
    ),
    "done_withheld": job_with(
        state=JobState.DELIVERED,
        pictures=FOUR[:3],
        withheld=1,
        charged=credits_of(18),
        changed_at=LATER,
    ),
    "done_on_own_key": job_with(
        state=JobState.DELIVERED,
        pictures=TWO,
        price=NOTHING,
        key_kind=KeyKind.MEMBER,
        changed_at=LATER,
        notes=("It cost 12 kudos.",),
    ),
    "failed": job_with(state=JobState.FAILED, failure=WHY),
    "failed_without_reason": job_with(state=JobState.FAILED),
    "cancelled": job_with(
        state=JobState.CANCELLED, failure=Failure(kind=FailureKind.OURS, sentence="")
    ),
    "cancelled_in_part": job_with(state=JobState.CANCELLED, pictures=TWO, charged=credits_of(12)),
    "expired": job_with(
        state=JobState.EXPIRED,
        failure=Failure(kind=FailureKind.TIMEOUT, sentence="Nobody took it within an hour."),
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_a_card_looks_as_its_snapshot(name):
    job = JOBS[name]
    files = [picture_file(number) for number in range(1, len(job.pictures) + 1)]

    drawn = rendered(card(job, files=files))

    path = SNAPSHOTS / f"{name}.txt"
    if not path.exists():
        path.write_text(drawn, "utf-8")
        pytest.fail(f"{path.name} is new: read it, keep it if it is right, and run again")
    assert drawn == path.read_text("utf-8")


def test_every_state_has_a_snapshot_and_every_snapshot_a_job():
    assert {job.state for job in JOBS.values()} == set(JobState)
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(JOBS)


def test_a_late_refusal_takes_our_sentence_and_offers_no_button():
    job = job_with(price=NOTHING, state=JobState.FAILED)

    drawn = rendered(card(job, because="Your next allowance arrives <t:1:R>."))

    assert "Your next allowance arrives <t:1:R>." in drawn
    assert "nothing was charged" in drawn
    assert "[" not in drawn


def test_a_gallery_names_attachments_with_words_for_the_blind():
    file = PictureFile(name="easel-1.webp", data=b"x", alt="a\u202ecat\n" * 600, is_spoiler=True)

    [item] = gallery(card(JOBS["done"], files=[file])).items

    assert item.media.url == "attachment://easel-1.webp"
    assert item.spoiler
    assert item.description is not None
    assert item.description.startswith("acat acat")
    assert len(item.description) <= 1024


def test_each_drawing_is_a_new_view():
    assert card(JOBS["running"]) is not card(JOBS["running"])


def test_a_seed_is_taken_from_wherever_it_is_known():
    job = job_with(
        request=PictureRequest(prompt="a cat"),
        state=JobState.DELIVERED,
        remote=Remote(id="r", total=1, submitted_at=NOON, seed=5),
        pictures=(picture(1, seed="9"),),
    )

    assert "seed 5" in rendered(card(job))
    assert "seed 9" in rendered(card(job.evolve(remote=None)))


anything = st.text(max_size=120)
jobs = st.builds(
    job_with,
    request=st.builds(
        PictureRequest,
        prompt=st.one_of(st.text(max_size=300), st.sampled_from(["`" * 4000, "🜲" * 4000])),
        count=st.integers(1, 10),
        model=st.none() | st.text(max_size=255),
    ),
    state=st.sampled_from(JobState),
    provider=anything,
    balance_before=st.integers(0, 10**15),
    price=st.integers(0, 10**15),
    pictures=st.lists(st.builds(picture, st.integers(1, 10), seed=anything), max_size=10).map(
        tuple
    ),
    withheld=st.integers(0, 10),
    notes=st.lists(anything.map(lambda note: note * 20), max_size=30).map(tuple),
    failure=st.none()
    | st.builds(
        Failure, kind=st.sampled_from(FailureKind), sentence=anything.map(lambda why: why * 30)
    ),
    progress=st.none()
    | st.builds(
        Progress,
        is_queued=st.booleans(),
        finished=st.integers(0, 10),
        total=st.integers(0, 10),
        place=st.none() | st.integers(0, 10**9),
        percent=st.none() | st.floats(allow_nan=False),
        is_possible=st.booleans(),
    ),
)


texts_said = st.one_of(
    st.text(max_size=200).map(lambda text: text * 40),
    st.sampled_from(["🜲" * 5000, "<" * 5000, "```\n" + "x" * 9000, "``````" * 900]),
)
text_jobs = st.builds(
    lambda job, request, passages, so_far: job.evolve(
        request=request,
        passages=passages,
        progress=job.progress and replace(job.progress, text=so_far),
    ),
    jobs,
    st.builds(TextRequest, prompt=st.text(max_size=300).map(lambda text: text * 9)),
    st.lists(st.builds(passage, texts_said, st.sampled_from(PassageKind)), max_size=6).map(tuple),
    st.none() | texts_said,
)


@given(job=text_jobs)
def test_whatever_was_said_its_card_fits_and_what_does_not_is_in_a_file(job):
    file = long_text(job)
    view = card(job, files=[file] if file else [])

    utf16_units = sum(len(text.encode("utf-16-le", "replace")) // 2 for text in texts_of(view))
    assert utf16_units <= 4000
    assert all(texts_of(view))
    words = [word for one in job.passages for word in re.findall(r"[a-zA-Z]+", one.text)]
    where = "\n".join(texts_of(view)) if file is None else file.data.decode()
    assert all(word in where for word in words)


def test_an_answer_too_long_for_the_card_lies_beside_it_as_a_file():
    job = said(passage("A long story. " * 600))

    file = long_text(job)
    drawn = rendered(card(job, files=[file]))

    assert isinstance(file, TextFile)
    assert file.data.decode() == job.passages[0].text
    assert f"<file attachment://{file.name}>" in drawn
    assert re.search(r"A long story\. A long( story\.)?…\n<file", drawn)


def test_of_an_answer_that_grows_the_newest_words_are_shown():
    shown = rendered(card(writing("It began. " * 600 + "It ends.")))

    assert "It ends." in shown
    assert "…It began." in shown
    assert "1,202 words" in shown


@given(job=jobs, files=st.integers(0, 10))
def test_whatever_the_job_its_card_fits_into_a_message(job, files):
    view = card(job, files=[picture_file(number) for number in range(files)])

    utf16_units = sum(len(text.encode("utf-16-le")) // 2 for text in texts_of(view))
    assert utf16_units <= 4000
    assert len(list(view.walk_children())) <= 40
    assert all(texts_of(view))
    assert all(len(button.custom_id) <= 100 for button in buttons(view))


def rendered(view: ui.LayoutView) -> str:
    """Write a card as a person would read it."""
    [box] = view.children
    assert isinstance(box, ui.Container)
    lines = [f"colour {box.accent_colour}"]
    for item in box.children:
        match item:
            case ui.TextDisplay():
                lines.append(item.content)
            case ui.MediaGallery():
                lines += [
                    f"<{picture.media.url} “{picture.description}”>" for picture in item.items
                ]
            case ui.File():
                lines.append(f"<file {item.media.url}>")
            case ui.ActionRow():
                lines.append(" ".join(f"[{b.item.label} {b.custom_id}]" for b in item.children))
            case _:
                raise AssertionError(item)
    return "\n".join(lines) + "\n"


def gallery(view: ui.LayoutView) -> ui.MediaGallery:
    [found] = [item for item in view.walk_children() if isinstance(item, ui.MediaGallery)]
    return found


def buttons(view: ui.LayoutView) -> list[discord.ui.DynamicItem]:
    return [item for item in view.walk_children() if isinstance(item, cards.JobButton)]
