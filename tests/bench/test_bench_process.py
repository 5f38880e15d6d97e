"""What a process uses, and what becomes of one."""

import asyncio
import os
import sys

import pytest

from bot.bench import usage
from bot.bench.process import BenchFailed, cleaned, run_command, start
from bot.bench.town import until
from bot.bench.usage import usage_of


def test_our_own_process_uses_something():
    seen = usage_of(os.getpid())

    assert seen.cpu_s > 0
    assert seen.resident_bytes > 2**20


def test_ps_says_about_the_same_as_proc():
    if not usage.PROC.is_dir():
        pytest.skip("no /proc here")

    by_proc, by_ps = usage._from_proc(usage.PROC / str(os.getpid())), usage._from_ps(os.getpid())

    assert by_ps.resident_bytes == pytest.approx(by_proc.resident_bytes, rel=0.2)
    assert by_ps.cpu_s == pytest.approx(by_proc.cpu_s, abs=1.5)
    assert by_ps.files is None


async def test_a_process_that_is_gone_is_said_to_be_gone():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()

    with pytest.raises(ProcessLookupError):
        usage_of(process.pid)
    with pytest.raises(ProcessLookupError):
        usage._from_ps(process.pid)


def test_children_get_no_settings_of_a_real_bot():
    inherited = {"PATH": "/bin", "DISCORD_TOKEN": "t", "HORDE_KEY": "k", "EASEL_DATA_DIR": "d"}
    inherited |= {"AIME_KEY": "k", "NEBULA_KEY": "k"}

    assert set(cleaned(inherited)) == {"PATH", "PYTHONPATH"}


async def test_a_command_that_fails_is_reported_with_the_end_of_its_log(tmp_path):
    environment = cleaned(dict(os.environ)) | {"EASEL_HOME": str(tmp_path)}

    with pytest.raises(BenchFailed, match="DISCORD_TOKEN is not set"):
        await run_command(environment, "sync", log=tmp_path / "log")


async def test_a_killed_process_is_not_running_any_more(tmp_path):
    process = await start(dict(os.environ), "http.server", "0", log=tmp_path / "log")
    assert process.is_running
    assert process.usage().resident_bytes > 0

    await process.kill()

    assert not process.is_running


async def test_waiting_for_what_never_comes_ends_with_a_sentence():
    with pytest.raises(BenchFailed, match="a thing that never comes"):
        await until(lambda: False, within_s=0.0, what="a thing that never comes")
