"""Who pays in which channel of a server; 0 stands for all channels without a rule of their own."""

from bot.domain.payers import PayRule
from storage.executor import Executor


class PayRulesTable:
    """The pay rules of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def of(self, guild_id: int) -> dict[int, PayRule]:
        """Return a server's rules by channel."""
        rows = await self._db.rows(
            "SELECT channel_id, rule FROM pay_rules WHERE guild_id = :guild_id", guild_id=guild_id
        )
        return {row["channel_id"]: PayRule(row["rule"]) for row in rows}

    async def all(self) -> dict[int, dict[int, PayRule]]:
        """Return the rules of every server, by server and channel."""
        rules: dict[int, dict[int, PayRule]] = {}
        for row in await self._db.rows("SELECT guild_id, channel_id, rule FROM pay_rules"):
            rules.setdefault(row["guild_id"], {})[row["channel_id"]] = PayRule(row["rule"])
        return rules

    async def put(self, guild_id: int, channel_id: int, rule: PayRule) -> None:
        """Set the rule of a channel."""
        await self._db.change(
            """
            INSERT INTO pay_rules (guild_id, channel_id, rule)
            VALUES (:guild_id, :channel_id, :rule)
            ON CONFLICT (guild_id, channel_id) DO UPDATE SET rule = excluded.rule
            """,
            guild_id=guild_id,
            channel_id=channel_id,
            rule=rule.value,
        )

    async def remove(self, guild_id: int, channel_id: int) -> bool:
        """Take the rule of a channel away; False when there was none."""
        changed = await self._db.change(
            "DELETE FROM pay_rules WHERE guild_id = :guild_id AND channel_id = :channel_id",
            guild_id=guild_id,
            channel_id=channel_id,
        )
        return changed == 1
