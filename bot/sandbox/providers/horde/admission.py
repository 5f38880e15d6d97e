"""Who may submit at all, whatever is asked for."""

from dataclasses import dataclass

from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.world import World

BANNED_AGENTS = frozenset({"My-Project:v0.0.1:My-Contact"})

MISSING_KEY = (
    "The API Key corresponding to a registered user. Missing required parameter in the HTTP headers"
)
UNKNOWN_KEY = "No user matching sent API Key. Have you remembered to register at https://stablehorde.net/register ?"
BANNED_AGENT = (
    "This Client-Agent appears badly designed and is causing too many warnings. First ensure it provides a "
    "proper name and contact details. Then contact us on Discord to discuss the issue it's creating."
)
TIMED_OUT = (
    "Due to abuse prevention, your IP address has been put into timeout for {seconds} more seconds. Please "
    "try again later, or contact us on discord if you think this was an error."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and from where."""

    ip: str
    key: str | None
    agent: str


def check_key_is_there(caller: Caller) -> str:
    """Return the key that was shown; its absence is a fault of form."""
    if caller.key is None:
        raise invalid({"apikey": MISSING_KEY})
    return caller.key


def admitted(world: World, caller: Caller, *, may_be_in_timeout: bool = False) -> Account:
    """Return the account of a caller who may submit now."""
    if caller.agent in BANNED_AGENTS:
        raise Refusal(403, BANNED_AGENT, rc="BannedClientAgent")
    if world.rules.maintenance:
        message = "The horde is closed for maintenance."
        raise Refusal(400, message, rc="MaintenanceMode")
    if not may_be_in_timeout:
        _check_timeout(world, caller)
    account = world.accounts.by_key(caller.key or "")
    if account is None:
        raise Refusal(401, UNKNOWN_KEY, rc="InvalidAPIKey")
    if account.trusted:
        world.addresses.trust(caller.ip)
    return account


def _check_timeout(world: World, caller: Caller) -> None:
    """Refuse an address that has to wait; the seconds, a client's own, are only in the text."""
    if left_s := world.addresses.timeout_left_s(caller.ip):
        seconds = int(world.clock.real_s(left_s))
        raise Refusal(403, TIMED_OUT.format(seconds=seconds), rc="TimeoutIP")


def check_concurrency(*, waiting: int, wanted: int, limit: int) -> None:
    """Refuse what would make an account wait for more than it may."""
    if waiting + wanted > limit:
        message = (
            f"{waiting} requests of this account are waiting, {wanted} more would exceed "
            f"its limit of {limit}."
        )
        raise Refusal(429, message, rc="TooManyPrompts")
