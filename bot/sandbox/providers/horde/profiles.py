"""Accounts as the Horde's answers show them, key by key as recorded."""

from bot.sandbox.providers.horde.accounts import Account, SharedKey
from bot.sandbox.providers.horde.answers import Body

NOTHING = {"image": 0, "text": 0, "interrogation": 0}


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
            "gifted": account.gifted, "donated": 0, "admin": 0, "received": account.received,
            "recurring": 0, "awarded": 0, "styled": 0,
        },
        "worker_count": 0,
        "worker_ids": [],
        "styles": [],
        "sharedkey_ids": [],
        "trusted": account.trusted,
        "flagged": False,
        "vpn": False,
        "service": account.is_service,
        "education": False,
        "customizer": False,
        "special": False,
        "deleted": False,
        "pseudonymous": False,
        "account_age": 390,
        "usage": {"megapixelsteps": None, "requests": None},
        "contributions": {"megapixelsteps": None, "fulfillments": None},
        "records": {
            "usage": {"megapixelsteps": round(account.megapixelsteps, 2), "tokens": account.tokens},
            "contribution": {"megapixelsteps": 0, "tokens": 0},
            "fulfillment": dict(NOTHING),
            "request": {
                "image": account.requests,
                "text": account.text_requests,
                "interrogation": account.alchemy_requests,
            },
            "style": dict(NOTHING),
        },
    }  # fmt: skip


def own_profile(
    account: Account,
    *,
    shared: SharedKey | None,
    shared_ids: list[str],
    active: dict[str, list[str]],
) -> Body:
    """Return what the key's owner reads; `active_generations` lists only kinds with something running.

    It is missing when nothing runs. The anonymous account has it always and lists nothing.
    """
    suffix = f" (Shared Key: {shared.name})" if shared else ""
    body = profile(account) | {"username": account.username + suffix, "sharedkey_ids": shared_ids}
    running = {kind: ids for kind, ids in active.items() if ids}
    if account.is_anonymous:
        body["active_generations"] = {"image": []}
    elif running:
        body["active_generations"] = running
    return body
