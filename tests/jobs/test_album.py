"""Pictures on their way to a card: previews, and how a request is shared out among large ones."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import Job, JobState, Progress
from bot.domain.requests import Conduct, PictureRequest
from bot.jobs.album import TOLD_BYTES, Album, _shares
from bot.media.ladder import REQUEST_BYTES_MAX
from bot.media.pool import PictureWork
from storage.blobs import DirectoryBlobs
from tests.media.sample_pictures import coded_pixels, half_red_half_blue, noise, opened, written
from tests.storage.store_values import a_target
from tests.ui.ui_fakes import job_with, picture

PREVIEW = written(half_red_half_blue(1024, 512), "JPEG")


@pytest.fixture
async def album(tmp_path) -> AsyncIterator[Album]:
    async with PictureWork() as pictures:
        yield Album(await DirectoryBlobs(tmp_path).open(), pictures)


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


# ---------------------------------------------------------------- what fits stays as it is


ROOM = 2400 * 1024


async def stored(album, images):
    """Return a job with pictures that lie in the store as PNG."""
    pictures = []
    for number, image in enumerate(images, 1):
        data = written(image, "PNG")
        blob = await album._blobs.put(data)
        pictures.append(picture(number, blob=blob, size_bytes=len(data)))
    return job_with(
        state=JobState.COLLECTED,
        pictures=tuple(pictures),
        request=PictureRequest(prompt="x", count=len(pictures)),
        target=a_target(file_bytes_max=10 * 1024 * 1024),
    )


async def test_one_large_picture_among_small_ones_stays_as_it_is(album, monkeypatch):
    monkeypatch.setattr("bot.jobs.album.REQUEST_BYTES_MAX", ROOM)
    small, large = half_red_half_blue(64, 64), noise(500, 480)  # more than a quarter of it
    job = await stored(album, [large, small, small, small])

    files = await album.files(job)

    assert [opened(file.data).format for file in files] == ["PNG"] * 4
    assert coded_pixels(files[0].data) == coded_pixels(written(large, "PNG"))


async def test_large_pictures_give_way_only_as_far_as_the_request_has_room(album, monkeypatch):
    monkeypatch.setattr("bot.jobs.album.REQUEST_BYTES_MAX", ROOM)
    job = await stored(album, [noise(500, 480)] * 4 + [half_red_half_blue(64, 64)])

    files = await album.files(job)

    assert sum(len(file.data) for file in files) <= ROOM
    assert opened(files[4].data).format == "PNG"


@given(
    st.lists(st.integers(1, 40 * 2**20), min_size=1, max_size=10),
    st.integers(2**20, 100 * 2**20),
)
def test_shares_keep_both_limits_and_what_fits_has_its_size(sizes, each_max):
    shares = _shares(sizes, each_max)

    assert sum(shares) <= REQUEST_BYTES_MAX
    assert max(shares) <= each_max
    if sum(size + TOLD_BYTES for size in sizes) <= REQUEST_BYTES_MAX:
        assert all(
            share >= size for share, size in zip(shares, sizes, strict=True) if size <= each_max
        )
