"""Every open choice of a picture request, and what is refused or lowered before it is sent."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.requests import (
    BlobId,
    Conduct,
    Control,
    Lora,
    PictureRequest,
    Source,
    SourceUse,
    TextualInversion,
)
from bot.providers.base import Model, Plan
from bot.providers.horde.catalog import (
    CASCADE,
    DEFAULT_MODEL,
    FLUX,
    POST_PROCESSORS,
    QWEN,
    SAMPLERS,
    SD15,
    SDXL,
    Z_IMAGE,
    family_of,
)
from bot.providers.horde.plan import to_plan

SERVED = (
    Model(name="stable_diffusion", workers=9),
    Model(name=DEFAULT_MODEL, workers=4),
    Model(name="Deliberate", workers=2),
    Model(name="Flux.1-Schnell fp8 (Compact)", workers=1),
    Model(name="Asleep", workers=0),
)
BLOB = BlobId("ab" * 32)


def asked(**changes) -> PictureRequest:
    return PictureRequest(prompt="a cat", **changes)


def planned(request: PictureRequest, *, models=SERVED, is_anonymous: bool = True) -> Plan:
    return to_plan(request, models=models, is_anonymous=is_anonymous)


def test_a_bare_prompt_is_completed_without_a_word():
    plan = planned(asked())

    assert plan.notes == ()
    assert plan.request == asked(
        model=DEFAULT_MODEL, width=1024, height=1024, steps=25, cfg=6.0, sampler="k_euler_a"
    )


def test_the_seed_is_left_to_whoever_draws_it():
    assert planned(asked()).request.seed is None
    assert planned(asked(seed=0)).request.seed == 0


@pytest.mark.parametrize(
    "models,chosen",
    [
        (SERVED, DEFAULT_MODEL),
        ((), DEFAULT_MODEL),
        ((Model(name=DEFAULT_MODEL, workers=0), Model(name="B", workers=1)), "B"),
        ((Model(name="A", workers=1), Model(name="B", workers=2)), "B"),
        ((Model(name="A", workers=0),), None),
    ],
    ids=["default", "not known yet", "default asleep", "most served", "any"],
)
def test_a_model_is_chosen_by_who_serves_it(models, chosen):
    assert planned(asked(), models=models).request.model == chosen


def test_a_control_type_chooses_a_model_that_has_it():
    request = asked(source=Source(picture=BLOB, control=Control.CANNY))

    assert planned(request).request.model == "stable_diffusion"
    assert planned(request, models=()).request.model == "stable_diffusion"
    assert planned(request, models=SERVED[1:]).request.model == "Deliberate"


def test_an_asked_model_is_spelled_as_the_horde_does():
    assert planned(asked(model="albedobase xl (sdxl)")).request.model == DEFAULT_MODEL


def test_an_asked_model_is_believed_while_the_list_is_unknown():
    assert planned(asked(model="Anything"), models=()).request.model == "Anything"


@pytest.mark.parametrize(
    "name,hint",
    [
        ("albedo", "Near to it: AlbedoBase XL (SDXL)."),
        ("Delibrate", "Near to it: Deliberate."),
        ("zzzz", "Much used: stable_diffusion, AlbedoBase XL (SDXL), Deliberate."),
    ],
)
def test_an_unknown_model_is_refused_with_better_names(name, hint):
    with pytest.raises(InvalidRequest, match="has no model") as caught:
        planned(asked(model=name))

    assert str(caught.value).endswith(hint)


@pytest.mark.parametrize(
    "name,family",
    [
        ("stable_diffusion", SD15),
        ("Deliberate", SD15),
        ("AlbedoBase XL (SDXL)", SDXL),
        ("Pony Diffusion XL", SDXL),
        ("AMPonyXL", SDXL),
        ("WAI-NSFW-illustrious-SDXL", SDXL),
        ("Stable Cascade 1.0", CASCADE),
        ("Flux.1-Schnell fp8 (Compact)", FLUX),
        ("Z-Image-Turbo", Z_IMAGE),
        ("Qwen-Image_fp8", QWEN),
        (None, SD15),
    ],
)
def test_a_model_is_known_by_its_name(name, family):
    assert family_of(name) is family


@pytest.mark.parametrize(
    "size,given_size",
    [
        ((None, None), (512, 512)),
        ((512, None), (512, 512)),
        ((None, 1024), (256, 1024)),
        ((768, 512), (768, 512)),
    ],
)
def test_half_a_size_is_completed_to_the_familys_area(size, given_size):
    request = asked(model="Deliberate", width=size[0], height=size[1])

    plan = planned(request, is_anonymous=False)

    assert (plan.request.width, plan.request.height) == given_size
    assert plan.notes == ()


def test_a_size_off_the_grid_is_rounded_and_said():
    plan = planned(asked(width=1000, height=600))

    assert (plan.request.width, plan.request.height) == (1024, 576)
    assert plan.notes == ("The size was rounded to 1024×576: AI Horde counts in steps of 64.",)


def test_too_large_a_size_is_lowered_for_the_anonymous_only():
    request = asked(width=2048, height=1024)

    lowered, kept = planned(request), planned(request, is_anonymous=False)

    assert (lowered.request.width, lowered.request.height) == (1408, 704)
    assert lowered.notes == ("The size was lowered to 1408×704; your own AI Horde key lifts this.",)
    assert (kept.request.width, kept.request.height) == (2048, 1024)
    assert kept.notes == ()


@pytest.mark.parametrize(
    "sampler,steps",
    [("k_euler_a", 30), ("k_heun", 15), ("k_dpmpp_sde", 15), ("lcm", 10), ("DDIM", 30)],
)
def test_too_many_steps_are_lowered_for_the_anonymous_only(sampler, steps):
    request = asked(sampler=sampler, steps=80)

    lowered, kept = planned(request), planned(request, is_anonymous=False)

    assert lowered.request.steps == steps
    assert lowered.notes == (
        f"The steps were lowered to {steps}; your own AI Horde key lifts this.",
    )
    assert kept.request.steps == 80


def test_steps_that_nobody_asked_for_are_lowered_without_a_word():
    plan = planned(asked(sampler="k_heun"))

    assert plan.request.steps == 15
    assert plan.notes == ()


def test_a_control_type_takes_forty_steps_at_most():
    request = asked(steps=60, source=Source(picture=BLOB, control=Control.DEPTH))

    assert planned(request).request.steps == 20
    plan = planned(request, is_anonymous=False)
    assert plan.request.steps == 40
    assert plan.notes == ("The steps were lowered to 40; a control type takes no more.",)


def test_the_anonymous_may_not_shut_out_slow_workers():
    request = asked(conduct=Conduct(slow_workers=False))

    plan = planned(request)

    assert plan.request.conduct.slow_workers
    assert plan.notes == ("Slow workers were let in; your own AI Horde key lifts this.",)
    assert not planned(request, is_anonymous=False).request.conduct.slow_workers


def test_flux_gets_few_steps_and_little_guidance():
    request = planned(asked(model="Flux.1-Schnell fp8 (Compact)")).request

    assert (request.steps, request.cfg, request.sampler) == (4, 1.0, "k_euler")


def test_guidance_is_rounded_to_two_decimals_and_said():
    plan = planned(asked(cfg=7.126))

    assert plan.request.cfg == 7.13
    assert plan.notes == ("The guidance scale was rounded to 7.13.",)


def test_a_downgrade_that_was_allowed_is_announced():
    plan = planned(asked(conduct=Conduct(allow_downgrade=True)))

    assert plan.notes == ("AI Horde may make it smaller or with fewer steps: you allowed it.",)


def test_a_mask_means_inpainting():
    source = Source(picture=BLOB, mask=BLOB)

    assert planned(asked(source=source)).request.source == replace(source, use=SourceUse.INPAINTING)


def test_samplers_and_post_processors_are_spelled_as_the_horde_does():
    plan = planned(asked(sampler="ddim", post_processing=("gfpgan", "GFPGAN", "nmkd_siax")))

    assert plan.request.sampler == "DDIM"
    assert plan.request.post_processing == ("GFPGAN", "NMKD_Siax")


def test_unknown_words_are_refused_with_the_known_ones():
    with pytest.raises(InvalidRequest) as sampler:
        planned(asked(sampler="euler_magic"))
    with pytest.raises(InvalidRequest) as processor:
        planned(asked(post_processing=("SuperScale",)))

    assert all(name in str(sampler.value) for name in SAMPLERS)
    assert all(name in str(processor.value) for name in POST_PROCESSORS)


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"post_processing": ("RealESRGAN_x4plus", "NMKD_Siax")}, "One upscaler at a time"),
        ({"model": "Flux.1-Schnell fp8 (Compact)", "hires_fix": True}, "no hires fix"),
        ({"model": "Flux.1-Schnell fp8 (Compact)", "transparent": True}, "Transparent pictures"),
        (
            {"model": DEFAULT_MODEL, "source": Source(picture=BLOB, control=Control.HED)},
            "needs a Stable Diffusion 1.5 model",
        ),
        ({"source": Source(picture=BLOB, is_control_map=True)}, "needs a control type"),
        (
            {
                "source": Source(
                    picture=BLOB,
                    control=Control.HED,
                    is_control_map=True,
                    return_control_map=True,
                )
            },
            "need not be returned",
        ),
        ({"source": Source(picture=BLOB, mask=BLOB, use=SourceUse.REMIX)}, "takes no mask"),
        ({"source": Source(picture=BLOB, strength=1.1)}, "strength must lie between 0 and 1"),
        ({"prompt": "  \n"}, "prompt is empty"),
        ({"count": 0}, "count must lie between 1 and 20"),
        ({"count": 21}, "count must lie between 1 and 20"),
        ({"width": 63}, "width must lie between 64 and 3072"),
        ({"height": 3073}, "height must lie between 64 and 3072"),
        ({"steps": 0}, "steps must lie between 1 and 500"),
        ({"cfg": -0.1}, "guidance scale must lie between 0 and 100"),
        ({"cfg": float("nan")}, "guidance scale must lie between 0 and 100"),
        ({"seed": 2**32}, "seed must lie between 0 and 4294967295"),
        ({"seed_variation": 1001}, "seed variation must lie between 1 and 1000"),
        ({"clip_skip": 13}, "clip skip must lie between 1 and 12"),
        ({"hires_fix_strength": 0.0}, "hires fix strength must lie between 0.01 and 1"),
        ({"facefixer_strength": 1.5}, "face fixer strength"),
        ({"loras": (Lora(name="x"),) * 6}, "number of LoRAs must lie between 0 and 5"),
        ({"loras": (Lora(name=""),)}, "a LoRA's name"),
        ({"loras": (Lora(name="x", model_strength=5.1),)}, "LoRA's strength"),
        ({"loras": (Lora(name="x", clip_strength=-5.1),)}, "LoRA's strength"),
        ({"loras": (Lora(name="x", trigger="t" * 31),)}, "trigger"),
        ({"loras": (Lora(name="x", is_version=True),)}, "version is a number"),
        ({"inversions": (TextualInversion(name="x"),) * 21}, "number of textual inversions"),
        ({"inversions": (TextualInversion(name="x", strength=6),)}, "inversion's strength"),
        ({"inversions": (TextualInversion(name="x", inject="both"),)}, "“prompt” or “negprompt”"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(changes, words):
    with pytest.raises(InvalidRequest) as caught:
        planned(PictureRequest(**{"prompt": "a cat", **changes}))

    assert words in str(caught.value)


requests = st.builds(
    PictureRequest,
    prompt=st.just("a cat"),
    count=st.integers(1, 10),
    width=st.none() | st.integers(64, 3072),
    height=st.none() | st.integers(64, 3072),
    model=st.none() | st.sampled_from([model.name for model in SERVED]),
    steps=st.none() | st.integers(1, 500),
    cfg=st.none() | st.floats(0, 100),
    sampler=st.none() | st.sampled_from(SAMPLERS),
    conduct=st.builds(Conduct, slow_workers=st.booleans(), allow_downgrade=st.booleans()),
)


@settings(max_examples=100)
@given(request=requests, is_anonymous=st.booleans())
def test_a_plan_fits_the_horde_and_planning_it_again_changes_nothing(request, is_anonymous):
    plan = planned(request, is_anonymous=is_anonymous)

    width, height = plan.request.width, plan.request.height
    assert width is not None
    assert height is not None
    assert (width % 64, height % 64) == (0, 0)
    assert min(width, height) >= 64
    assert max(width, height) <= 3072
    side = family_of(plan.request.model).anonymous_side_px
    assert not is_anonymous or width * height <= side**2
    assert planned(plan.request, is_anonymous=is_anonymous).request == plan.request


@settings(max_examples=100)
@given(request=requests, is_anonymous=st.booleans())
def test_nothing_that_was_asked_for_changes_without_a_note(request, is_anonymous):
    plan = planned(request, is_anonymous=is_anonymous)

    fields = ("width", "height", "steps", "cfg", "conduct", "model", "count")
    before = [getattr(request, name) for name in fields]
    after = [getattr(plan.request, name) for name in fields]
    changed = [old for old, new in zip(before, after, strict=True) if old not in (None, new)]
    assert not changed or plan.notes


def test_weights_are_left_out_with_a_note():
    plan = planned(asked().evolve(prompt="a cat::2 fog::-1"))

    assert (plan.request.prompt, plan.request.negative) == ("a cat", "fog")
    assert plan.notes == ("AI Horde knows no weights: the words were sent without them.",)
