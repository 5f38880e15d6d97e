"""What goes over the wire for a planned request."""

import base64
from dataclasses import fields

import pytest

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
from bot.providers.base import Inputs
from bot.providers.horde.payload import to_payload

BLOB = BlobId("ab" * 32)
NOTHING = Inputs()


def test_every_switch_is_sent_for_a_plain_request():
    request = PictureRequest(
        prompt="a cat", model="Deliberate", width=512, height=768, steps=25, cfg=7.0, seed=5,
        sampler="k_euler_a", count=2,
    )  # fmt: skip

    assert to_payload(request, NOTHING) == {
        "prompt": "a cat",
        "params": {
            "n": 2,
            "width": 512,
            "height": 768,
            "steps": 25,
            "cfg_scale": 7.0,
            "sampler_name": "k_euler_a",
            "seed": "5",
            "karras": True,
            "hires_fix": False,
            "tiling": False,
            "transparent": False,
        },
        "models": ["Deliberate"],
        "nsfw": False,
        "censor_nsfw": True,
        "trusted_workers": False,
        "slow_workers": True,
        "extra_slow_workers": False,
        "replacement_filter": True,
        "allow_downgrade": False,
        "validated_backends": True,
        "disable_batching": False,
        "shared": False,
        "r2": True,
        "dry_run": False,
    }


OURS = {"is_covered"}  # about how results are posted


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Conduct) if field.name not in OURS]
)
def test_every_rule_of_conduct_is_sent_as_it_is(name):
    for value in (True, False):
        request = PictureRequest(prompt="a cat", conduct=Conduct(**{name: value}))

        assert to_payload(request, NOTHING)[name] is value


def test_no_model_means_any_model():
    assert to_payload(PictureRequest(prompt="a cat"), NOTHING)["models"] == []


def test_a_dry_run_says_so():
    payload = to_payload(PictureRequest(prompt="a cat"), NOTHING, is_dry_run=True)

    assert payload["dry_run"] is True


@pytest.mark.parametrize(
    "prompt,negative,sent",
    [
        ("a cat", "", "a cat"),
        ("a cat", "blurry", "a cat ### blurry"),
        ("a cat ### dogs", "", "a cat ### dogs"),
        ("a cat###dogs", "blurry", "a cat ### dogs, blurry"),
        ("a cat", "blurry ### free", "a cat ### blurry   free"),
        ("a cat ### x ### y", "", "a cat ### x   y"),
        ("a cat ### ", "  ", "a cat"),
    ],
)
def test_the_negative_prompt_follows_one_mark(prompt, negative, sent):
    request = PictureRequest(prompt=prompt, negative=negative)

    assert to_payload(request, NOTHING)["prompt"] == sent


def test_every_option_has_its_place():
    request = PictureRequest(
        prompt="a cat",
        seed=0,
        seed_variation=3,
        karras=False,
        clip_skip=2,
        hires_fix=True,
        hires_fix_strength=0.6,
        tiling=True,
        transparent=True,
        loras=(Lora(name="123", is_version=True, trigger="any"), Lora(name="glow")),
        inversions=(TextualInversion(name="7808", inject="negprompt", strength=0.5),),
        post_processing=("GFPGAN", "RealESRGAN_x2plus"),
        facefixer_strength=0.4,
    )

    assert to_payload(request, NOTHING)["params"] == {
        "n": 1,
        "seed": "0",
        "seed_variation": 3,
        "karras": False,
        "clip_skip": 2,
        "hires_fix": True,
        "hires_fix_denoising_strength": 0.6,
        "tiling": True,
        "transparent": True,
        "loras": [
            {"name": "123", "model": 1.0, "clip": 1.0, "is_version": True, "inject_trigger": "any"},
            {"name": "glow", "model": 1.0, "clip": 1.0, "is_version": False},
        ],
        "tis": [{"name": "7808", "strength": 0.5, "inject_ti": "negprompt"}],
        "post_processing": ["GFPGAN", "RealESRGAN_x2plus"],
        "facefixer_strength": 0.4,
    }


def test_a_source_and_its_mask_travel_as_base64():
    source = Source(picture=BLOB, mask=BLOB, use=SourceUse.INPAINTING, strength=0.0)

    payload = to_payload(
        PictureRequest(prompt="a cat", source=source), Inputs(source=b"picture", mask=b"mask")
    )

    assert base64.b64decode(payload["source_image"]) == b"picture"
    assert base64.b64decode(payload["source_mask"]) == b"mask"
    assert payload["source_processing"] == "inpainting"
    assert payload["params"]["denoising_strength"] == 0.01  # the least there is


def test_a_control_type_travels_with_its_switches():
    source = Source(picture=BLOB, control=Control.CANNY, return_control_map=True)

    params = to_payload(PictureRequest(prompt="a cat", source=source), Inputs(source=b"x"))[
        "params"
    ]

    assert params["control_type"] == "canny"
    assert (params["image_is_control"], params["return_control_map"]) == (False, True)
    assert "denoising_strength" not in params


def test_no_source_no_word_about_it():
    payload = to_payload(PictureRequest(prompt="a cat"), Inputs(source=b"unasked", mask=b"too"))

    assert not {"source_image", "source_mask", "source_processing"} & set(payload)
