"""The one decision: who may ask for what, where, in a server with these rules."""

import pytest

from bot.domain.askers import Asker
from bot.domain.errors import ContentRefused, NotAllowed
from bot.domain.house_rules import Access, BlockedWords, HouseRules, NsfwRule
from bot.domain.jobs import UserId
from bot.domain.moderation import admitted, check_model, check_provider, models_here
from bot.domain.requests import (
    UNSTORED,
    AlchemyRequest,
    Conduct,
    Form,
    Lora,
    PictureRequest,
    Role,
    TextRequest,
    Turn,
)
from bot.providers.base import Model

ANN = UserId(7)
ADULT = PictureRequest(prompt="a cat", conduct=Conduct(nsfw=True))
UNFILTERED = PictureRequest(prompt="a cat", conduct=Conduct(censor_nsfw=False))
CAT = PictureRequest(prompt="a cat")


def asker(**changes) -> Asker:
    facts = {"id": ANN, "guild_id": 1, "channel_id": 22}
    return Asker(**{**facts, **changes})


def refusal(request, *, rules=None, **who) -> Exception:
    with pytest.raises((ContentRefused, NotAllowed)) as caught:
        admitted(request, asker=asker(**who), rules=rules or HouseRules())
    return caught.value


def test_without_rules_everything_harmless_passes_as_it_is():
    alchemy = AlchemyRequest(picture=UNSTORED, forms=(Form.CAPTION,))
    for request in (CAT, TextRequest(prompt="tell me"), alchemy):
        assert admitted(request, asker=asker(), rules=HouseRules()) is request


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (HouseRules(is_paused=True), "paused"),
        (HouseRules(banned=frozenset({ANN})), "do not let you"),
        (HouseRules(channels=Access(blocked=("22",))), "this channel"),
        (HouseRules(channels=Access(allowed=("23",))), "this channel"),
        (HouseRules(roles=Access(allowed=("9",))), "certain roles"),
        (HouseRules(roles=Access(blocked=("5",))), "certain roles"),
    ],
)
def test_whoever_is_kept_out_is_told_by_which_rule(rules, sentence):
    error = refusal(CAT, rules=rules, role_ids=frozenset({5}))

    assert isinstance(error, NotAllowed)
    assert sentence in str(error)


def test_others_are_not_kept_out_by_a_ban():
    rules = HouseRules(banned=frozenset({UserId(8)}))

    assert admitted(CAT, asker=asker(), rules=rules) is CAT


def test_one_allowed_role_is_enough():
    rules = HouseRules(roles=Access(allowed=("9",)))

    assert admitted(CAT, asker=asker(role_ids=frozenset({5, 9})), rules=rules) is CAT


def test_a_thread_is_a_place_of_its_channel():
    allowed = HouseRules(channels=Access(allowed=("22",)))
    blocked = HouseRules(channels=Access(blocked=("22",)))
    thread = {"channel_id": 99, "parent_channel_id": 22}

    assert admitted(CAT, asker=asker(**thread), rules=allowed) is CAT
    assert isinstance(refusal(CAT, rules=blocked, **thread), NotAllowed)


@pytest.mark.parametrize("request_", [ADULT, UNFILTERED])
def test_adult_content_needs_the_label_and_is_no_strike_without(request_):
    error = refusal(request_)

    assert "age-restricted" in str(error)
    assert not error.is_strike
    assert admitted(request_, asker=asker(is_age_restricted=True), rules=HouseRules()) is request_


@pytest.mark.parametrize("request_", [ADULT, UNFILTERED])
def test_a_server_can_forbid_it_everywhere(request_):
    error = refusal(request_, rules=HouseRules(nsfw=NsfwRule.NEVER), is_age_restricted=True)

    assert "no adult content" in str(error)
    assert not error.is_strike


def test_a_server_can_have_it_covered():
    rules = HouseRules(nsfw=NsfwRule.COVERED)
    labelled = asker(is_age_restricted=True)

    assert admitted(ADULT, asker=labelled, rules=rules).conduct.is_covered
    assert admitted(CAT, asker=labelled, rules=rules) is CAT


