from dataclasses import fields, replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.inline import PARAMETERS_MAX
from bot.domain.parameters import BY_KEY, PARAMETERS, Takes
from bot.domain.prompts import (
    MISTAKES_SHOWN_MAX,
    TEXT_CHARS_MAX,
    TypedOptions,
    as_parameters,
    build_request,
    parse_prompt,
)
from bot.domain.requests import (
    PROMPT_CHARS_MAX,
    BlobId,
    Conduct,
    Control,
    Lora,
    PictureRequest,
    Source,
    SourceUse,
    TextualInversion,
)

PICTURE = BlobId("a" * 64)
MASK = BlobId("b" * 64)
NO_SHAPE = "--ar needs a shape, like --ar 16:9, or one of square, portrait, landscape, tall, wide."


def mistakes_in(text, **options):
    with pytest.raises(InvalidRequest) as caught:
        build_request(text, options=TypedOptions(**options))
    return str(caught.value).splitlines()


# ---------------------------------------------------------------- what can be said


def test_a_text_without_parameters_is_the_prompt():
    assert build_request("a cat on a mat") == PictureRequest(prompt="a cat on a mat")


@pytest.mark.parametrize(
    "text,change",
    [
        ("--no hands, text", {"negative": "hands, text"}),
        ('--no "hands, text"', {"negative": "hands, text"}),
        ("--no hands --no text", {"negative": "hands, text"}),
        ('--no "text" and "logos"', {"negative": '"text" and "logos"'}),
        ("--n 4", {"count": 4}),
        ("--ar 1:1", {"width": 1024, "height": 1024}),
        ("--ar Portrait", {"width": 832, "height": 1216}),
        ("--size 768x512", {"width": 768, "height": 512}),
        ("--size 768×512", {"width": 768, "height": 512}),
        ("--width 768 --height 512", {"width": 768, "height": 512}),
        ("--width 768", {"width": 768}),
        ('--model "AlbedoBase XL (SDXL)"', {"model": "AlbedoBase XL (SDXL)"}),
        ("--model AlbedoBase XL (SDXL)", {"model": "AlbedoBase XL (SDXL)"}),
        ("--model “Deliberate”", {"model": "Deliberate"}),
        ("--steps 30", {"steps": 30}),
        ("--STEPS=30", {"steps": 30}),
        ("--steps:30,", {"steps": 30}),
        ("--steps ３０", {"steps": 30}),  # noqa: RUF001
        ("--cfg 6.5", {"cfg": 6.5}),
        ("--cfg 6,5", {"cfg": 6.5}),
        ("--cfg .5", {"cfg": 0.5}),
        ("--sampler k_euler_a", {"sampler": "k_euler_a"}),
        ("--seed 7", {"seed": 7}),
        ("--seed 4294967295", {"seed": 4294967295}),
        ("--variation 5", {"seed_variation": 5}),
        ("--karras", {"karras": True}),
        ("--no-karras", {"karras": False}),
        ("--karras=off", {"karras": False}),
        ("--clip-skip 2", {"clip_skip": 2}),
        ("--clip_skip 2", {"clip_skip": 2}),
        ("--hires --hires-strength 0.4", {"hires_fix": True, "hires_fix_strength": 0.4}),
        ("--tile", {"tiling": True}),
        ("--style neon-punk", {"style": "neon-punk"}),
        ("--transparent", {"transparent": True}),
        ("--post GFPGAN,RealESRGAN_x4plus", {"post_processing": ("GFPGAN", "RealESRGAN_x4plus")}),
        ("--post GFPGAN, 4x_AnimeSharp", {"post_processing": ("GFPGAN", "4x_AnimeSharp")}),
        ("--post GFPGAN --post GFPGAN", {"post_processing": ("GFPGAN",)}),
        ("--face-strength 0.7", {"facefixer_strength": 0.7}),
        ("--nsfw", {"conduct": Conduct(nsfw=True)}),
        ("--trusted --no-slow", {"conduct": Conduct(trusted_workers=True, slow_workers=False)}),
        ("--allow-downgrade", {"conduct": Conduct(allow_downgrade=True)}),
        (
            "--no-censor --extra-slow",
            {"conduct": Conduct(censor_nsfw=False, extra_slow_workers=True)},
        ),
    ],
)
def test_every_parameter_lands_in_its_field(text, change):
    assert build_request(f"a cat {text}") == PictureRequest(prompt="a cat", **change)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("--lora ink", Lora(name="ink")),
        ("--lora ink:0.8", Lora(name="ink", model_strength=0.8)),
        ("--lora ink wash:-0.5", Lora(name="ink wash", model_strength=-0.5)),
        ("--lora ink:−0.5", Lora(name="ink", model_strength=-0.5)),  # noqa: RUF001
        ("--lora ink:1:0.3:drip", Lora(name="ink", clip_strength=0.3, trigger="drip")),
        ("--lora ink:::any", Lora(name="ink", trigger="any")),
        ('--lora "ink: a, b":2', Lora(name="ink: a, b", model_strength=2)),
        ("--lora “ink: a, b”:2", Lora(name="ink: a, b", model_strength=2)),
        (r"--lora ink\: a\, b:2", Lora(name="ink: a, b", model_strength=2)),
        ("--lora #12345:2", Lora(name="12345", model_strength=2, is_version=True)),
    ],
)
def test_a_lora_is_read(text, expected):
    assert build_request(f"a cat {text}").loras == (expected,)


