"""Previews on their way to a card; finished pictures are the stories' matter."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.jobs import Job, JobState, Progress
from bot.domain.requests import Conduct, PictureRequest
from bot.jobs.album import Album
from bot.media.pool import PictureWork
from storage.blobs import DirectoryBlobs
from tests.media.sample_pictures import half_red_half_blue, opened, written
from tests.ui.ui_fakes import job_with, picture

PREVIEW = written(half_red_half_blue(1024, 512), "JPEG")


@pytest.fixture
async def album(tmp_path) -> AsyncIterator[Album]:
    async with PictureWork() as pictures:
        yield Album(DirectoryBlobs(tmp_path), pictures)


def drawing(preview: bytes | None = PREVIEW, **changes) -> Job:
    progress = Progress(is_queued=False, finished=0, total=4, preview=preview)
    return job_with(state=JobState.RUNNING, progress=progress, **changes)


async def test_a_preview_is_made_small_and_told_as_unfinished(album):
    file = await album.preview(drawing())

    assert opened(file.data).size == (512, 256)
    assert file.name.startswith("easel-1100000000000000001-preview-")
    assert file.alt == "Unfinished: a cat in a boat"
    assert not file.is_spoiler


async def test_another_preview_has_another_name_and_the_same_one_the_same(album):
    other = drawing(written(half_red_half_blue(512, 512), "PNG"))

    names = [(await album.preview(job)).name for job in (drawing(), drawing(), other)]

    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("noise", [None, b"", b"no picture", PREVIEW[:500]])
async def test_noise_is_no_preview_and_no_error(album, noise):
    assert await album.preview(drawing(noise)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"pictures": (picture(1, is_flagged=True),)},
        {"withheld": 1},
        {
            "request": PictureRequest(
                prompt="x", count=4, conduct=replace(Conduct(), nsfw=True, is_covered=True)
            )
        },
    ],
    ids=["one was flagged", "one was withheld", "the server covers such requests"],
)
async def test_a_preview_is_covered_where_its_picture_may_be(album, changes):
    assert (await album.preview(drawing(**changes))).is_spoiler
