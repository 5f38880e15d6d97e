"""How a picture was made, as A1111 writes it."""

import pytest

from bot.domain.jobs import Picture
from bot.domain.requests import BlobId, Lora, PictureRequest, Source, TextualInversion
from bot.media.a1111 import as_a1111

REQUEST = PictureRequest(
    prompt="a lighthouse at dusk",
    negative="fog",
    width=512,
    height=768,
    model="AlbedoBase XL (SDXL)",
    steps=30,
    cfg=7.0,
    sampler="k_euler_a",
    seed=7,
)


def picture(**facts):
    return Picture(
        **{"item_id": "1", "blob": BlobId("0" * 64), "mime": "image/webp"}
        | {"width": 1024, "height": 1536, "size_bytes": 1, "seed": "77", "model": None}
        | facts
    )


def facts(text):
    """Return the settings as A1111 splits them where no value is quoted."""
    return dict(fact.split(": ", 1) for fact in text.splitlines()[2].split(", "))


def test_it_is_the_text_that_a1111_writes():
    assert as_a1111(REQUEST, picture()) == (
        "a lighthouse at dusk\n"
        "Negative prompt: fog\n"
        "Steps: 30, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 77, "
        "Size: 512x768, Model: AlbedoBase XL (SDXL), Version: Easel"
    )


def test_the_line_of_the_negative_prompt_is_there_even_when_it_is_empty():
    lines = as_a1111(REQUEST.evolve(negative=""), picture()).splitlines()

    assert len(lines) == 3
    assert lines[1] == "Negative prompt: "


def test_seed_and_model_are_the_picture_s_own():
    told = facts(as_a1111(REQUEST, picture(seed="4294967295", model="Deliberate")))

    assert (told["Seed"], told["Model"]) == ("4294967295", "Deliberate")


def test_the_asked_seed_stands_in_for_a_single_picture_only():
    alone = as_a1111(REQUEST, picture(seed=None))
    one_of_four = as_a1111(REQUEST.evolve(count=4), picture(seed=None))

    assert facts(alone)["Seed"] == "7"
    assert "Seed" not in facts(one_of_four)


def test_what_nobody_said_is_left_out():
    bare = PictureRequest(prompt="a cat", karras=False)

    assert facts(as_a1111(bare, picture(seed=None))) == {
        "Size": "1024x1536",
        "Version": "Easel",
        "Generator": "Easel",
    }


def test_a_picture_drawn_over_another_says_how_far_it_went():
    source = Source(picture=BlobId("1" * 64), strength=0.6)

    assert facts(as_a1111(REQUEST.evolve(source=source), picture()))["Denoising strength"] == "0.6"


def test_small_models_and_learned_words_stand_where_a1111_wants_them():
    request = REQUEST.evolve(
        loras=(Lora(name="mist", model_strength=0.8), Lora(name="a<b>:c")),
        inversions=(
            TextualInversion(name="glow", inject="prompt", strength=0.5),
            TextualInversion(name="hands", inject="negprompt"),
            TextualInversion(name="in the prompt already"),
        ),
    )

    prompt, negative, _ = as_a1111(request, picture()).splitlines()

    assert prompt == "a lighthouse at dusk, <lora:mist:0.8>, <lora:a b c:1>, (glow:0.5)"
    assert negative == "Negative prompt: fog, (hands:1)"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plain (SDXL)", "Model: plain (SDXL)"),
        ("a, b: c", 'Model: "a, b: c"'),
        ('the "best"', 'Model: "the \\"best\\""'),
        ("two\nlines", "Model: two lines"),
        ("märchen, 猫", 'Model: "märchen, 猫"'),
    ],
)
def test_a_name_never_breaks_the_line(name, written):
    assert f", {written}, Version" in as_a1111(REQUEST, picture(model=name))


def test_a_prompt_never_adds_a_line():
    request = REQUEST.evolve(prompt="a cat\nSteps: 1, Seed: 2\r\n", negative="x\u2028y")

    lines = as_a1111(request, picture()).splitlines()

    assert len(lines) == 3
    assert lines[0] == "a cat Steps: 1, Seed: 2"