def test_loras_and_inversions_add_up_in_their_order():
    request = build_request("a cat --lora a:1 --ti bad:0.5:negprompt, worse --lora b, c")

    assert [lora.name for lora in request.loras] == ["a", "b", "c"]
    assert request.inversions == (
        TextualInversion(name="bad", strength=0.5, inject="negprompt"),
        TextualInversion(name="worse"),
    )


def test_a_source_picture_takes_its_parameters():
    options = TypedOptions(picture=PICTURE)

    request = build_request("a cat --strength 0.6 --control Canny --control-map", options=options)

    assert request.source == Source(
        picture=PICTURE, strength=0.6, control=Control.CANNY, is_control_map=True
    )


def test_a_mask_means_inpainting_unless_something_else_is_said():
    options = TypedOptions(picture=PICTURE, mask=MASK)

    painted = build_request("a cat", options=options).source
    told = build_request("a cat --use outpainting", options=options).source

    assert painted is not None
    assert painted.use is SourceUse.INPAINTING
    assert told is not None
    assert told.use is SourceUse.OUTPAINTING


def test_every_field_of_a_request_can_be_set_but_the_service_s_own():
    reachable = {"prompt", "picture", "mask", *BY_KEY}
    known = {f.name for cls in (PictureRequest, Source, Conduct) for f in fields(cls)}

    assert known - reachable == {"source", "conduct", "replacement_filter", "is_covered"}
    assert {f.name for f in fields(TypedOptions)} == {"picture", "mask", *BY_KEY}


def test_no_two_parameters_share_a_name():
    names = [name for parameter in PARAMETERS for name in parameter.names]
    assert len(names) == len(set(names))
    assert not {f"no-{name}" for name in names} & set(names)


@pytest.mark.parametrize(
    "parameter",
    [p for p in PARAMETERS if p.takes is not Takes.NOTHING],
    ids=lambda p: p.shown,
)
def test_every_example_works(parameter):
    text = f"a cat {parameter.shown} {parameter.example}"

    assert build_request(text, options=TypedOptions(picture=PICTURE)) != PictureRequest(
        prompt="a cat"
    )


# ---------------------------------------------------------------- texts as people type them


def test_words_behind_a_number_belong_to_the_prompt():
    assert build_request("--n 2 a cat --steps 30, in the rain --tile, at night") == PictureRequest(
        prompt="a cat in the rain at night", count=2, steps=30, tiling=True
    )


@pytest.mark.parametrize("dash", ["--", "—", "–"])
def test_dashes_that_phones_make_are_understood(dash):
    assert build_request(f"a cat {dash}steps 30 {dash}no-karras") == PictureRequest(
        prompt="a cat", steps=30, karras=False
    )


@pytest.mark.parametrize(
    "text",
    [
        "a well--known cat",
        "a cat -- fluffy",
        "a cat --",
        "--",
        "a cat --- fluffy",
        "a cat —sleeping on a mat",
        "a -5 degree day",
        "3 cats --4 dogs",
        "a::2 b::-1",
        "Ein Kätzchen, 猫, قطة, 👨‍👩‍👧",
    ],
)
def test_what_is_no_parameter_stays_in_the_prompt(text):
    assert build_request(text) == PictureRequest(prompt=text)


