"""Bytes on their way to Discord are gone with their request."""

import gc
import weakref

import discord
import pytest

from bot.ui.files import Upload


@pytest.fixture
def _no_search_for_cycles():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_search_for_cycles")
def test_an_upload_is_gone_once_it_is_closed():
    upload = Upload(b"picture", name="cat.png", description="a cat")
    buffer = weakref.ref(upload.fp)
    params = discord.http.handle_message_parameters("said", file=upload)

    with params:
        assert upload.fp.read() == b"picture"
    assert upload.fp.closed
    del upload, params

    assert buffer() is None


def test_a_request_that_is_made_again_reads_it_again():
    upload = Upload(b"picture", name="cat.png")

    assert upload.fp.read() == b"picture"
    upload.reset(seek=1)

    assert upload.fp.read() == b"picture"
