import aiohttp
import pytest
from aiohttp import web

from bot.ui.edit_budgets import EditBudgets, Place, Refusal, Room
from bot.ui.rate_headers import (
    channel_place,
    listening,
    place_of,
    refusal_of,
    room_of,
    token_place,
)
from tests.ui.ui_fakes import NOON, TurnedClock

TOKEN_PATH = "/webhooks/1/a-token_x/messages/@original"
ROOM = {
    "X-RateLimit-Bucket": "abc",
    "X-RateLimit-Limit": "5",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset-After": "1.5",
}


@pytest.mark.parametrize("base", ["", "/api/v10"])
@pytest.mark.parametrize(
    "method,path,place",
    [
        ("PATCH", TOKEN_PATH, token_place("a-token_x")),
        ("PATCH", "/webhooks/1/a-token_x/messages/77", token_place("a-token_x")),
        ("PATCH", "/channels/2/messages/3", channel_place(2)),
        ("POST", "/channels/2/messages", Place("POST /channels/messages", "2")),
        ("POST", "/webhooks/1/t", Place("POST /webhooks", "t")),
        ("POST", "/interactions/1/t/callback", Place("POST /interactions/callback", "t")),
        ("GET", "/guilds/7/members/8", Place("GET /guilds/members/…", "7")),
    ],
)
def test_a_request_counts_by_route_and_major_parameter(base, method, path, place):
    assert place_of(method, base + path) == place


def test_a_request_of_nobody_in_particular_counts_by_its_route():
    assert place_of("GET", "/users/7") == Place("GET /users/…", "")


def test_the_state_of_a_bucket_is_read_from_the_headers():
    assert room_of(ROOM) == Room(bucket="abc", limit=5, remaining=0, reset_after_s=1.5)


@pytest.mark.parametrize("missing", ROOM)
def test_half_a_state_is_none(missing):
    assert room_of({name: value for name, value in ROOM.items() if name != missing}) is None


@pytest.mark.parametrize(
    "headers,body,refusal",
    [
        ({}, {"retry_after": 0.4, "global": False}, Refusal(retry_after_s=0.4)),
        ({}, {"retry_after": 2, "global": True}, Refusal(retry_after_s=2, is_global=True)),
        ({"Retry-After": "3"}, {"message": "slow"}, Refusal(retry_after_s=3)),
        (
            {"X-RateLimit-Scope": "global"},
            {"retry_after": 1},
            Refusal(retry_after_s=1, is_global=True),
        ),
        ({"X-RateLimit-Scope": "shared"}, {"retry_after": 1}, Refusal(retry_after_s=1)),
        ({"Retry-After": "60"}, None, Refusal(retry_after_s=60, is_global=True)),
        ({}, None, Refusal(retry_after_s=5, is_global=True)),
        ({"Retry-After": "9e99"}, None, Refusal(retry_after_s=86_400, is_global=True)),
        ({"Retry-After": "60"}, {"code": 30046, "retry_after": 60}, None),
    ],
)
def test_each_refusal_says_how_long_and_for_whom(headers, body, refusal):
    assert refusal_of(headers, body) == refusal


@pytest.fixture
async def asked():
    """Ask a Discord that answers as told, through a session that listens; return the budgets."""
    clock, budgets = TurnedClock(), EditBudgets()

    async def ask(*, path=TOKEN_PATH, status=200, headers=None, text="{}", kind="application/json"):
        async def answer(_request):
            return web.Response(status=status, headers=headers, text=text, content_type=kind)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        async with aiohttp.ClientSession(trace_configs=[listening(budgets, clock)]) as session:
            response = await session.patch(f"http://{host}:{port}{path}")
            assert await response.text() == text, "who asked still gets to read it"
        await runner.cleanup()
        moment = budgets.opens_at(token_place("a-token_x"), is_final=True, now=NOON)
        return (moment - NOON).total_seconds()

    return ask


async def test_an_answer_is_learned_from_as_it_comes(asked):
    assert await asked(headers=ROOM) == 1.5


async def test_a_refusal_is_learned_from_its_body(asked):
    wait_s = await asked(status=429, text='{"retry_after": 0.75, "global": true}')

    assert wait_s == 0.75


async def test_a_global_refusal_counts_wherever_it_comes(asked):
    wait_s = await asked(path="/gateway/bot", status=429, text='{"retry_after": 4, "global": true}')

    assert wait_s == 4


async def test_a_wall_in_front_of_discord_stops_everything(asked):
    page = "<html>blocked</html>"

    wait_s = await asked(status=429, text=page, kind="text/html", headers={"Retry-After": "9"})

    assert wait_s == 9


@pytest.mark.parametrize("headers", [ROOM | {"X-RateLimit-Limit": "many"}, {}])
async def test_what_cannot_be_read_changes_nothing(asked, headers):
    assert await asked(headers=headers) == 0


@pytest.mark.parametrize("name", ["Reset-After", "Limit"])
@pytest.mark.parametrize("nonsense", ["inf", "nan", "1e999", "many", ""])
async def test_nonsense_in_a_header_is_no_harm(asked, name, nonsense):
    assert await asked(headers=ROOM | {f"X-RateLimit-{name}": nonsense}) == 0


async def test_a_window_of_years_is_believed_for_a_day(asked):
    assert await asked(headers=ROOM | {"X-RateLimit-Reset-After": "1e30"}) == 86_400


async def test_a_refusal_that_cannot_be_read_counts_as_a_wall(asked):
    assert await asked(status=429, text="{", headers={"Retry-After": "9"}) == 9