def test_a_backslash_keeps_a_look_alike_in_the_prompt():
    request = build_request(r"a terminal that says \--steps 3 and \\--force --steps 9")

    assert request.prompt == r"a terminal that says --steps 3 and \--force"
    assert request.steps == 9


def test_control_and_bidi_characters_vanish_and_white_space_is_one_space():
    assert (
        build_request("a\u202e cat\x00\n\n on\u200b\ta \u2066 mat\ud800").prompt == "a cat on a mat"
    )


# ---------------------------------------------------------------- options and defaults


def test_options_are_read_like_the_text():
    options = TypedOptions(steps=30, cfg=6.5, karras=False, loras="ink:0.8", aspect="3:2", model="")

    assert build_request("a cat", options=options) == PictureRequest(
        prompt="a cat",
        steps=30,
        cfg=6.5,
        karras=False,
        loras=(Lora(name="ink", model_strength=0.8),),
        width=1216,
        height=832,
    )


def test_text_and_option_may_say_the_same():
    assert build_request("a cat --steps 30", options=TypedOptions(steps=30)).steps == 30


def test_text_and_option_must_not_disagree():
    assert mistakes_in("a cat --steps 30", steps=40) == [
        "--steps in the prompt and the option beside it do not agree: keep one."
    ]


def test_defaults_fill_what_nobody_said():
    defaults = {"steps": 20, "model": "Deliberate", "nsfw": True, "karras": False}

    request = build_request("a cat --no-nsfw", options=TypedOptions(steps=9), defaults=defaults)

    assert request == PictureRequest(prompt="a cat", steps=9, model="Deliberate", karras=False)


def test_an_empty_field_says_nothing():
    defaults = {"steps": None, "model": "", "nsfw": False, "aspect": "square"}

    request = build_request("a cat", options=TypedOptions(negative=""), defaults=defaults)

    assert request == PictureRequest(prompt="a cat", width=1024, height=1024)


def test_a_default_that_nobody_knows_is_our_mistake():
    with pytest.raises(AssertionError, match="sparkle"):
        build_request("a cat", defaults={"sparkle": True})


def test_a_shape_uses_the_area_of_the_default_size():
    defaults = {"width": 512, "height": 512}
    assert build_request("a cat --ar 16:9", defaults=defaults).width == 640
    assert build_request("a cat --ar 16:9").width == 1344
    assert build_request("a cat", defaults={**defaults, "aspect": "wide"}).width == 640


