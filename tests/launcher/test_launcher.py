"""The launcher on a machine of its own: a copy of it, one tiny package, and no network.

Making a virtual environment takes seconds, so one is made once and the Python that the launcher is
given copies it; everything else is the real thing. `making` counts how often one was asked for.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMPT_S = 120.0  # generous: a launcher that hangs should fail, not be timed

PROGRAM = """
import os, sys, tiny
print("bot", tiny.VERSION, *sys.argv[1:])
print("cwd", os.getcwd())
print("home", os.environ.get("EASEL_HOME"))
"""
TEST_PROGRAM = "import os, sys, tiny\nprint('tests', tiny.VERSION, os.getcwd(), *sys.argv[1:])\n"
PYTHON = """#!/bin/sh
case "$*" in
  *"-m venv"*)
    echo x >>"{making}"
    for last; do :; done
    rm -rf "$last"
    cp -a "{template}" "$last"
    exit ;;
esac
exec "{python}" "$@"
"""


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def build_wheel(folder: Path, version: str) -> str:
    """Write a wheel of the package `tiny` and return its pinned line."""
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{n},sha256={digest(t.encode())},{len(t)}\n" for n, t in files.items())
    path = folder / f"tiny-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(name, text)
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A folder with the launcher in it and the environment that it is started with."""

    root: Path
    making: Path
    wheels: Path
    environ: dict[str, str]

    def start(self, *args: str, launcher: Path | None = None, cwd: Path | None = None, **more: str):
        return subprocess.Popen(
            [str(launcher or self.root / "easel"), *args],
            cwd=cwd or self.root,
            env=self.environ | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str, **more):
        process = self.start(*args, **more)
        out, err = process.communicate(timeout=PROMPT_S)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def pin(self, version: str) -> None:
        line = build_wheel(self.wheels, version)
        (self.root / "requirements.txt").write_text(line, encoding="utf-8")
        (self.root / "requirements-dev.txt").write_text(f"# also for tests\n{line}", "utf-8")

    @property
    def made(self) -> int:
        return len(self.making.read_text("utf-8").split()) if self.making.exists() else 0


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=PROMPT_S)
    return folder


