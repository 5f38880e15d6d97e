"""`./easel check` against servers that answer as Discord and the Horde do, on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from bot import settings
from bot.check import Finding, check, exit_code
from bot.domain.errors import ConfigurationError, StorageUnavailable

TOKEN = "marked-token-value"
KEY = "marked-horde-key"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class StillClock:
    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


class World:
    """A Discord and a Horde in one server; what they answer can be set."""

    def __init__(self) -> None:
        self.user: web.Response | None = None
        self.date = NOW
        self.heartbeat = "OK"
        self.redirects = False
        self.agents: list[str] = []

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/discord/users/@me", self._me)
        app.router.add_get("/horde/status/heartbeat", self._heartbeat)
        app.router.add_get("/horde/find_user", self._find_user)
        return app

    async def _me(self, request: web.Request) -> web.Response:
        headers = {"Date": format_datetime(self.date, usegmt=True)}
        if self.redirects:
            raise web.HTTPFound("/elsewhere")
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized"}, status=401, headers=headers)
        name = "easel\x1b[31m\nFAIL  forged"
        return web.json_response({"id": "1", "username": name}, headers=headers)

    async def _heartbeat(self, request: web.Request) -> web.Response:
        self.agents.append(request.headers["Client-Agent"])
        return web.json_response({"message": self.heartbeat, "version": "4"})

    async def _find_user(self, request: web.Request) -> web.Response:
        key = request.headers["apikey"]
        if key not in {KEY, "0000000000"}:
            return web.json_response(
                {"message": f"User with api_key '{key}' not found"}, status=404
            )
        return web.json_response({"username": "somebody#1", "kudos": 12.0})


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def world(tmp_path):
    world = World()
    async with serving(world.application()) as url:
        world.environ = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": f"{url}/discord",
            "HORDE_URL": f"{url}/horde",
            "HORDE_KEY": KEY,
            "HORDE_CLIENT_AGENT": "easel:0.1.0:me@example.org",
            "EASEL_CREDIT_MAKERS": "1",
            "EASEL_DATA_DIR": str(tmp_path / "data"),
        }
        yield world


async def good_store() -> str:
    return "The database is at version 1."


async def good_prices() -> str:
    return "Prices are the usual ones."


async def findings(
    world: World, *, database=good_store, prices=good_prices, **changed: str | None
) -> list[Finding]:
    environ = {name: text for name, text in (world.environ | changed).items() if text is not None}
    return await check(settings.load(environ), clock=StillClock(), database=database, prices=prices)


def only(found: list[Finding], *, ok: bool | None) -> Finding:
    (one,) = [finding for finding in found if finding.ok is ok]
    return one


async def test_that_every_servers_admins_can_make_credits_is_noted(world):
    found = await findings(world, EASEL_CREDIT_MAKERS=None)

    assert "EASEL_CREDIT_MAKERS" in only(found, ok=None).text
    assert exit_code(found) == 0


async def test_when_all_is_well_every_sentence_is_good(world, tmp_path):
    found = await findings(world)

    assert [finding for finding in found if finding.ok is False] == []
    assert len(found) == 8
    assert exit_code(found) == 0
    assert world.agents == ["easel:0.1.0:me@example.org"]
    assert list((tmp_path / "data").iterdir()) == []


async def test_secrets_and_control_characters_are_never_repeated(world):
    text = "\n".join(map(str, await findings(world)))

    assert TOKEN not in text
    assert KEY not in text
    assert "\x1b" not in text
    assert "\nFAIL" not in text


async def test_each_fault_of_the_price_list_is_a_sentence_of_its_own(world):
    async def bad_prices() -> str:
        raise ConfigurationError("prices.toml, line 2: no.", "prices.toml, line 7: nor this.")

    found = await findings(world, prices=bad_prices)

    assert [finding.text for finding in found if finding.ok is False] == [
        "prices.toml, line 2: no.",
        "prices.toml, line 7: nor this.",
    ]
    assert exit_code(found) == 1


async def test_a_missing_token_points_to_the_demo(world):
    found = await findings(world, DISCORD_TOKEN=None)

    assert "./easel demo" in only(found, ok=False).text
    assert exit_code(found) == 1


async def test_a_token_that_discord_does_not_know_fails(world):
    found = await findings(world, DISCORD_TOKEN="another-token")

    assert "Discord does not know the token" in only(found, ok=False).text


async def test_an_answer_that_leads_elsewhere_is_not_followed(world):
    world.redirects = True

    found = await findings(world)

    assert "Discord answers 302" in only(found, ok=False).text


@pytest.mark.parametrize("seconds", [-31, 31])
async def test_a_clock_that_runs_away_is_noted(world, seconds):
    world.date = NOW + timedelta(seconds=seconds)

    found = await findings(world)

    assert "31 s away" in only(found, ok=None).text
    assert exit_code(found) == 0


async def test_servers_that_cannot_be_reached_fail_by_name(world):
    found = await findings(
        world, DISCORD_API_URL="http://127.0.0.1:9/api", HORDE_URL="http://127.0.0.1:9/horde"
    )

    texts = [finding.text for finding in found if finding.ok is False]
    assert len(texts) == 2
    assert all(text.startswith("127.0.0.1:9 cannot be reached") for text in texts)


async def test_a_horde_key_that_is_wrong_fails_without_being_shown(world):
    found = await findings(world, HORDE_KEY="another-marked-key")

    text = only(found, ok=False).text
    assert "does not know HORDE_KEY" in text
    assert "another-marked-key" not in text


async def test_the_anonymous_key_and_a_nameless_agent_are_noted(world):
    found = await findings(world, HORDE_KEY=None, HORDE_CLIENT_AGENT=None)

    notes = [finding.text for finding in found if finding.ok is None]
    assert len(notes) == 2
    assert exit_code(found) == 0


@pytest.mark.parametrize(("state", "ok"), [("OVERLOADED", None), ("DOWN", False)])
async def test_the_state_of_the_horde_is_told(world, state, ok):
    world.heartbeat = state

    found = await findings(world)

    assert state in only(found, ok=ok).text


async def test_a_store_that_would_not_open_fails_with_its_own_sentence(world):
    async def broken_store() -> str:
        raise StorageUnavailable("The database is newer than this version.")

    found = await findings(world, database=broken_store)

    assert only(found, ok=False).text == "The database is newer than this version."


async def test_a_data_folder_that_cannot_be_written_fails(world, tmp_path):
    (tmp_path / "file").touch()

    found = await findings(world, EASEL_DATA_DIR=str(tmp_path / "file" / "data"))

    assert any("set EASEL_DATA_DIR" in finding.text for finding in found if finding.ok is False)


async def test_a_master_key_that_others_may_read_is_noted(world, tmp_path):
    path = tmp_path / "master.key"
    path.touch()
    path.chmod(0o644)

    found = await findings(world, EASEL_MASTER_KEY_FILE=str(path))

    assert "chmod 600" in only(found, ok=None).text


async def test_a_key_without_its_address_is_noted(world):
    found = await findings(world, ALGOVERA_KEY="marked-algovera-key")

    assert "set ALGOVERA_URL" in only(found, ok=None).text
    assert exit_code(found) == 0
