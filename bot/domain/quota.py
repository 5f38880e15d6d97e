"""How much one member may have under way at once, running and in line together."""

from bot.domain.errors import QuotaExceeded

WORKING_JOBS_MAX = 100  # a few of them run, the others wait in line (`bot.jobs.seats`)


def may_submit(working: int) -> None:
    """Raise `QuotaExceeded` when a member with this many working jobs has to wait."""
    if working >= WORKING_JOBS_MAX:
        raise QuotaExceeded(
            f"You have {working} requests under way, and {WORKING_JOBS_MAX} is the most: "
            "wait until one is done, or cancel one."
        )
