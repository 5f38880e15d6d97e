"""Text that is made from the code: run this file to write it, the tests compare it.

`.venv/bin/python tests/architecture/generated.py` writes `.env.example` and what stands between
`<!-- settings -->` and `<!-- /settings -->` in the README.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENV_EXAMPLE = ROOT / ".env.example"
README = ROOT / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
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


def with_settings(readme: str) -> str:
    """Return the README with the settings as they are."""
    from bot.settings import settings_table

    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2] if END in rest else rest
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    ENV_EXAMPLE.write_text(env_example(), encoding="utf-8")
    README.write_text(with_settings(README.read_text("utf-8")), encoding="utf-8")
