"""Is everything listed, and everything listed there? Lists are by hand, completeness is by test."""

import re
from importlib import import_module

from tests.architecture.source_tree import ROOT, modules


def test_every_provider_is_registered():
    from bot.providers import registry

    shared = {"base", "config", "defaults", "downloads", "http", "reading", "registry"}
    assert set(registry.FACTORIES) == modules("bot/providers") - shared


def test_every_provider_has_recorded_answers():
    from bot.providers import registry

    for name in registry.FACTORIES:
        folder = ROOT / "tests" / "recorded" / name
        assert folder.is_dir(), f"Record answers of {name} in tests/recorded/{name}."
        assert any(folder.iterdir())


def test_every_provider_has_one_title_everywhere():
    from bot.providers import registry
    from bot.ui import copy

    wires = {name: import_module(f"bot.providers.{name}.wire") for name in registry.FACTORIES}
    assert {name: wire.TITLE for name, wire in wires.items()} == copy.PROVIDERS


def test_every_cog_is_listed():
    import cogs

    assert sorted(cogs.COGS) == sorted(f"cogs.{name}" for name in modules("cogs"))


def test_migrations_are_numbered_without_holes():
    names = sorted(path.name for path in (ROOT / "storage" / "migrations").glob("*.sql"))

    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names), names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1)), names
