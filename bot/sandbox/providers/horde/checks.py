"""What is refused in any kind of request although its form is right."""

from collections.abc import Mapping

from bot.sandbox.providers.horde.accounts import Account
from bot.sandbox.providers.horde.refusals import Refusal
from bot.sandbox.providers.horde.rules import WORKER_IDS, HordeRules

WORKERS_MAX = 5


def check_common(payload: Mapping[str, object], *, account: Account, rules: HordeRules) -> None:
    """Raise the first refusal that a payload deserves, of those that every kind knows."""
    _check_webhook(payload, rules)
    _check_proxy(payload, account)
    _check_workers(payload)


def _check_webhook(payload: Mapping[str, object], rules: HordeRules) -> None:
    webhook = str(payload.get("webhook", ""))
    if webhook and rules.https_only_webhooks and not webhook.startswith("https://"):
        raise Refusal(400, "webhooks need to point to an https endpoint.", rc="BadRequest")


def _check_proxy(payload: Mapping[str, object], account: Account) -> None:
    if payload.get("proxied_account") and not account.is_service:
        message = "A proxied_account is for service accounts."
        raise Refusal(400, message, rc="OnlyServiceAccountProxy.")  # this one ends with a dot


def _check_workers(payload: Mapping[str, object]) -> None:
    """Refuse strangers among the first workers named; the rest is cut off silently."""
    workers = payload.get("workers", [])
    assert isinstance(workers, list)
    for worker in workers[:WORKERS_MAX]:
        if worker not in WORKER_IDS:
            raise Refusal(404, f"Worker with ID '{worker}' not found.", rc="WorkerNotFound")
