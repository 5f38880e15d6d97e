import pytest

from bot.domain.errors import QuotaExceeded
from bot.domain.quota import WORKING_JOBS_MAX, may_submit


def test_the_last_free_place_may_be_taken():
    may_submit(WORKING_JOBS_MAX - 1)


def test_a_member_with_enough_under_way_is_told_to_wait():
    with pytest.raises(QuotaExceeded) as caught:
        may_submit(WORKING_JOBS_MAX)

    assert str(caught.value) == (
        "You have 100 requests under way, and 100 is the most: "
        "wait until one is done, or cancel one."
    )
