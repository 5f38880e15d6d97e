"""Does every package have a place in the contracts? A new folder must not escape by being new."""

from tests.architecture.source_tree import contract, modules, project

OURS = {f"bot.{name}" for name in modules("bot")}
ABOVE_SETTINGS = {
    "bot.__main__",
    "bot.bench",
    "bot.operate",
    "bot.rotate",
    "bot.app",
    "bot.check",
    "bot.provider_setup",
    "bot.wiring",
    "bot.key_setup",
    "bot.price_setup",
    "bot.privacy_setup",
}
ADAPTERS = {f"bot.providers.{name}" for name in modules("bot/providers")} - {
    "bot.providers.base",
    "bot.providers.config",
    "bot.providers.defaults",
    "bot.providers.downloads",
    "bot.providers.http",
    "bot.providers.reading",
    "bot.providers.registry",
}


def test_every_package_has_a_place_in_the_layers():
    layers = {name for row in contract("Arrows point down")["layers"] for name in row.split(" | ")}

    assert OURS - layers == {"bot.sandbox"}, "Give the module a row in 'Arrows point down'."
    assert layers - OURS == {"cogs", "storage"}


def test_the_sandbox_is_cut_off_from_every_package():
    forbidden = set(contract("The sandbox knows only the wire")["forbidden_modules"])

    expected = OURS - {"bot.sandbox", "bot.__main__"} | {"cogs", "storage", "discord"}
    assert forbidden == expected, "List the module in 'The sandbox knows only the wire'."


def test_settings_and_checks_are_cut_off_from_all_but_the_domain():
    forbidden = set(contract("Settings and checks know only the domain")["forbidden_modules"])

    expected = OURS - ABOVE_SETTINGS - {"bot.domain", "bot.settings", "bot.sandbox"}
    assert forbidden == expected | {"cogs", "storage"}


def test_every_provider_is_kept_from_the_others():
    assert set(contract("Providers do not know one another")["modules"]) == ADAPTERS


def test_only_the_provider_interface_is_seen():
    seen = contract("Everybody sees the provider interface, nobody a provider")

    hidden = {f"bot.providers.{name}" for name in modules("bot/providers")} - {"bot.providers.base"}
    assert set(seen["forbidden_modules"]) == hidden


def test_no_contract_has_an_exception():
    for one in project()["tool"]["importlinter"]["contracts"]:
        assert "ignore_imports" not in one, f"Change the design, not '{one['name']}'."
