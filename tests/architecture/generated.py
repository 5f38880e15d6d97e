"""Text that is made from the code: run this file to write it, the tests compare it.

`.venv/bin/python tests/architecture/generated.py` writes `.env.example` and the README's tables of
settings and of parameters and the providers' table of capabilities, each between two marks such as
`<!-- settings -->` and `<!-- /settings -->`.
"""

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENV_EXAMPLE = ROOT / ".env.example"
README = ROOT / "README.md"
PROVIDERS_README = ROOT / "bot" / "providers" / "README.md"
HOW = "run .venv/bin/python tests/architecture/generated.py"


def env_example() -> str:
    """Return every setting as a comment with its default; only the token waits for a value."""
    from bot.settings import Settings, default_text, env_name

    blocks = ["# Settings of Easel: copy this file to .env, take away the # and write the value.\n"]
    for name, field in Settings.model_fields.items():
        if name == "home":
            continue  # says where this very file is looked up
        mark = "" if name == "discord_token" else "#"
        blocks.append(f"# {field.description}\n{mark}{env_name(name)}={default_text(field)}\n")
    return "\n".join(blocks)


def with_tables(readme: str) -> str:
    """Return the README with its generated tables as they are now."""
    from bot.domain.parameters import parameters_table
    from bot.settings import settings_table

    readme = _filled(readme, "settings", settings_table())
    return _filled(readme, "parameters", parameters_table())


def with_capabilities(readme: str) -> str:
    """Return the operators' guide with the table of what each provider can do as it is declared."""
    return _filled(readme, "capabilities", asyncio.run(_capability_table()))


async def _capability_table() -> str:
    """Ask every adapter; none of them calls anybody for this."""
    from bot.domain.capabilities import Ability, Sight
    from bot.domain.narrowing import WISHES
    from bot.providers.config import ProviderConfig
    from bot.providers.registry import FACTORIES

    config = ProviderConfig(
        url="http://127.0.0.1:9",
        client_name="docs",
        download_hosts=(),
        submits_per_s=1,
        submits_per_min=1,
        poll_gap_s=1,
        allow_private_hosts=False,
    )
    known = {}
    for factory in FACTORIES.values():
        async with factory(config) as provider:
            known[provider.title] = provider.capability()
    rows = {
        **{str(one): [_mark(one in had.abilities) for had in known.values()] for one in Ability},
        **{
            words: [_mark(name in had.wishes) for had in known.values()]
            for name, words in WISHES.items()
        },
        "weights of words": [_mark(had.weights) for had in known.values()],
        "pictures per call": [str(had.pictures_at_once) for had in known.values()],
        "sides in pixels": [_range(had.sides_px) for had in known.values()],
        "steps": [_range(had.steps) for had in known.values()],
        **{str(one): [_mark(one in had.sights) for had in known.values()] for one in Sight},
        "calls back": [_mark(had.calls_back) for had in known.values()],
        "can be cancelled": [_mark(had.can_cancel) for had in known.values()],
    }
    lines = [
        ["", *known],
        ["---"] + ["---"] * len(known),
        *([name, *row] for name, row in rows.items()),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mark(has) -> str:
    return "✓" if has else "–"


def _range(bounds) -> str:
    if bounds is None:
        return "its own"
    least, most, *step = bounds
    return f"{least}…{most}" + "".join(f" by {one}" for one in step)


def _filled(text: str, name: str, table: str) -> str:
    before, begin, rest = text.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    return f"{before}{begin}\n{table}\n{end}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    ENV_EXAMPLE.write_text(env_example(), encoding="utf-8")
    README.write_text(with_tables(README.read_text("utf-8")), encoding="utf-8")
    guide = with_capabilities(PROVIDERS_README.read_text("utf-8"))
    PROVIDERS_README.write_text(guide, encoding="utf-8")