@pytest.fixture
def machine(tmp_path, template):
    root, wheels, making = tmp_path / "a folder", tmp_path / "wheels", tmp_path / "making"
    for folder in (root / "bot", root / "tests", wheels):
        folder.mkdir(parents=True)
    shutil.copy2(ROOT / "easel", root / "easel")
    (root / "bot" / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (root / "tests" / "run.py").write_text(TEST_PROGRAM, encoding="utf-8")
    python = tmp_path / "python"
    python.write_text(
        PYTHON.format(making=making, template=template, python=sys.executable), encoding="utf-8"
    )
    python.chmod(0o755)
    environ = {
        "PATH": os.environ["PATH"],
        "EASEL_PYTHON": str(python),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    made = Machine(root=root, making=making, wheels=wheels, environ=environ)
    made.pin("1.0")
    return made


def test_the_first_run_installs_and_says_so_the_second_is_silent(machine):
    first = machine.run("demo", "a cat", "--json")
    second = machine.run("demo", "a cat", "--json")

    assert first.returncode == 0
    assert first.stdout.startswith("bot 1.0 demo a cat --json\n")
    assert first.stderr.count("\n") == 1
    assert first.stderr.startswith("easel: installing what it needs into .venv")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert machine.made == 1


def test_changed_requirements_are_installed_without_a_new_venv(machine):
    machine.run("check")
    machine.pin("2.0")

    after = machine.run("check")

    assert after.stdout.startswith("bot 2.0 check\n")
    assert "installing" in after.stderr
    assert machine.made == 1


def test_the_development_set_serves_both_kinds_of_command(machine):
    running = machine.run("check")
    testing = machine.run("test", "-k", "cat")
    again = machine.run("check")

    assert "installing" in running.stderr
    assert "installing" in testing.stderr
    assert testing.stdout == f"tests 1.0 {machine.root} -k cat\n"
    assert again.stderr == ""


def test_it_works_from_elsewhere_through_links_and_without_a_home(machine, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "bot").mkdir()  # must not be taken for ours
    (elsewhere / "bot" / "__main__.py").write_text("print('wrong')", encoding="utf-8")
    (elsewhere / "first").symlink_to(machine.root / "easel")
    (elsewhere / "second").symlink_to("first")

    done = machine.run("run", launcher=elsewhere / "second", cwd=elsewhere, HOME="")

    assert done.stdout.splitlines() == ["bot 1.0 run", f"cwd {elsewhere}", f"home {machine.root}"]
    assert sorted(path.name for path in elsewhere.iterdir()) == ["bot", "first", "second"]


def test_a_half_made_venv_is_made_again(machine):
    venv = machine.root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python")

    done = machine.run("check")

    assert done.stdout.startswith("bot 1.0 check\n")


def test_an_installation_that_was_cut_off_is_made_again(machine):
    machine.run("check")
    shutil.rmtree(machine.root / ".venv" / "installed")
    (machine.root / ".venv" / "unfinished").touch()

    done = machine.run("check")

    assert done.stdout.startswith("bot 1.0 check\n")
    assert machine.made == 2
    assert not (machine.root / ".venv" / "unfinished").exists()


def test_a_venv_made_by_hand_is_kept(machine, template):
    shutil.copytree(template, machine.root / ".venv", symlinks=True)

    done = machine.run("check")

    assert done.stdout.startswith("bot 1.0 check\n")
    assert machine.made == 0


def test_two_at_once_install_once(machine):
    started = [machine.start("check", str(number)) for number in range(4)]
    outcomes = [process.communicate(timeout=PROMPT_S) for process in started]

    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert sum("installing what it needs" in err for _, err in outcomes) == 1
    assert machine.made == 1


def test_a_lock_whose_holder_died_does_not_matter(machine):
    slow = machine.root / "slow"
    slow.write_text(
        '#!/bin/sh\ncase "$*" in *venv*) echo $$; kill -9 $$;; esac\nexec python3 "$@"\n'
    )
    slow.chmod(0o755)
    killed = machine.run("check", EASEL_PYTHON=str(slow))

    done = machine.run("check")

    assert killed.returncode != 0
    assert done.stdout.startswith("bot 1.0 check\n")


def test_pip_settings_of_the_user_do_not_disturb(machine):
    done = machine.run("check", PIP_USER="1", PYTHONPATH=str(machine.root / "nowhere"))

    assert done.stdout.startswith("bot 1.0 check\n")


@pytest.mark.parametrize("command", ["bogus", "", "--bogus"])
def test_an_unknown_command_is_refused_before_anything_is_installed(machine, command):
    done = machine.run(command)

    assert done.returncode == 2
    assert "easel" in done.stderr
    assert not (machine.root / ".venv").exists()


def test_help_needs_no_installation(machine):
    done = machine.run("--help")

    assert done.returncode == 0
    assert done.stdout.startswith("usage: ./easel")
    assert done.stderr == ""
    assert not (machine.root / ".venv").exists()


def failed(machine: Machine, **environ: str) -> tuple[int, str]:
    """Run and return the exit code and the last line, which has to be the sentence."""
    done = machine.run("check", **environ)
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()[-1]


def fake_python(machine: Machine, script: str) -> str:
    path = machine.root / "fake-python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("python", ["/nowhere/python", "false"])
def test_a_python_that_is_missing_or_too_old_is_named(machine, python):
    code, sentence = failed(machine, EASEL_PYTHON=python)

    assert code == 78
    assert "Python 3.11 or newer is needed" in sentence
    assert python in sentence


def test_no_python_at_all_is_one_sentence(machine, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink", "cmp", "cat"):
        (tools / name).symlink_to(shutil.which(name))

    code, sentence = failed(machine, EASEL_PYTHON="", PATH=str(tools))

    assert code == 78
    assert "python3 python3.13 python3.12 python3.11" in sentence


def test_a_python_without_venv_is_named(machine):
    python = fake_python(
        machine, f'case "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"'
    )

    code, sentence = failed(machine, EASEL_PYTHON=python)

    assert code == 78
    assert "python3-venv" in sentence


def test_an_index_that_cannot_be_reached_is_69(machine):
    code, sentence = failed(
        machine,
        PIP_NO_INDEX="0",
        PIP_FIND_LINKS="",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
    )

    assert code == 69
    assert sentence.startswith("easel: the package index cannot be reached")


def test_after_a_failure_the_next_run_repairs(machine):
    failed(machine, PIP_FIND_LINKS="")

    done = machine.run("check")

    assert done.stdout.startswith("bot 1.0 check\n")


def test_a_package_that_is_not_the_pinned_one_is_refused(machine):
    wheel = machine.wheels / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "a") as changed:
        changed.writestr("more.py", "")

    code, sentence = failed(machine)

    assert code == 1
    assert "not the one that was pinned" in sentence


def test_a_full_disk_is_said_plainly(machine):
    python = fake_python(
        machine,
        'case "$*" in *venv*--clear*) echo "[Errno 28] No space left on device" >&2; exit 1;; esac\n'
        f'exec {sys.executable} "$@"',
    )

    code, sentence = failed(machine, EASEL_PYTHON=python)

    assert (code, sentence) == (1, "easel: the disk is full; make room and start again.")


def test_pips_last_words_are_shown_when_it_fails(machine):
    done = machine.run("check", PIP_FIND_LINKS="")

    assert "No matching distribution found for tiny==1.0" in done.stderr
    assert (machine.root / ".venv" / "pip.log").exists()
    assert done.returncode == 69


def test_a_real_python_makes_a_real_venv(machine):
    done = machine.run("check", EASEL_PYTHON=sys.executable)

    assert done.stdout.startswith("bot 1.0 check\n")
    assert machine.made == 0


def test_the_exit_code_of_the_program_is_the_launchers(machine):
    (machine.root / "bot" / "__main__.py").write_text("raise SystemExit(78)", encoding="utf-8")

    assert machine.run("check").returncode == 78
