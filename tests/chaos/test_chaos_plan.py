"""A seed decides what goes wrong."""

import dataclasses

import pytest

from bot.bench.chaos_plan import COMMANDS, FULL, SHORT, What, plan, steady
from bot.bench.risks import RISKS
from bot.bench.storm import Storm


def test_the_same_seed_makes_the_same_plan():
    assert plan(7, SHORT) == plan(7, SHORT)


def test_another_seed_makes_another_plan():
    assert plan(7, SHORT).asks != plan(8, SHORT).asks
    assert plan(7, SHORT).troubles != plan(8, SHORT).troubles


def test_a_full_plan_holds_every_kind_of_trouble():
    assert {trouble.what for trouble in plan(1, FULL).troubles} == set(What)


@pytest.mark.parametrize("name", RISKS)
def test_a_full_plan_befalls_every_provider(name):
    facts = [trouble.facts for trouble in plan(1, FULL).troubles]
    own = [each for each in facts if each.get("provider") == name]

    assert any("pattern" in each for each in own)
    assert any("trouble" in each for each in own)


@pytest.mark.parametrize("size", [FULL, SHORT])
def test_members_name_every_provider_and_nobody_with_every_command(size):
    asks = [ask for seed in range(8) for ask in plan(seed, size).asks]

    assert {ask.options.get("provider") for ask in asks} == {None, *RISKS}
    assert {ask.command for ask in asks} == set(COMMANDS)
    assert all(
        ask.options.get("provider") is None
        or ask.command in RISKS[ask.options["provider"]].commands
        for ask in asks
    )


def test_some_seeds_are_called_back_and_some_are_not():
    assert {plan(seed, SHORT).house.calls_back for seed in range(8)} == {True, False}


def test_a_short_plan_has_nothing_that_takes_long():
    short, full = plan(1, SHORT).lives, plan(1, FULL).lives

    for risks in RISKS.values():
        for lives in risks.lives:
            of_short, of_full = (
                {life["outcome"] for life in made[risks.name, lives.desk]} for made in (short, full)
            )
            assert not of_short & set(lives.slow)
            assert set(lives.slow) <= of_full


def test_no_prompt_is_found_in_another_one():
    prompts = [ask.options["prompt"] for ask in steady(1, length_s=60.0, per_s=2.0).asks]

    assert all(sum(prompt in other for other in prompts) == 1 for prompt in prompts)


def test_a_plan_has_as_much_of_everything_as_its_size_says():
    made = plan(3, SHORT)

    kills = [trouble for trouble in made.troubles if trouble.what is What.KILLED]
    assert len(made.asks) == SHORT.jobs
    assert len(kills) == SHORT.kills
    assert len(made.troubles) == SHORT.troubles + SHORT.kills
    assert {trouble.what for trouble in made.troubles}.isdisjoint(SHORT.without)


def test_everything_happens_within_the_length_of_the_plan_and_in_order():
    made = plan(5, FULL)

    moments = [trouble.at_s for trouble in made.troubles]
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] <= FULL.length_s


def test_a_trouble_says_what_it_is():
    told = [str(trouble) for trouble in plan(1, FULL).troubles]

    assert any("a call to a provider goes wrong: provider=" in line for line in told)
    assert any(line.endswith("the service is killed with -9 and started again") for line in told)


def test_a_steady_plan_has_members_and_no_trouble():
    made = steady(1, length_s=60.0, per_s=2.0)

    assert len(made.asks) == 120
    assert made.troubles == ()
    assert {provider for provider, _ in made.lives} == {"horde"}
    assert not any("provider" in ask.options for ask in made.asks)


def test_every_kind_of_trouble_has_somebody_who_makes_it(stage):
    town = dataclasses.make_dataclass("Town", ["member"])(lambda: None)

    assert set(Storm(town, None, plan(1, SHORT)).handlers) == set(What)
