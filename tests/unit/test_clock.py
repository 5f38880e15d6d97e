from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import SystemClock

START = datetime(2026, 11, 21, tzinfo=UTC)


class Machine:
    """A machine whose two clocks are moved by hand."""

    def __init__(self):
        self.wall = START
        self.steady_s = 100.0
        self.clock = SystemClock(wall=lambda: self.wall, steady_s=lambda: self.steady_s)

    def passes(self, seconds, *, jump_s=0.0):
        self.steady_s += seconds
        self.wall += timedelta(seconds=seconds + jump_s)
        return self.clock.now()


def test_it_is_the_machines_clock_while_that_goes_right():
    machine = Machine()

    assert machine.passes(5) == machine.wall


def test_a_clock_put_forward_is_believed():
    machine = Machine()

    assert machine.passes(5, jump_s=3600) == machine.wall


def test_a_clock_put_back_stops_nothing():
    machine = Machine()
    before = machine.passes(5)

    machine.passes(1, jump_s=-3600)
    after = machine.passes(10)

    assert (after - before).total_seconds() > 5


def test_after_a_clock_was_put_back_the_two_meet_again():
    machine = Machine()
    machine.passes(5, jump_s=-60)

    for _ in range(40):
        machine.passes(10)

    assert machine.clock.now() == machine.wall


@given(st.lists(st.tuples(st.floats(0.001, 100), st.floats(-5000, 5000)), max_size=30))
def test_time_never_goes_back(steps):
    machine = Machine()
    moments = [machine.passes(seconds, jump_s=jump_s) for seconds, jump_s in steps]

    assert moments == sorted(moments)
