"""What other people's tools read in our files: A1111, Civitai and ComfyUI look in these places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import Picture
from bot.domain.plain_text import one_line
from bot.domain.requests import BlobId, PictureRequest
from bot.media.a1111 import as_a1111
from bot.media.ladder import fit
from tests.media.outside_reader import Told, read_file, read_text
from tests.media.sample_pictures import half_red_half_blue, noise, written

WORDS = st.text(min_size=1, max_size=60).map(one_line).filter(bool)
KINDS = {
    "png": written(half_red_half_blue(), "png"),
    "jpeg": written(half_red_half_blue(), "jpeg"),
    "webp": written(half_red_half_blue(), "webp"),
    "webp, lossless, transparent": written(noise(41, 23, "RGBA"), "webp", lossless=True),
}


def picture(**facts):
    made = {"item_id": "1", "blob": BlobId("0" * 64), "mime": "image/webp", "size_bytes": 1}
    return Picture(**{**made, "width": 512, "height": 768, **facts})


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
@given(WORDS, st.one_of(st.just(""), WORDS), WORDS, st.integers(0, 2**32), st.floats(1, 30))
def test_they_read_what_was_asked_for(data, prompt, negative, model, seed, cfg):
    request = PictureRequest(
        prompt=prompt, negative=negative, width=512, height=768, steps=30, cfg=cfg, seed=seed
    )
    file = fit(data, 10**6, parameters=as_a1111(request, picture(model=model)))

    told = read_text(read_file(file.data))

    if not prompt.startswith("Negative prompt:"):
        assert (told.prompt, told.negative) == (one_line(prompt), one_line(negative))
    assert told.settings["Steps"] == "30"
    assert told.settings["Seed"] == str(seed)
    assert told.settings["Size"] == "512x768"
    assert told.settings["Model"] == one_line(model)
    assert float(told.settings["CFG scale"]) == pytest.approx(cfg, rel=1e-4)


def test_what_little_is_known_of_a_picture_is_not_taken_for_its_prompt():
    request = PictureRequest(prompt="a cat", karras=False)

    told = read_text(as_a1111(request, picture()))

    assert told == Told("a cat", "", {"Size": "512x768", "Version": "Easel", "Generator": "Easel"})


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_in_a_private_file_they_find_nothing(data):
    talkative = fit(data, 10**6, parameters="the prompt of somebody").data
    assert read_file(talkative) == "the prompt of somebody"

    assert read_file(fit(talkative, 10**6).data) is None


def test_a_picture_that_was_made_to_fit_says_it_as_well():
    large = written(noise(512, 512), "png")

    fitted = fit(
        large, 300_000, parameters="a cat\nNegative prompt: \nSteps: 3, Seed: 7, Size: 1x1"
    )

    assert fitted.was_changed
    assert read_text(read_file(fitted.data)).settings == {"Steps": "3", "Seed": "7", "Size": "1x1"}
