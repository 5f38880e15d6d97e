"""Who pays in which channel: rules of servers, remembered so that a quote needs no look at the store."""

from collections.abc import Mapping

from bot.domain.askers import Asker
from bot.domain.audit_trail import Act, Deed
from bot.domain.clock import Clock
from bot.domain.credits import AccountId
from bot.domain.errors import InvalidRequest
from bot.domain.keys import KeyKind
from bot.domain.payers import WHOLE_SERVER, PayRule, PayRules, who_pays
from storage.database import Database, Tx

RULES_MAX = 500  # of one server: Discord's limit of channels


class PayerBook:
    """Keep servers' rules of who pays."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: dict[int, dict[int, PayRule]] = {}

    async def open(self) -> None:
        """Learn all rules."""
        self._remembered = await self._database.read(lambda tx: tx.pay_rules.all())

    def expected(self, asker: Asker, key_kind: KeyKind) -> tuple[AccountId, ...]:
        """Return who will be asked to pay, from memory; for show, `asked` decides."""
        return who_pays(asker, rules=self.of(asker.guild_id), key_kind=key_kind)

    async def asked(self, tx: Tx, asker: Asker, key_kind: KeyKind) -> tuple[AccountId, ...]:
        """Return who is asked to pay, one after another, inside the caller's transaction."""
        rules: PayRules = {}
        if asker.guild_id is not None:
            rules = await tx.pay_rules.of(asker.guild_id)
        return who_pays(asker, rules=rules, key_kind=key_kind)

    def of(self, guild_id: int | None) -> Mapping[int, PayRule]:
        """Return a server's rules by channel; `WHOLE_SERVER` is that of all others."""
        return {} if guild_id is None else self._remembered.get(guild_id, {})

    def let_go(self, guild_id: int) -> None:
        """Forget from memory a server whose rules were deleted in the store."""
        self._remembered.pop(guild_id, None)

    async def set(
        self, rule: PayRule | None, *, deed: Deed, channel_id: int = WHOLE_SERVER
    ) -> None:
        """Say who pays in a channel, or in all without a rule of their own; None takes it away."""
        guild_id, now = deed.guild_id, self._clock.now()

        async def put(tx: Tx) -> dict[int, PayRule]:
            rules = await tx.pay_rules.of(guild_id)
            if rule is not None and len(rules.keys() - {channel_id}) >= RULES_MAX:
                raise InvalidRequest(f"At most {RULES_MAX} channels can have a rule of their own.")
            facts = {
                "who pays": "as everywhere" if rule is None else rule.value,
                "where": str(channel_id) if channel_id else "everywhere else",
            }
            if await tx.audit_trail.add(deed.entry(Act.PAYER_SET, at=now, facts=facts)):
                if rule is None:
                    await tx.pay_rules.remove(guild_id, channel_id)
                else:
                    await tx.pay_rules.put(guild_id, channel_id, rule)
            return await tx.pay_rules.of(guild_id)

        self._remembered[guild_id] = await self._database.write(put)
