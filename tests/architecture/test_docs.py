"""Do the documents and the code say the same?"""

import json
import re
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing

import pytest

from bot import settings
from tests.architecture import generated
from tests.architecture.source_tree import README, ROOT, name_of, read, tracked_files

DOCUMENTS = sorted(path for path in tracked_files() if path.suffix == ".md")
COMMAND = re.compile(r"^ {2,4}([a-z][a-z-]*) {2,}\S", re.MULTILINE)


def test_the_readme_has_settings_and_parameters_as_they_are():
    assert generated.with_tables(read(README)) == read(README), generated.HOW


def test_the_operators_guide_says_what_each_provider_declares():
    guide = read(generated.PROVIDERS_README)

    assert generated.with_capabilities(guide) == guide, generated.HOW


def test_the_example_of_an_env_file_is_up_to_date():
    assert read(generated.ENV_EXAMPLE) == generated.env_example(), generated.HOW


def test_the_example_of_an_env_file_can_be_loaded(tmp_path):
    lines = read(generated.ENV_EXAMPLE).splitlines()
    values = (line.lstrip("#") for line in lines if re.match(r"#?[A-Z_]+=", line))
    environ = dict(value.split("=", 1) for value in values)

    assert set(environ) | {"EASEL_HOME"} == set(
        map(settings.env_name, settings.Settings.model_fields)
    )
    assert settings.load(environ) == settings.load({})


def test_the_readme_names_every_slash_command_and_no_other(tree):
    from discord import app_commands

    leaves = {
        f"/{command.qualified_name}"
        for command in tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }

    assert set(re.findall(r"^\| `(/[a-z -]+)`", read(README), re.MULTILINE)) == leaves, (
        "Bring the table of commands in the README up to date."
    )


def launcher_commands() -> set[str]:
    told = subprocess.run([ROOT / "easel", "--help"], check=True, capture_output=True, text=True)
    return set(COMMAND.findall(told.stdout.split("\n\n")[1]))


def test_the_command_line_the_launcher_and_the_readme_agree():
    from bot.__main__ import parser

    of_the_program = set(COMMAND.findall(parser().format_help()))
    of_the_readme = set(re.findall(r"^\| `\./easel ([a-z-]+)", read(README), re.MULTILINE))

    assert launcher_commands() == of_the_program | {"test"}
    assert of_the_readme == of_the_program | {"test"}


def test_the_launcher_takes_what_its_help_says():
    taken = set(re.findall(r"^  ([a-z| -]+)\)", read(ROOT / "easel"), re.MULTILINE))

    words = {word.strip() for row in taken for word in row.split("|")}
    assert launcher_commands() <= words
    assert {word for word in words if not word.startswith("-")} == launcher_commands()


def test_the_diagram_shows_the_moves_that_are_legal():
    from bot.domain.jobs import NEXT, JobState

    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", read(README), re.DOTALL)
    shown = set(re.findall(r"^\s*(\S+) --> (\w+|\[\*\])", diagram, re.MULTILINE))

    legal = {(str(state), str(after)) for state, next_ in NEXT.items() for after in next_}
    ends = {(str(state), "[*]") for state, next_ in NEXT.items() if not next_}
    assert shown == legal | ends | {("[*]", str(JobState.ACCEPTED))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_somewhere(document):
    links = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", document.read_text("utf-8"))

    lost = [link for link in links if not (document.parent / link).exists()]
    assert lost == [], f"{name_of(document)} links to what is not there."


def test_the_program_of_the_privacy_page_shows_and_erases_a_member(tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", read(ROOT / "PRIVACY.md"), re.DOTALL)
    environ = {"EASEL_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", program, "123", *options]
        return subprocess.run(
            words, check=True, capture_output=True, text=True, cwd=tmp_path, env=environ
        )

    first = run()
    with closing(sqlite3.connect(tmp_path / "data" / "easel.db")) as database, database:
        database.execute("INSERT INTO preferences VALUES (123, '{}', 'today')")
    told, after = run("--erase"), run()

    assert [json.loads(end.stdout) for end in (first, told, after)] == [
        {},
        {"preferences": [{"owner_id": 123, "facts": "{}", "changed_at": "today"}]},
        {},
    ]
    assert told.stderr.splitlines()[-1] == "erased"


def test_the_documents_and_the_package_say_the_same_version():
    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]

    assert project["version"] == settings.VERSION
    assert f"## {settings.VERSION}" in read(ROOT / "CHANGELOG.md")
