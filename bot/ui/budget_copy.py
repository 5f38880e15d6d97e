"""What members and admins read of budgets."""

from bot.domain.budgets import Budget, Measure, Period, Standing, Whom
from bot.domain.credits import Microcredits
from bot.ui import texts

_PER = {
    Period.HOUR: "an hour",
    Period.DAY: "a day",
    Period.WEEK: "a week",
    Period.MONTH: "a month",
}
_WHOM = {
    Whom.SERVER: "all members together",
    Whom.EACH: "each member",
    Whom.ROLE: "each member with the role <@&{subject}>",
    Whom.MEMBER: "<@{subject}>",
}


def whom(budget: Budget) -> str:
    """Name those for whom a budget is."""
    words = _WHOM[budget.whom].format(subject=budget.subject_id)
    if not budget.except_role_ids:
        return words
    roles = ", ".join(f"<@&{role_id}>" for role_id in sorted(budget.except_role_ids))
    return f"{words}, without those who have {roles}"


def limit(budget: Budget) -> str:
    """Say how much it is: "50 credits a day"."""
    if budget.period is None:
        return f"{_length(budget.amount)} between two requests"
    return f"{_amount(budget, budget.amount)} {_PER[budget.period]}"


def rule(budget: Budget) -> str:
    """Write a budget on one line, as a list shows it."""
    return f"{limit(budget)} for {whom(budget)}"


def standing(found: Standing) -> str:
    """Say how a budget stands for whoever asks."""
    used = _amount(found.budget, found.used)
    full = "" if found.lifts_at is None else f", full again {texts.relative(found.lifts_at)}"
    return f"{used} used of {rule(found.budget)}{full}"


def exceeded(found: Standing, *, needed: int) -> str:
    """Say which budget refuses a request, and when it lifts; `needed` is the price."""
    allows = f"This server allows {rule(found.budget)}."
    if found.budget.measure is Measure.PAUSE:
        assert found.lifts_at is not None, "a pause ends"
        return f"{allows} The next one can begin {texts.relative(found.lifts_at)}."
    needs = _amount(found.budget, needed if found.budget.measure is Measure.CREDITS else 1)
    if found.lifts_at is None:
        return f"{allows} This would take {needs}, which is more than that at any time."
    before = found.used - (needed if found.budget.measure is Measure.CREDITS else 1)
    return (
        f"{allows} {_amount(found.budget, before)} {'is' if before == 1 else 'are'} used and this "
        f"would take {needs}. It is full again {texts.relative(found.lifts_at)}."
    )


def _length(seconds: int) -> str:
    """Write a round length of time without its zeros."""
    for unit_s, unit in ((24 * 3600, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % unit_s == 0:
            return f"{seconds // unit_s} {unit}"
    return texts.span(seconds)


def _amount(budget: Budget, amount: int) -> str:
    if budget.measure is Measure.CREDITS:
        return texts.in_credits(Microcredits(amount))
    return "1 request" if amount == 1 else f"{amount:,} requests"
