"""The file of master keys: made once, replaced whole, never half, never by two at a time."""

import base64
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.domain.errors import ConfigurationError
from storage.master_key import (
    MasterKeyFile,
    add_master_key,
    keep_newest_master_key,
    load_master_keys,
    load_or_create_master_key,
)
from storage.sealing import Purpose, Sealer

ROOT = Path(__file__).parents[2]
SECRET = "hk-marked-secret"
PLACE = {"purpose": Purpose.PROVIDER_KEY, "owner_id": 7, "name": "horde"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "master.key"


def test_the_first_run_makes_a_master_key_for_its_owner_alone(path):
    first, was_created = load_or_create_master_key(path)
    second, was_created_again = load_or_create_master_key(path)

    assert (was_created, was_created_again) == (True, False)
    assert first == second
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(path.read_text())) == 32


def test_a_new_master_key_leaves_the_old_one_in_its_place(path):
    before, _ = load_or_create_master_key(path)
    sealed = Sealer(before).seal(SECRET, **PLACE)

    after = add_master_key(path)

    assert after.current_id != before.current_id
    assert Sealer(after).unseal(sealed, **PLACE) == SECRET
    assert load_or_create_master_key(path) == (after, False)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"c2hvcnQ=\n", b"not base64 at all!", b"\xff\xfe", b"A" * 43]
)
def test_a_file_without_a_master_key_is_refused_and_never_overwritten(path, content):
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(ConfigurationError):
        load_or_create_master_key(path)
    with pytest.raises(ConfigurationError):
        add_master_key(path)

    assert path.read_bytes() == content


def test_a_master_key_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="cannot be written"):
        load_or_create_master_key(tmp_path / "file" / "master.key")


def test_the_older_master_keys_can_be_taken_out(path):
    load_or_create_master_key(path)
    both = add_master_key(path)

    left = keep_newest_master_key(path)

    assert left.current_id == both.current_id
    assert [*left.by_id] == [both.current_id]
    assert load_master_keys(path) == left


def test_many_who_add_a_master_key_at_once_add_one_each(path):
    load_or_create_master_key(path)

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: add_master_key(path), range(16)))

    assert len(load_master_keys(path).by_id) == 17
    assert {keys.current_id for keys in added} <= set(load_master_keys(path).by_id)


def test_many_first_runs_at_once_agree_on_one_master_key(path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_or_create_master_key(path), range(16)))

    assert len({keys.current_id for keys, _ in made}) == 1
    assert [was_created for _, was_created in made].count(True) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from storage import master_key

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(*{"write": (master_key.os, "fsync", die), "name": (Path, "replace", die)}[sys.argv[2]])
master_key.add_master_key(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("when", ["write", "name"])
def test_killed_while_a_master_key_is_added_the_file_is_as_it_was(path, when):
    before, _ = load_or_create_master_key(path)

    killed = subprocess.run(
        [sys.executable, "-P", "-c", KILLED, path, when],
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert load_master_keys(path) == before
    add_master_key(path)
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]  # no key lies about


def test_a_link_goes_on_leading_to_the_file(path, tmp_path):
    load_or_create_master_key(path)
    link = tmp_path / "link"
    link.symlink_to(path)

    both = add_master_key(link)

    assert link.is_symlink()
    assert load_master_keys(path) == both


def test_the_rights_of_the_file_stay_as_they_were(path):
    load_or_create_master_key(path)
    path.chmod(0o640)

    add_master_key(path)

    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_file_stays_its_owners_when_root_adds_a_master_key(path):
    load_or_create_master_key(path)
    os.chown(path, 12345, 12346)

    add_master_key(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_a_change_of_the_file_is_seen_once(path):
    load_or_create_master_key(path)
    file = MasterKeyFile(path)

    first, again = file.changed(), file.changed()
    added = add_master_key(path)

    assert first is not None
    assert again is None
    assert file.changed() == added
    assert file.changed() is None


def test_a_file_that_cannot_be_read_now_is_looked_at_again(path):
    keys, _ = load_or_create_master_key(path)
    file = MasterKeyFile(path)
    text = path.read_text()
    path.write_text("half a ke")

    with pytest.raises(ConfigurationError):
        file.changed()
    path.write_text(text)

    assert file.changed() == keys
    path.unlink()
    with pytest.raises(ConfigurationError):
        file.changed()
