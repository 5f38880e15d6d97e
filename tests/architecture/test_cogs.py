"""Does every cog load, and would Discord take its commands? Here, and not at the start."""

import pytest

MENUS_MAX = 5  # discord.py 2.7.1 refuses the sixth of a kind (app_commands/tree.py)


@pytest.fixture
def payload(tree):
    return [command.to_dict(tree) for command in tree.get_commands()]


def test_discord_would_take_every_command(payload):
    from bot.sandbox.discord.command_rules import command_problems, scope_problems

    assert payload
    assert [problem for command in payload for problem in command_problems(command)] == []
    assert scope_problems(payload) == []


@pytest.mark.parametrize("kind", [2, 3])
def test_there_are_not_too_many_context_menus(payload, kind):
    assert sum(command.get("type") == kind for command in payload) <= MENUS_MAX
