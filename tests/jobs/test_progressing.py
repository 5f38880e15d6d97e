from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.progressing import ETA_S_MAX, PLACE_MAX, believable, progress_of
from bot.providers.base import Working
from tests.storage.store_values import NOON

FIGURES = st.one_of(st.none(), st.integers(), st.floats(), st.sampled_from([10**400, -(10**400)]))


@given(st.integers(), st.integers(0, 20), FIGURES, FIGURES, FIGURES)
def test_whatever_a_provider_says_there_is_something_to_show(finished, total, place, eta, percent):
    told = Working(
        is_queued=True, finished=finished, total=total, place=place, eta_s=eta, percent=percent
    )

    seen = believable(told)
    progress = progress_of(seen, now=NOON, shown=0)

    assert 0 <= seen.finished <= total
    assert progress.place is None or 0 < progress.place <= PLACE_MAX
    assert progress.percent is None or 0 < progress.percent <= 100
    assert progress.done_at is None or NOON <= progress.done_at <= NOON + timedelta(
        seconds=ETA_S_MAX
    )


@given(st.integers(0, 4), st.integers(1, PLACE_MAX), st.floats(1, ETA_S_MAX), st.floats(0.1, 100))
def test_what_can_be_meant_is_left_as_it_is(finished, place, eta, percent):
    told = Working(
        is_queued=True, finished=finished, total=4, place=place, eta_s=eta, percent=percent
    )

    assert believable(told) == told
