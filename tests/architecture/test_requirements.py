"""Are the pins complete, hashed, the ones that are asked for, and silent about where they come from?"""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source_tree import (
    FILES,
    PACKAGES,
    README,
    ROOT,
    project,
    read,
    tracked_files,
)

RUN, DEV = "requirements.txt", "requirements-dev.txt"
TOOLS_OF_TESTS = {"jsonschema-rs"}  # imported where a test asks the sandbox to check itself


def pins(name: str) -> dict[str, str]:
    """Return each pinned package with its block: the pin and its hashes."""
    blocks = re.split(r"\n(?! )", read(ROOT / name).strip())
    return {canonicalize_name(re.split(r"[=\s]", block)[0]): block for block in blocks}


def asked(*, dev: bool) -> list[Requirement]:
    table = project()["project"]
    lines = table["dependencies"] + (table["optional-dependencies"]["dev"] if dev else [])
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(("name", "dev"), [(RUN, False), (DEV, True)])
def test_what_is_asked_for_is_pinned_within_its_range(name, dev):
    pinned = pins(name)

    for requirement in asked(dev=dev):
        block = pinned[canonicalize_name(requirement.name)]
        version = re.match(r"\S+==(\S+)", block)[1]
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


@pytest.mark.parametrize("name", [RUN, DEV])
def test_every_pin_is_exact_and_hashed(name):
    for package, block in pins(name).items():
        assert re.match(r"\S+==\S+", block), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), package


@pytest.mark.parametrize("name", [RUN, DEV])
def test_pins_say_nothing_about_where_they_come_from(name):
    assert "://" not in read(ROOT / name)
    assert not re.search(
        r"^\s*(-i|--(extra-)?index-url|--find-links|-f)\b", read(ROOT / name), re.MULTILINE
    )


def test_the_development_set_holds_the_running_set():
    assert pins(RUN).items() <= pins(DEV).items()


def imported() -> set[str]:
    """Return the distributions that our packages import."""
    names = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    foreign = names - set(sys.stdlib_module_names) - set(PACKAGES)
    owners = packages_distributions()
    return {canonicalize_name(owners[name][0]) for name in foreign}


def test_what_is_imported_is_asked_for_and_nothing_else():
    direct = {canonicalize_name(requirement.name) for requirement in asked(dev=False)}

    assert imported() - TOOLS_OF_TESTS == direct, "Bring pyproject.toml's dependencies up to date."


def test_the_readme_gives_a_reason_for_every_dependency():
    section = read(README).split("## Dependencies")[1].split("\n## ")[0].lower()

    missing = [one.name for one in asked(dev=True) if one.name.lower() not in section]
    assert missing == [], "Add a row to the README's table of dependencies."


def test_no_file_names_a_package_registry():
    # put together here, so that this file passes its own test
    hosts = [
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("pypi", "python", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("crates", "io"),
            ("proxy", "golang", "org"),
            ("registry", "hub", "docker", "com"),
            ("docker", "io"),
        )
    ]
    pattern = re.compile("|".join(re.escape(host) for host in hosts).encode(), re.IGNORECASE)

    naming = [str(path) for path in tracked_files() if pattern.search(path.read_bytes())]
    assert naming == [], "Take the registry's name out: pip's own configuration decides."