def test_one_side_keeps_the_other_from_the_defaults():
    request = build_request("a cat --width 768", defaults={"size": "512x512"})
    assert (request.width, request.height) == (768, 512)


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("--stepz 3", "I don't know --stepz. Did you mean --steps?"),
        (
            "--no-hands",
            "I don't know --no-hands. What should not be in the picture goes behind --no and a space.",
        ),
        (
            "--chaos 3",
            "I don't know --chaos. To keep it in the prompt, write a backslash before it.",
        ),
        ("--n", "--n needs a whole number, like --n 4."),
        ("--n four", "--n needs a whole number, like --n 4."),
        ("--n 0", "--n 0 is too few: 1 to 10."),
        ("--n 11", "--n 11 is too many: 1 to 10."),
        ("--n -2", "--n -2 is too few: 1 to 10."),
        ("--steps 900", "--steps 900 is too many: 1 to 500."),
        ("--steps " + "9" * 5000, "--steps is out of bounds: 1 to 500."),
        ("--seed 4294967296", "--seed 4294967296 is too high: 0 to 4294967295."),
        ("--cfg -3", "--cfg -3 is too low: 0 to 100."),
        ("--cfg 6.543", "--cfg takes at most 2 decimals, like --cfg 6.5."),
        ("--cfg nan", "--cfg needs a number, like --cfg 6.5."),
        ("--width 500", "--width 500 is no multiple of 64: 512 is the nearest."),
        ("--width 32", "--width 32 is too low: 64 to 3072."),
        ("--size 768", "--size needs a width and a height, like --size 768x512."),
        ("--size 768x500", "--size 500 is no multiple of 64: 512 is the nearest."),
        ("--ar broad", NO_SHAPE),
        ("--ar 0:9", NO_SHAPE),
        ("--ar 100:1", "--ar is too thin: at most 8:1 or 1:8."),
        ("--ar 16:9 --size 768x512", "--ar and --size cannot go together: keep one."),
        ("--size 768x512 --width 64", "--size and --width cannot go together: keep one."),
        ("--steps 3 --steps 4", "--steps is there twice: keep one."),
        ("--tile --no-tile", "--tile is there twice: keep one."),
        ("--tile=maybe", "--tile stands alone: leave out what is attached to it."),
        ("--no", "--no needs words behind it, like --no hands, text."),
        ("--sampler DPM++ 2M", "--sampler needs one word, like --sampler k_euler_a."),
        (
            '--model "Deliberate" on a mat',
            '--model needs one name and nothing behind it, like --model "AlbedoBase XL (SDXL)".',
        ),
        ("--post GFPGAN in the rain", "--post needs one word, like --post GFPGAN."),
        ("--lora", "--lora cannot be read: write it like --lora name:0.8."),
        ("--lora :0.8", "--lora cannot be read: write it like --lora name:0.8."),
        ("--lora a:1:1:b:c", "--lora cannot be read: write it like --lora name:0.8."),
        ("--lora ink:lots", "--lora needs a number, like --lora name:0.8."),
        ("--lora ink:6", "--lora 6 is too high: -5 to 5."),
        ("--lora ink\\", "--lora cannot be read: write it like --lora name:0.8."),
        ("--lora " + "x" * 256, "--lora takes a name of at most 255 characters."),
        ("--lora ink:1:1:" + "x" * 31, "--lora takes a trigger of at most 30 characters."),
        ("--cfg " + "9" * 50, "--cfg is out of bounds: 0 to 100."),
        ("--lora a,b,c,d,e,f", "--lora is there 6 times: at most 5."),
        (
            "--ti bad:1:maybe",
            "--ti takes prompt or negprompt at its end, like --ti name:0.5:negprompt.",
        ),
        ("--strength 0.5", "--strength needs a picture to start from: attach one."),
        ("with ### hands", "Take ### out of the prompt: some providers cut it there."),
        ("--no ###", "Take ### out of the --no text: some providers cut it there."),
    ],
)
def test_a_mistake_is_told_in_a_sentence(text, sentence):
    assert mistakes_in(f"a cat {text}") == [sentence]


def test_an_empty_prompt_is_told():
    assert mistakes_in("") == ["Tell me what to draw: the prompt is empty."]
    assert mistakes_in(" \u200b --n 4") == ["Tell me what to draw: the prompt is empty."]


def test_a_mask_without_a_picture_is_told():
    assert mistakes_in("a cat", mask=MASK) == ["A mask needs a picture to start from: attach one."]


def test_a_prompt_may_be_4000_characters_long_and_no_longer():
    assert len(build_request("x" * PROMPT_CHARS_MAX + " --steps 3").prompt) == PROMPT_CHARS_MAX
    assert mistakes_in("x" * (PROMPT_CHARS_MAX + 1)) == [
        "Your prompt has 4001 characters: at most 4000, please shorten it."
    ]
    assert mistakes_in("x" * (TEXT_CHARS_MAX + 1)) == [
        "Your text has 32001 characters: at most 32000, please shorten it."
    ]


def test_all_mistakes_are_told_at_once_but_not_more_than_a_member_can_read():
    assert len(mistakes_in("a --stepz 3 --n x --cfg z --width 1")) == 4

    shown = mistakes_in("a cat " + " ".join(f"--x{n}y" for n in range(30)))

    assert len(shown) == MISTAKES_SHOWN_MAX + 1
    assert shown[-1] == "And 22 more."


def test_parameters_without_end_are_refused_at_once():
    assert mistakes_in("--a " * 5000) == [
        f"Your text has 5000 parameters: at most {PARAMETERS_MAX}."
    ]


def test_a_sentence_repeats_nothing_that_could_mention_or_format():
    sentences = mistakes_in(
        "a --@everyone --<@1> --n `@here` --control **x** --steps <@1> --xx_yy_"
    )
    assert not set("@`*<_") & set("".join(sentences))


# ---------------------------------------------------------------- any text, and back again

