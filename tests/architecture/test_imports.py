"""Who imports whom: the contracts hold, and each would notice its breach."""

import shutil
import subprocess
import sys

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT, name_of

LINT = "from importlinter.cli import lint_imports_command as run; run()"

FORBIDDEN = [
    ("bot/domain/jobs.py", "import storage.jobs"),
    ("bot/domain/credits.py", "from bot import logs"),
    ("bot/jobs/tracker.py", "from bot.providers import horde"),
    ("bot/jobs/tracker.py", "from bot.ui import cards"),
    ("bot/jobs/tracker.py", "import discord"),
    ("bot/jobs/tracker.py", "import aiosqlite"),
    ("bot/providers/horde/provider.py", "import storage.credits"),
    ("bot/providers/http.py", "from bot import settings"),
    ("bot/jobs/album.py", "from PIL import Image"),
    ("bot/accounts/keys.py", "import discord"),
    ("bot/ui/cards.py", "from bot.jobs import tracker"),
    ("bot/ui/cards.py", "import storage.jobs"),
    ("cogs/imagine.py", "import storage.credits"),
    ("cogs/imagine.py", "import sqlite3"),
    ("cogs/imagine.py", "from bot import settings"),
    ("cogs/imagine.py", "from bot.web import health"),
    ("storage/jobs.py", "from bot.providers import base"),
    ("storage/jobs.py", "import discord"),
    ("storage/jobs.py", "from bot import settings"),
    ("bot/app.py", "from bot.sandbox.discord import world"),
    ("bot/client.py", "from bot.sandbox.discord import world"),
    ("bot/app.py", "from bot.bench import rows"),
    ("storage/sqlite.py", "from storage import bare_sqlite"),
    ("bot/settings.py", "import storage.jobs"),
    ("bot/check.py", "from bot.providers import http"),
    ("bot/logs.py", "from bot.domain import errors"),
    ("bot/sandbox/discord/world.py", "from bot.domain import jobs"),
    ("bot/sandbox/discord/world.py", "from bot import logs"),
    ("bot/sandbox/discord/world.py", "import discord"),
]


def lint_imports(folder) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", LINT, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold():
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "line"), FORBIDDEN, ids=[f"{f}: {line}" for f, line in FORBIDDEN])
def test_a_forbidden_import_turns_a_contract_red(copy, file, line):
    path = copy / file
    assert path.exists(), f"{file} has moved: name the new place in this table."
    source = path.read_text("utf-8")

    path.write_text(f"{source}\n{line}\n", encoding="utf-8")
    done = lint_imports(copy)
    path.write_text(source, encoding="utf-8")

    assert done.returncode == 1, done.stdout + done.stderr
    assert " BROKEN" in done.stdout
    assert file.removesuffix(".py").replace("/", ".") in done.stdout


def test_the_table_names_files_of_every_layer():
    assert {file.split("/")[0] for file, _ in FORBIDDEN} == set(PACKAGES)
    assert all((ROOT / file).exists() for file, _ in FORBIDDEN), [
        name_of(ROOT / file) for file, _ in FORBIDDEN if not (ROOT / file).exists()
    ]
