"""What every provider's calls share: waiting times, caps and quoting."""

import asyncio
import gzip
import io
import json

import pytest

from bot.domain.errors import Ambiguous, ProtocolBroken, Transient
from bot.jobs.looks import AT_ONCE_MAX
from bot.jobs.turns import SENT_AT_ONCE_MAX
from bot.providers.config import Timeouts
from bot.providers.http import (
    CONNECTIONS_MAX,
    ERROR_BYTES_MAX,
    JSON_BYTES_MAX,
    Http,
    open_session,
    segment,
)
from tests.providers.addresses import Addresses
from tests.providers.recorded_answers import made_answer
from tests.providers.scripted_host import Delivery, Reply, ScriptedHost, as_json


@pytest.mark.parametrize(
    "status,value,wait_s",
    [
        (429, "7", 7.0),
        (503, "7", 7.0),
        (503, "999999", 3600.0),
        (429, "Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        (429, "Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        (200, "60", None),  # successful answers carry it too
        (500, "60", None),
        (429, "", None),
        (429, "soon", None),
        (429, "-5", None),
        (429, "1.5", None),
    ],
)
def test_waiting_times_count_where_they_mean_something(status, value, wait_s):
    answer = made_answer(status, None, Retry_After=value, Date="Fri, 20 Nov 2026 12:00:00 GMT")

    assert answer.retry_after_s == wait_s


def test_a_date_without_a_date_to_compare_says_nothing():
    answer = made_answer(429, None, Retry_After="Fri, 20 Nov 2026 12:00:30 GMT")

    assert answer.retry_after_s is None


@pytest.mark.parametrize(
    "text,quoted", [("JID1#x", "JID1%23x"), ("a/../b", "a%2F..%2Fb"), ("ä b?", "%C3%A4%20b%3F")]
)
def test_an_id_is_one_segment_whatever_it_contains(text, quoted):
    assert segment(text) == quoted


async def test_an_id_arrives_as_it_was_quoted():
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.says(as_json({}))
        http = Http(session, url=f"{host.origin}/api/", provider="p", title="P")

        await http.call("GET", f"jobs/{segment('a#1/../ä')}")

        assert host.calls[0].path == "/api/jobs/a%231%2F..%2F%C3%A4"


async def test_an_explanation_is_read_to_its_cap_only():
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.says(Reply(status=400, body=b"x" * (ERROR_BYTES_MAX * 4)))
        http = Http(session, url=host.origin, provider="p", title="P")

        answer = await http.call("GET", "anything")

        assert len(answer.body) == ERROR_BYTES_MAX


BOMB = gzip.compress(b'"' + b"x" * (JSON_BYTES_MAX + 1) + b'"')
TOO_LARGE = {
    "endless": Reply(body=b" " * (JSON_BYTES_MAX + 1), delivery=Delivery.STALLED),
    "small on the way": Reply(body=BOMB, headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("is_submit", [True, False])
@pytest.mark.parametrize("reply", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_what_is_too_large_is_not_read_to_its_end(reply, is_submit):
    expected = Ambiguous if is_submit else ProtocolBroken
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.says(reply)
        http = Http(session, url=host.origin, provider="p", title="P")

        with pytest.raises(expected, match="too large"):
            await http.call("GET", "anything", is_submit=is_submit)


async def test_a_large_body_arrives_whole():
    body = {"picture": "A" * (3 * 1024 * 1024)}
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.says(as_json({}))
        http = Http(session, url=host.origin, provider="p", title="P")

        await http.call("POST", "submit", json=body, is_submit=True)

        (call,) = host.calls
        assert json.load(io.BytesIO(call.body)) == body
        assert call.headers["content-type"] == "application/json"


async def test_a_name_that_leads_nowhere_is_a_call_that_was_not_sent():
    async with open_session(timeouts=Timeouts(), resolver=Addresses()) as session:
        http = Http(session, url="http://horde.example", provider="p", title="P")

        with pytest.raises(Transient, match="cannot be reached"):
            await http.call("POST", "submit", json={}, is_submit=True)


async def test_a_form_arrives_in_its_order_with_its_brackets():
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.says(as_json({}))
        http = Http(session, url=host.origin, provider="p", title="P")

        await http.call("POST", "entry", form=[("b[0][text]", "cats & dogs"), ("a", "1")])

        assert host.calls[0].body == b"b%5B0%5D%5Btext%5D=cats+%26+dogs&a=1"
        assert host.calls[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_nobody_waits_for_a_connection():
    """Whoever does is told after ten seconds that the provider cannot be reached."""
    assert SENT_AT_ONCE_MAX + AT_ONCE_MAX < CONNECTIONS_MAX


async def test_as_many_calls_wait_for_answers_as_may_be_made():
    async with ScriptedHost() as host, open_session(timeouts=Timeouts()) as session:
        host.always_says(Reply(delivery=Delivery.SILENT))
        http = Http(session, url=host.origin, provider="p", title="P")

        calls = [asyncio.create_task(http.call("GET", "x")) for _ in range(CONNECTIONS_MAX)]
        async with asyncio.timeout(10):
            while len(host.calls) < CONNECTIONS_MAX:
                await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
