"""Text that is made from the code: run this file to write it, the tests compare it.

`.venv/bin/python tests/architecture/generated.py` writes `.env.example` and the README's tables of
settings and of parameters, each between two marks such as `<!-- settings -->` and `<!-- /settings -->`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENV_EXAMPLE = ROOT / ".env.example"
README = ROOT / "README.md"
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


def _filled(text: str, name: str, table: str) -> str:
    before, begin, rest = text.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    return f"{before}{begin}\n{table}\n{end}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    ENV_EXAMPLE.write_text(env_example(), encoding="utf-8")
    README.write_text(with_tables(README.read_text("utf-8")), encoding="utf-8")
