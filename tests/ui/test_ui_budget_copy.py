from datetime import UTC, datetime

import pytest

from bot.domain.budgets import Budget, Measure, Period, Standing, Whom
from bot.domain.credits import CREDIT
from bot.domain.errors import BudgetExceeded
from bot.ui import budget_copy
from bot.ui.errors import explain

LIFTS_AT = datetime(2026, 8, 2, tzinfo=UTC)
WHEN = f"<t:{int(LIFTS_AT.timestamp())}:R>"


def a_budget(whom=Whom.EACH, measure=Measure.JOBS, amount=10, **changes):
    facts = {"guild_id": 44, "whom": whom, "measure": measure, "amount": amount}
    if measure is not Measure.PAUSE:
        facts["period"] = Period.DAY
    return Budget(**{**facts, **changes})


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (a_budget(), "10 requests a day for each member"),
        (a_budget(amount=1, period=Period.HOUR), "1 request an hour for each member"),
        (
            a_budget(Whom.SERVER, Measure.CREDITS, 50 * CREDIT, period=Period.MONTH),
            "50 credits a month for all members together",
        ),
        (
            a_budget(Whom.ROLE, subject_id=7, period=Period.WEEK),
            "10 requests a week for each member with the role <@&7>",
        ),
        (a_budget(Whom.MEMBER, subject_id=8), "10 requests a day for <@8>"),
        (a_budget(measure=Measure.PAUSE, amount=45), "45 s between two requests for each member"),
        (
            a_budget(measure=Measure.PAUSE, amount=90),
            "1 min 30 s between two requests for each member",
        ),
        (a_budget(measure=Measure.PAUSE, amount=7200), "2 h between two requests for each member"),
        (
            a_budget(except_role_ids=frozenset({9, 7})),
            "10 requests a day for each member, without those who have <@&7>, <@&9>",
        ),
    ],
)
def test_a_budget_reads_as_one_says_it(budget, words):
    assert budget_copy.rule(budget) == words


@pytest.mark.parametrize(
    ("standing", "sentence"),
    [
        (
            Standing(budget=a_budget(), used=11, lifts_at=LIFTS_AT),
            (
                "This server allows 10 requests a day for each member. 10 requests are used and this "
                f"would take 1 request. It is full again {WHEN}."
            ),
        ),
        (
            Standing(
                budget=a_budget(measure=Measure.CREDITS, amount=10 * CREDIT),
                used=12 * CREDIT,
                lifts_at=LIFTS_AT,
            ),
            (
                "This server allows 10 credits a day for each member. 7 credits are used and this "
                f"would take 5 credits. It is full again {WHEN}."
            ),
        ),
        (
            Standing(
                budget=a_budget(measure=Measure.CREDITS, amount=4 * CREDIT),
                used=5 * CREDIT,
                lifts_at=None,
            ),
            (
                "This server allows 4 credits a day for each member. This would take 5 credits, which "
                "is more than that at any time."
            ),
        ),
        (
            Standing(budget=a_budget(amount=0), used=1, lifts_at=None),
            (
                "This server allows 0 requests a day for each member. This would take 1 request, which "
                "is more than that at any time."
            ),
        ),
        (
            Standing(budget=a_budget(measure=Measure.PAUSE), used=0, lifts_at=LIFTS_AT),
            (
                "This server allows 10 s between two requests for each member. The next one can begin "
                f"{WHEN}."
            ),
        ),
    ],
    ids=["jobs", "credits", "too big", "none at all", "pause"],
)
def test_a_refusal_names_the_rule_and_when_it_lifts(standing, sentence):
    assert explain(BudgetExceeded(standing, needed=5 * CREDIT)) == sentence


def test_a_standing_tells_what_is_used_and_when_it_is_full_again():
    found = Standing(budget=a_budget(), used=3, lifts_at=LIFTS_AT)

    assert budget_copy.standing(found) == (
        f"3 requests used of 10 requests a day for each member, full again {WHEN}"
    )
