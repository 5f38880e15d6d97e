"""The door of `/admin`, and what it says of an act."""

import discord
import pytest

from bot.domain.audit_trail import Act, AuditEntry
from bot.domain.errors import NotAllowed
from bot.ui import admin_copy
from bot.ui.admin import is_admin_command, may_manage, require_manager
from tests.ui.ui_fakes import NOON, OWNER, FakeInteraction


def asking(*, guild_id: int | None = 4, **permissions: bool) -> FakeInteraction:
    interaction = FakeInteraction()
    interaction.guild_id = guild_id
    interaction.permissions = discord.Permissions(**permissions)
    return interaction


@pytest.mark.parametrize("right", ["manage_guild", "administrator"])
def test_whoever_manages_a_server_may_enter(right):
    assert require_manager(asking(**{right: True})) == 4


@pytest.mark.parametrize(
    "interaction",
    [
        asking(),
        asking(manage_messages=True, kick_members=True),
        asking(guild_id=None, manage_guild=True),
    ],
    ids=["a member", "a moderator", "in direct messages"],
)
def test_nobody_else_may(interaction):
    assert not may_manage(interaction)
    with pytest.raises(NotAllowed):
        require_manager(interaction)


@pytest.mark.parametrize(
    ("data", "is_ours"),
    [
        ({"name": "admin", "type": 1}, True),
        ({"name": "imagine", "type": 1}, False),
        ({"name": "admin", "type": 3}, False),
        ({"custom_id": "job:v1:again:1", "component_type": 2}, False),
        (None, False),
    ],
)
def test_an_admin_command_is_known_by_its_root(data, is_ours):
    interaction = FakeInteraction()
    interaction.data = data

    assert is_admin_command(interaction) == is_ours


def test_every_act_has_words():
    assert set(admin_copy.ACTS) == set(Act)


def an_entry(**changes) -> AuditEntry:
    facts = {"id": "1", "guild_id": 4, "actor_id": OWNER, "act": Act.EXPORTED, "at": NOON}
    return AuditEntry(**{**facts, **changes})


def test_an_act_that_this_release_does_not_know_is_shown_as_stored():
    assert "some\\_act" in admin_copy.audit_line(an_entry(act="some_act"))


def test_who_was_forgotten_has_no_name():
    assert "somebody who was forgotten" in admin_copy.audit_line(an_entry(actor_id=None))


def test_many_facts_are_cut_where_a_card_would_burst():
    line = admin_copy.audit_line(an_entry(facts={f"fact {n}": "*" * 500 for n in range(40)}))

    assert len(line) < 400
