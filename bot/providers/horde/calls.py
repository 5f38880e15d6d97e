"""The Horde's API as every kind of work calls it: one key header, one place where refusals are raised."""

from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.domain.jobs import Remote
from bot.providers.base import Ended, Ending, Inputs
from bot.providers.horde import wire
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.providers.horde.errors import is_gone, refusal
from bot.providers.http import Answer, Http, segment
from bot.providers.reading import Wire

W = TypeVar("W", bound=Wire)

EXPIRED = Ended(
    how=Ending.EXPIRED,
    reason=f"{wire.TITLE} no longer has this request: no worker took it in time.",
)


class Calls:
    """Short calls.

    Remote ids are capabilities: reading and cancelling need no key, so it stays at home.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def submit(
        self, path: str, body: dict[str, Any], *, key: SecretStr, inputs: Inputs
    ) -> wire.Submitted:
        """Send something once; the address that it may call back is a secret like the key."""
        answer = await self._http.call(
            "POST", path, headers=key_header(key), json=body, is_submit=True
        )
        also_secret = SecretStr(inputs.callback_url or "")
        good(answer, key, also_secret, is_submit=True)
        return wire.READER.read(wire.Submitted, answer, is_submit=True)

    async def estimate(self, path: str, body: dict[str, Any], *, key: SecretStr) -> float:
        """Return the kudos of a dry run, which counts as a submit."""
        answer = await self._http.call("POST", path, headers=key_header(key), json=body)
        return wire.READER.read(wire.Priced, good(answer, key)).kudos

    async def look(self, shape: type[W], path: str, remote: Remote, *, key: SecretStr) -> W | None:
        """Read something about a request; None when the Horde no longer knows it."""
        answer = await self._http.call("GET", f"{path}/{segment(remote.id)}")
        if is_gone(answer):
            return None
        return wire.READER.read(shape, good(answer, SecretStr(remote.id), key))

    async def cancel(self, path: str, remote: Remote, *, key: SecretStr) -> None:
        """Drop what waits of a request; harmless when it is over or gone."""
        answer = await self._http.call("DELETE", f"{path}/{segment(remote.id)}")
        if not is_gone(answer):
            good(answer, SecretStr(remote.id), key)

    async def get(self, path: str) -> Answer:
        """Read what anybody may read."""
        return good(await self._http.call("GET", path))

    async def find(self, shape: type[W], path: str) -> W | None:
        """Read something that may not be there."""
        answer = await self._http.call("GET", path)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return wire.READER.read(shape, good(answer))

    async def account(self, key: SecretStr) -> wire.Account:
        """Read whose key it is (`/find_user`)."""
        answer = await self._http.call("GET", "find_user", headers=key_header(key))
        return wire.READER.read(wire.Account, good(answer, key))

    async def give(self, key: SecretStr, *, to: str, amount: int, once: str) -> None:
        """Transfer kudos; the Horde answers a repeat of `once` without doing it again."""
        headers = {**key_header(key), "Idempotency-Key": once}
        body = {"username": to, "amount": amount}
        answer = await self._http.call(
            "POST", "kudos/transfer", headers=headers, json=body, is_submit=True
        )
        good(answer, key, is_submit=True)


def good(answer: Answer, *secrets: SecretStr, is_submit: bool = False) -> Answer:
    """Return a good answer; raise what another stands for, without these secrets in its words."""
    if not answer.is_good:
        raise refusal(answer, is_submit=is_submit, secrets=secrets)
    return answer


def is_anonymous(key: SecretStr) -> bool:
    """Tell whether a key is the one that everybody shares."""
    return key.get_secret_value() == ANONYMOUS_KEY


def key_header(key: SecretStr) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"apikey": wire.READER.key_text(key)}