WORDS = HouseRules(words=BlockedWords(words=("slur",), patterns=("b[a4]d+",)))


@pytest.mark.parametrize(
    "request_",
    [
        PictureRequest(prompt="a slur"),
        PictureRequest(prompt="a B4DDD one"),
        PictureRequest(prompt="a cat", loras=(Lora(name="x", trigger="slur"),)),
        PictureRequest(prompt="a cat", style="slur"),
        TextRequest(prompt="say slur"),
        TextRequest(prompt="say it", instruction="always slur"),
        TextRequest(prompt="again", turns=(Turn(role=Role.MEMBER, text="slur"),)),
    ],
)
def test_blocked_words_are_found_wherever_they_are_wished_for(request_):
    error = refusal(request_, rules=WORDS)

    assert isinstance(error, ContentRefused)
    assert error.is_strike
    assert "This server" in str(error)
    assert "slur" not in str(error)
    assert "b[a4]d" not in str(error)


@pytest.mark.parametrize(
    "request_",
    [
        PictureRequest(prompt="a cat", negative="slur"),
        TextRequest(prompt="what?", turns=(Turn(role=Role.MODEL, text="slur"),)),
        AlchemyRequest(picture=UNSTORED, forms=(Form.CAPTION,)),
    ],
    ids=["what is not wanted", "what a model said", "no words at all"],
)
def test_what_nobody_wishes_for_is_no_offence(request_):
    assert admitted(request_, asker=asker(), rules=WORDS) is request_


def test_a_text_that_takes_too_long_to_check_is_refused_without_a_strike():
    noise = "".join(chr(0x4E00 + number * 7 % 20_000) + "ab"[number % 2] for number in range(2000))
    slow = tuple(f"(.{{1,{90 + number}}}a){{2}}c" for number in range(10))
    error = refusal(
        PictureRequest(prompt=noise), rules=HouseRules(words=BlockedWords(patterns=slow))
    )

    assert "shorten" in str(error)
    assert not error.is_strike


MODELS = (Model(name="Flux.1"), Model(name="Deliberate"))


def here(rules: HouseRules, request=CAT, models=MODELS) -> list[str]:
    return [model.name for model in models_here(models, request, rules=rules, title="AI Horde")]


def test_only_allowed_models_are_planned_with():
    assert here(HouseRules()) == ["Flux.1", "Deliberate"]
    assert here(HouseRules(models=Access(blocked=("Flux*",)))) == ["Deliberate"]


def test_a_blocked_model_that_was_named_is_refused_by_name():
    with pytest.raises(NotAllowed, match=r"does not allow the model Flux\.1"):
        here(HouseRules(models=Access(blocked=("flux*",))), CAT.evolve(model="Flux.1"))


def test_a_provider_without_an_allowed_model_is_refused():
    rules = HouseRules(models=Access(allowed=("SDXL*",)))

    with pytest.raises(NotAllowed, match="none of the models that AI Horde has"):
        here(rules)
    assert here(rules, models=()) == []  # not known yet: the planned model decides
    with pytest.raises(NotAllowed, match="none of the models"):
        check_model(CAT, title="AI Horde", rules=rules)
    with pytest.raises(NotAllowed, match="the model Deliberate"):
        check_model(CAT.evolve(model="Deliberate"), title="AI Horde", rules=rules)
    check_model(CAT.evolve(model="SDXL 1.0"), title="AI Horde", rules=rules)


def test_rules_on_models_do_not_touch_upscalers():
    alchemy = AlchemyRequest(picture=UNSTORED, forms=(Form.UPSCALE,), model="RealESRGAN_x4plus")
    rules = HouseRules(models=Access(allowed=("SDXL*",)))

    assert here(rules, alchemy) == ["Flux.1", "Deliberate"]
    check_model(alchemy, title="AI Horde", rules=rules)


def test_a_blocked_provider_is_named():
    with pytest.raises(NotAllowed, match="does not allow AIME"):
        check_provider("aime", title="AIME", rules=HouseRules(providers=Access(blocked=("aime",))))
