"""`POST /kudos/transfer`: kudos from one account to another, once for each idempotency key."""

from dataclasses import dataclass
from typing import assert_never

from bot.sandbox.clock import Clock
from bot.sandbox.providers.horde.accounts import Account, Accounts, SharedKey
from bot.sandbox.providers.horde.refusals import Refusal, invalid
from bot.sandbox.providers.horde.schema import TEXT, Schema, errors_of, object_of

PAUSE_S = 60.0
FORM: Schema = object_of({"username": TEXT, "amount": {"type": "integer"}}, "username")
DEFAULT_AMOUNT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A transfer that was carried out."""

    sender: str
    receiver: str
    amount: int


class Gifts:
    """All transfers there ever were, and which answered which idempotency key."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self.given: list[Gift] = []
        self._by_key: dict[tuple[str, str], Gift] = {}

    def transfer(self, sender: Account, sent: object, *, idempotency_key: str) -> dict[str, object]:
        """Carry a transfer out, or repeat the answer of one with the same key."""
        if errors := dict(errors_of(sent, FORM)):
            raise invalid(errors)
        assert isinstance(sent, dict)
        amount = int(sent.get("amount", DEFAULT_AMOUNT))
        gift = Gift(sender=sender.username, receiver=str(sent["username"]), amount=amount)
        known = self._by_key.get((sender.username, idempotency_key)) if idempotency_key else None
        if known is not None and known != gift:
            message = "This idempotency key was used for another transfer."
            raise Refusal(400, message, rc="IdempotencyKeyConflict")
        if known is None:
            self._check(sender, gift)
            self._carry_out(sender, gift)
            if idempotency_key:
                self._by_key[sender.username, idempotency_key] = gift
        return {"transferred": float(amount)}

    def _check(self, sender: Account, gift: Gift) -> None:
        if sender.is_anonymous:
            message = "You cannot transfer Kudos from Anonymous, smart-ass."
            raise Refusal(400, message, rc="KudosTransferFromAnon")
        receiver = self._receiver(gift)
        if receiver.is_anonymous:
            raise Refusal(400, "You cannot transfer Kudos to Anonymous.", rc="KudosTransferToAnon")
        if receiver is sender:
            message = "You cannot transfer Kudos to yourself."
            raise Refusal(400, message, rc="KudosTransferToSelf")
        since_s = self._clock.elapsed_s() - sender.received_from.get(receiver.username, -PAUSE_S)
        if since_s < PAUSE_S:
            message = (
                "This user transferred kudos to you very recently. Please wait at least 1 minute."
            )
            raise Refusal(400, message, rc="TooFastKudosTransfers")
        if gift.amount < 0:
            raise Refusal(400, "You cannot transfer less than nothing.", rc="NegativeKudosTransfer")
        if sender.kudos < gift.amount:
            message = "You do not have enough kudos for this transfer."
            raise Refusal(400, message, rc="KudosTransferNotEnough")

    def _receiver(self, gift: Gift) -> Account:
        found = self._accounts.by_name(gift.receiver)
        match found:
            case None:
                message = f"User with username '{gift.receiver}' not found."
                raise Refusal(400, message, rc="InvalidTargetUsername")
            case SharedKey():
                return found.owner
            case Account():
                return found
            case _:
                assert_never(found)

    def _carry_out(self, sender: Account, gift: Gift) -> None:
        sender.kudos -= gift.amount
        sender.gifted += gift.amount
        target = self._accounts.by_name(gift.receiver)
        assert target is not None
        target.kudos += gift.amount
        if isinstance(target, Account):
            target.received += gift.amount
            target.received_from[sender.username] = self._clock.elapsed_s()
        self.given.append(gift)
