"""Whose call it is, what is remembered of it, and when a job that is called back is asked about."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import JobId, Remote
from bot.jobs.callbacks import CallbackAddresses, Callbacks
from bot.jobs.hearsay import CLAIMS_PER_JOB_MAX, HELD_BYTES_MAX, Hearsay
from bot.jobs.schedule import Schedule
from bot.providers.base import Callback, CallbackNews, Item, Limits, Working

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OLD_KEY, NEW_KEY = bytes(32), bytes(range(32))
LIMITS = Limits(submits_per_s=2, submits_per_min=90, poll_gap_s=1.0, collect_gap_s=10)
SCHEDULE = Schedule(interval_s=2.0, slow_s=30.0, deadline=timedelta(minutes=60))
SLOW_S = 30.0


def job(number="4711", *, provider="horde", remote_id="r1"):
    remote = Remote(id=remote_id, total=2, submitted_at=NOW)
    return SimpleNamespace(id=JobId(number), provider=provider, remote=remote)


def addresses(*keys, url="https://bot.example"):
    return CallbackAddresses(url, keys=keys or (NEW_KEY,))


def secret(address):
    return address.rpartition("/")[2]


def news(item_id="p1", *, remote_id="r1", provider="horde", **facts):
    item = Item(id=item_id, **{"url": "x"} | facts)
    return CallbackNews(provider=provider, remote_id=remote_id, item=item)


# ---------------------------------------------------------------- addresses


def test_an_address_leads_back_to_its_job():
    made = addresses().url(job())

    assert re.fullmatch(r"https://bot\.example/callbacks/horde/4711\.[\w-]{43}", made)
    assert addresses().job_of("horde", secret(made)) == "4711"


def test_an_address_below_a_path_keeps_the_path():
    assert (
        addresses(url="https://x.example/easel/")
        .url(job())
        .startswith("https://x.example/easel/callbacks/horde/")
    )


def test_every_job_and_every_provider_has_a_secret_of_its_own():
    jobs = [job("1"), job("2"), job("1", provider="fal"), job("11")]

    assert len({secret(addresses().url(one)).partition(".")[2] for one in jobs}) == 4


def test_a_secret_is_good_for_its_own_provider_only():
    assert addresses().job_of("fal", secret(addresses().url(job()))) is None


def test_a_change_of_the_master_key_goes_on_taking_what_was_handed_out_before():
    running = addresses(OLD_KEY)
    before = secret(running.url(job()))

    running.use([NEW_KEY, OLD_KEY])
    after = secret(running.url(job()))

    assert before != after == secret(addresses(NEW_KEY).url(job()))
    assert running.job_of("horde", before) == running.job_of("horde", after) == "4711"
    assert addresses(NEW_KEY).job_of("horde", before) is None


def test_secrets_outlive_a_change_of_the_master_key_and_new_ones_use_the_new_key():
    before = secret(addresses(OLD_KEY).url(job()))
    both = addresses(NEW_KEY, OLD_KEY)

    assert both.job_of("horde", before) == "4711"
    assert secret(both.url(job())) == secret(addresses(NEW_KEY).url(job()))
    assert addresses(NEW_KEY).job_of("horde", before) is None


@given(st.text(max_size=80))
def test_no_text_that_was_not_made_here_is_a_secret(text):
    assert addresses().job_of("horde", text) is None


@given(st.integers(0, 47), st.characters())
def test_a_secret_with_one_character_changed_is_none(place, character):
    right = secret(addresses().url(job()))
    wrong = right[:place] + character + right[place + 1 :]

    assert (addresses().job_of("horde", wrong) == "4711") is (wrong == right)


def test_a_secret_is_compared_with_that_of_each_key_in_constant_time(monkeypatch):
    compared = []

    def compare(told, right):
        compared.append((told, right))
        return hmac_compare(told, right)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    both = addresses(NEW_KEY, OLD_KEY)
    for told in (secret(both.url(job())), f"4711.{'x' * 43}"):
        compared.clear()
        both.job_of("horde", told)

        assert [one for one, _ in compared] == [told.partition(".")[2]] * 2
        assert compared[0][1] != compared[1][1]


# ---------------------------------------------------------------- hearsay


def test_a_claim_is_heard_once_and_handed_over_once():
    hearsay = Hearsay()

    assert hearsay.add(JobId("4711"), news())
    assert not hearsay.add(JobId("4711"), news())
    assert hearsay.take(job()) == (news(),)
    assert hearsay.take(job()) == ()
    assert not hearsay.add(JobId("4711"), news())


def test_a_claim_about_another_remote_job_or_provider_is_dropped():
    hearsay = Hearsay()
    hearsay.add(JobId("4711"), news("a", remote_id="another"))
    hearsay.add(JobId("4711"), news("b", provider="fal"))
    hearsay.add(JobId("4711"), news("c"))

    assert [one.item.id for one in hearsay.take(job())] == ["c"]


def test_a_submit_without_an_answer_learns_its_remote_id_and_the_news_stays():
    hearsay = Hearsay()
    hearsay.add(JobId("4711"), news(provider="fal", remote_id="not-ours"))
    hearsay.add(JobId("4711"), news())

    assert hearsay.news_of(job()).remote_id == "r1"
    assert hearsay.take(job()) == (news(),)
    assert hearsay.news_of(job()) is None
    assert hearsay.news_of(job("1")) is None


def test_claims_are_bounded_for_each_job():
    hearsay = Hearsay()
    kept = [hearsay.add(JobId("4711"), news(str(number))) for number in range(1000)]

    assert sum(kept) == CLAIMS_PER_JOB_MAX
    assert hearsay.add(JobId("1"), news())


def test_pictures_inside_callbacks_are_bounded_for_all_jobs_and_the_room_comes_back():
    class Large(bytes):
        def __len__(self):
            return HELD_BYTES_MAX // 2 - 1

    hearsay = Hearsay()
    assert hearsay.add(JobId("1"), news(data=Large()))
    assert hearsay.add(JobId("2"), news(data=Large()))
    assert not hearsay.add(JobId("3"), news(data=b"x" * 5000))
    assert hearsay.add(JobId("3"), news())

    hearsay.forget(JobId("1"))
    hearsay.take(job("2"))

    assert hearsay.add(JobId("4"), news(data=Large()))
    assert hearsay.add(JobId("5"), news(data=Large()))


@pytest.mark.parametrize("field", ["text", "url", "seed", "model"])
def test_words_inside_callbacks_are_bounded_like_pictures(field):
    class Long(str):
        __slots__ = ()

        def __len__(self):
            return HELD_BYTES_MAX // 2 + 1

    hearsay = Hearsay()

    assert hearsay.add(JobId("1"), news(**{field: Long()}))
    assert not hearsay.add(JobId("2"), news(**{field: Long()}))
    hearsay.forget(JobId("1"))
    assert hearsay.add(JobId("3"), news(**{field: Long()}))


def test_what_is_forgotten_may_be_said_again():
    hearsay = Hearsay()
    hearsay.add(JobId("4711"), news())
    hearsay.forget(JobId("4711"))
    hearsay.forget(JobId("4711"))

    assert hearsay.take(job()) == ()
    assert hearsay.add(JobId("4711"), news())


# ---------------------------------------------------------------- taking calls in


class Speaks:
    """A provider whose callbacks say what their bodies name."""

    def __init__(self, *, calls_back=True):
        self.calls_back = calls_back

    def read_callback(self, callback):
        return news(callback.body.decode()) if callback.body else None


class Woken(list):
    def wake(self, job_id, *, at=None):
        self.append(job_id)


@pytest.fixture
def woken():
    return Woken()


def callbacks(woken, **providers):
    return Callbacks(addresses(), Hearsay(), providers=providers, dispatch=woken)


def test_a_job_is_woken_by_news_and_by_nothing_else(woken):
    door = callbacks(woken, horde=Speaks())
    for body in (b"p1", b"p1", b"", b"p2"):
        door.hear(JobId("4711"), provider="horde", callback=Callback(headers={}, body=body))

    assert woken == ["4711", "4711"]


def test_only_providers_that_call_back_have_a_door(woken):
    right = secret(addresses().url(job()))

    assert callbacks(woken, horde=Speaks()).job_of("horde", right) == "4711"
    assert callbacks(woken, horde=Speaks(calls_back=False)).job_of("horde", right) is None
    assert callbacks(woken).job_of("horde", right) is None


# ---------------------------------------------------------------- slow polls


def working(eta_s):
    return Working(is_queued=True, finished=0, total=1, eta_s=eta_s)


@given(st.one_of(st.none(), st.floats(0, 10_000)))
def test_a_job_that_is_called_back_is_polled_slowly_and_never_left_alone(eta_s):
    moment = SCHEDULE.next_slow_poll(working(eta_s), limits=LIMITS, now=NOW, watched=1, jitter=0.0)

    assert SCHEDULE.interval_s <= (moment - NOW).total_seconds() <= SLOW_S


def test_it_is_asked_about_when_the_call_is_overdue_by_the_estimate():
    moment = SCHEDULE.next_slow_poll(working(7), limits=LIMITS, now=NOW, watched=1, jitter=0.0)

    assert moment == NOW + timedelta(seconds=14)


def test_word_of_a_lost_submit_is_waited_for_longer_than_one_slow_poll():
    assert SCHEDULE.heard_by(NOW) > NOW + timedelta(seconds=SLOW_S)
