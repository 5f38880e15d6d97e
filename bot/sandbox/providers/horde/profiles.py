"""Accounts as the Horde's answers show them, key by key as recorded."""

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.answers import Body


def profile(account: Account) -> Body:
    """Return what anybody may read about an account."""
    return {
        "username": account.username,
        "id": account.user_id,
        "kudos": float(round(account.kudos)),
        "concurrency": account.concurrency,
        "worker_invited": 0,
        "moderator": False,
        "kudos_details": {
            "accumulated": float(-round(account.spent)),
            "gifted": 0, "donated": 0, "admin": 0, "received": 0, "recurring": 0, "awarded": 0, "styled": 0,
        },
        "worker_count": 0,
        "worker_ids": [],
        "styles": [],
        "sharedkey_ids": [],
        "trusted": account.trusted,
        "flagged": False,
        "vpn": False,
        "service": False,
        "education": False,
        "customizer": False,
        "special": False,
        "deleted": False,
        "pseudonymous": False,
        "account_age": 390,
        "usage": {"megapixelsteps": None, "requests": None},
        "contributions": {"megapixelsteps": None, "fulfillments": None},
        "records": {
            "usage": {"megapixelsteps": round(account.megapixelsteps, 2), "tokens": 0},
            "contribution": {"megapixelsteps": 0, "tokens": 0},
            "fulfillment": _of_each_kind(0),
            "request": _of_each_kind(account.requests),
            "style": _of_each_kind(0),
        },
    }  # fmt: skip


def own_profile(
    account: Account, *, shared: SharedKey | None, shared_ids: list[str], active: list[str]
) -> Body:
    """Return what the key's owner reads; `active_generations` is missing when nothing runs.

    The anonymous account has the key always and lists nothing under it.
    """
    suffix = f" (Shared Key: {shared.name})" if shared else ""
    body = profile(account) | {"username": account.username + suffix, "sharedkey_ids": shared_ids}
    if account.is_anonymous:
        body["active_generations"] = {"image": []}
    elif active:
        body["active_generations"] = {"image": active}
    return body


def _of_each_kind(images: int) -> Body:
    return {"image": images, "text": 0, "interrogation": 0}