NAMES = st.sampled_from([name for parameter in PARAMETERS for name in parameter.names])
PIECES = st.one_of(
    NAMES.map("--{}".format),
    NAMES.map("--no-{}".format),
    NAMES.map("—{}".format),
    st.sampled_from(["--", "\\--x", '"', "“", "”", ":", ",", "\\", "=", "#1", "16:9", "768x512"]),
    st.sampled_from(["canny", "1", "0.5", "-1", "30", "a", "b c", "k_euler", "on", "prompt"]),
    st.text(max_size=6),
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.builds(lambda glue, parts: glue.join(parts), st.sampled_from(["", " "]), st.lists(PIECES)),
)
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), min_size=1)
PHRASES = st.lists(st.one_of(WORDS, PIECES), min_size=1, max_size=6).map(" ".join)
NUMBERS = st.integers(-500, 500).map(lambda hundredths: hundredths / 100)
LABELS = PHRASES.map(lambda text: " ".join(parse_prompt(text).prompt.split())[:255].strip()).filter(
    lambda label: label and not label.startswith("#")
)
LORAS = st.builds(
    Lora,
    name=LABELS,
    model_strength=NUMBERS,
    clip_strength=NUMBERS,
    trigger=st.none() | LABELS.map(lambda text: text[:30].strip()),
)
INVERSIONS = st.builds(
    TextualInversion,
    name=LABELS,
    inject=st.sampled_from([None, "prompt", "negprompt"]),
    strength=NUMBERS,
)
OPTIONS = st.builds(
    TypedOptions,
    negative=st.none() | PHRASES,
    model=st.none() | PHRASES,
    count=st.none() | st.integers(1, 10),
    cfg=st.none() | NUMBERS.map(abs),
    karras=st.none() | st.booleans(),
    nsfw=st.none() | st.booleans(),
    aspect=st.sampled_from([None, "16:9", "2.39:1", "1:8"]),
    picture=st.none() | st.just(PICTURE),
    mask=st.none() | st.just(MASK),
)


@given(text=TEXTS, options=OPTIONS)
def test_any_text_gives_a_request_that_its_own_words_give_again_or_a_sentence(text, options):
    try:
        request = build_request(text, options=options)
    except InvalidRequest:
        event("refused")
        return
    attached = TypedOptions(picture=options.picture, mask=options.mask)

    assert build_request(as_parameters(request), options=attached) == request


@given(
    prompt=LABELS.filter(lambda text: "###" not in text),
    loras=st.lists(LORAS, max_size=5).map(tuple),
    inversions=st.lists(INVERSIONS, max_size=5).map(tuple),
)
def test_names_with_any_sign_in_them_come_back(prompt, loras, inversions):
    request = PictureRequest(prompt=prompt, loras=loras, inversions=inversions)
    assert build_request(as_parameters(request)) == request


def test_a_full_request_is_written_as_a_member_would_write_it():
    request = PictureRequest(
        prompt="a sign that says --steps",
        negative="hands, text",
        count=4,
        width=768,
        height=512,
        model="AlbedoBase XL (SDXL)",
        karras=False,
        cfg=6.5,
        loras=(Lora(name="a: b", trigger="c"), Lora(name="12", is_version=True)),
        post_processing=("GFPGAN", "strip_background"),
        source=Source(picture=PICTURE, strength=0.6, control=Control.CANNY),
        conduct=Conduct(nsfw=True),
    )

    text = as_parameters(request)

    assert text == (
        r"a sign that says \--steps"
        ' --no "hands, text" --n 4 --size 768x512 --model "AlbedoBase XL (SDXL)" --cfg 6.5'
        ' --no-karras --lora "a: b":1:1:c, #12:1:1 --post GFPGAN, strip_background'
        " --strength 0.6 --control canny --nsfw"
    )
    assert build_request(text, options=TypedOptions(picture=PICTURE)) == request


def test_a_mask_that_does_not_inpaint_is_written_down():
    source = Source(picture=PICTURE, mask=MASK, use=SourceUse.IMG2IMG)
    request = PictureRequest(prompt="a cat", source=source)

    text = as_parameters(request)

    assert text == "a cat --use img2img"
    assert build_request(text, options=TypedOptions(picture=PICTURE, mask=MASK)) == request
    assert (
        as_parameters(replace(request, source=replace(source, use=SourceUse.INPAINTING))) == "a cat"
    )
