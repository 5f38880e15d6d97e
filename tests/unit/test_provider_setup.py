"""What the settings make of Nebula Block, whose calls last and whose masks are a matter of taste."""

import pytest

from bot.domain.errors import ConfigurationError
from bot.provider_setup import provider_configs, service_keys
from bot.settings import load

KEY = {"NEBULA_KEY": "ak_marked"}
LONGEST_PICTURE_S = 180  # the contract's least patience


def nebula(**changes):
    return provider_configs(load({**KEY, **changes}))["nebula"]


def test_without_a_key_it_is_not_offered():
    assert "nebula" not in provider_configs(load({}))
    assert "nebula" not in service_keys(load({}))


def test_a_call_that_draws_may_last_and_no_other():
    config = nebula()

    assert config.submit_timeouts.read_s >= LONGEST_PICTURE_S
    assert config.submit_timeouts.total_s >= LONGEST_PICTURE_S
    assert config.timeouts.total_s < LONGEST_PICTURE_S


def test_the_documented_meaning_of_a_mask_is_the_usual_one_and_can_be_turned():
    assert not nebula().repaints_black
    assert nebula(NEBULA_MASK="black").repaints_black
    with pytest.raises(ConfigurationError, match="NEBULA_MASK: give one of white, black"):
        nebula(NEBULA_MASK="grey")


def test_the_tier_says_how_fast():
    usual, upper = nebula(), nebula(NEBULA_SUBMITS_PER_MINUTE="600")

    assert (usual.submits_per_min, usual.submits_per_s) == (60, 1)
    assert (upper.submits_per_min, upper.submits_per_s) == (600, 10)


def test_the_key_that_reads_the_list_shows_nowhere():
    config = nebula()

    assert config.list_key.get_secret_value() == KEY["NEBULA_KEY"]
    assert KEY["NEBULA_KEY"] not in repr(config)


def test_the_engines_of_ai_client_are_the_operators_the_usual_one_first():
    usual = provider_configs(load({"AI_CLIENT_KEY": "k"}))["ai_client"]
    told = provider_configs(load({"AI_CLIENT_KEY": "k", "AI_CLIENT_ENGINES": "Newest, older one"}))

    assert usual.models == ("stable-diffusion-xl-1024-v0-9",)
    assert told["ai_client"].models == ("Newest", "older one")
    with pytest.raises(ConfigurationError, match="AI_CLIENT_ENGINES: give names with commas"):
        load({"AI_CLIENT_ENGINES": "one,One"})


def test_algovera_keeps_its_key_out_of_queries_for_pictures_unless_told():
    here = {"ALGOVERA_URL": "http://127.0.0.1:9", "ALGOVERA_KEY": "k"}

    assert not provider_configs(load(here))["algovera"].may_ask_by_query
    asked = load({**here, "ALGOVERA_ASK_BY_QUERY": "true"})
    assert provider_configs(asked)["algovera"].may_ask_by_query
