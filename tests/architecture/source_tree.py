"""How the architecture tests look at the tree: files, modules, contracts, documents."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cogs", "storage")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
README = ROOT / "README.md"


def name_of(path: Path) -> str:
    """Return a file's path as a test's name."""
    return str(path.relative_to(ROOT))


def modules(folder: str) -> set[str]:
    """Return the names of the modules and packages directly in a folder."""
    return {
        path.stem
        for path in (ROOT / folder).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def contract(name: str) -> dict[str, Any]:
    """Return an import contract by its name."""
    found = project()["tool"]["importlinter"]["contracts"]
    return next(contract for contract in found if contract["name"] == name)


def read(path: Path) -> str:
    assert path.exists(), f"{name_of(path)} is missing: write it."
    return path.read_text("utf-8")


def tracked_files() -> list[Path]:
    """Return what belongs to the project: git's list, or all but what tools make."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        return [
            path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()
        ]
    made = {".venv", ".git", "data", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not made & set(path.parts)]
