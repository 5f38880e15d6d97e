"""A seed decides what goes wrong."""

import dataclasses

from bot.bench.chaos_plan import FULL, SHORT, What, plan, steady
from bot.bench.storm import Storm


def test_the_same_seed_makes_the_same_plan():
    assert plan(7, SHORT) == plan(7, SHORT)


def test_another_seed_makes_another_plan():
    assert plan(7, SHORT).asks != plan(8, SHORT).asks
    assert plan(7, SHORT).troubles != plan(8, SHORT).troubles


def test_a_full_plan_holds_every_kind_of_trouble():
    assert {trouble.what for trouble in plan(1, FULL).troubles} == set(What)


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

    assert any("a call to the Horde goes wrong: method=" in line for line in told)
    assert any(line.endswith("the service is killed with -9 and started again") for line in told)


def test_a_steady_plan_has_members_and_no_trouble():
    made = steady(1, length_s=60.0, per_s=2.0)

    assert len(made.asks) == 120
    assert made.troubles == ()


def test_every_kind_of_trouble_has_somebody_who_makes_it(stage):
    town = dataclasses.make_dataclass("Town", ["member"])(lambda: None)

    assert set(Storm(town, None, plan(1, SHORT)).handlers) == set(What)
