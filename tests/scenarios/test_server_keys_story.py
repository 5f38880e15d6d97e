"""Admins lend a key of their server to its members, see what it is worth, and take it away again."""

import pytest

from bot.sandbox.discord.refusals import Impossible
from tests.scenarios.stage import done, titled, until

KEY = "server-key-abcdefgh-5678"
MEMBERS_KEY = "abcdefgh-ijklmnop-1234"


async def lend(stage, key=KEY):
    """Let the chief bring a key of the server; return the answer to it."""
    stage.horde.add_key(key, username="Keepers#5", kudos=900)
    form = await stage.chief.runs("/admin key set", provider="horde")
    answer = await stage.chief.submits(form, key=key)
    await answer.until(lambda version: version.shows("It works."))
    return answer


async def test_a_servers_key_is_asked_for_in_a_form_and_tested(stage):
    stage.horde.add_key(KEY, username="Keepers#5", kudos=900)

    form = await stage.chief.runs("/admin key set", provider="horde")
    answer = await stage.chief.submits(form, key=KEY)
    await answer.until(lambda version: version.shows("It works."))

    assert form.title == "The server's key of AI Horde"
    assert answer.ephemeral
    assert answer.shows("Jobs of this server now run on it there")
    assert answer.shows("`…5678`")
    assert KEY not in answer.text


async def test_jobs_of_the_server_run_on_its_key_and_say_so(stage):
    await lend(stage)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)
    await stage.until_settled(card)

    [job] = stage.horde.truth.jobs
    assert job.key == KEY
    assert card.versions[0].shows("on the server's key")
    assert shown.shows(f"{job.charged:.0f} kudos on the server's key.")
    assert (await stage.job(card)).charged > 0  # credits share it out among the members
    assert (await stage.chief.runs("/admin key list")).shows("used <t:")


async def test_a_members_own_key_goes_before_the_servers(stage):
    await lend(stage)
    await stage.brings_key(stage.ann, MEMBERS_KEY)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert stage.horde.truth.jobs[0].key == MEMBERS_KEY
    assert card.versions[0].shows("on your own key")


async def test_a_servers_key_is_lent_in_that_server_alone(stage):
    await lend(stage)
    elsewhere = stage.discord.guild(name="Elsewhere")
    elsewhere.channel("pictures")
    carl = elsewhere.member("Carl", manage_guild=True)

    theirs = await carl.runs("/admin key list")
    card = await carl.runs("/imagine", prompt="a cat")
    await card.until(done)
    in_private = await stage.ann.runs("/imagine", in_=stage.ann.dm, prompt="a cat")
    await in_private.until(done)

    assert theirs.shows("This server has no key of its own.")
    assert all(job.account.is_anonymous for job in stage.horde.truth.jobs)


async def test_members_who_do_not_manage_the_server_cannot_touch_it(stage):
    await lend(stage)

    with pytest.raises(Impossible):
        await stage.mod.runs("/admin key list")
    stage.guild.opens_command("admin")
    for words in ("list", "test", "forget", "set"):
        options = {} if words == "list" else {"provider": "horde"}
        card = await stage.ann.runs(f"/admin key {words}", **options)
        assert card.ephemeral
        assert card.shows("Only members who may manage this server can do that.")

    assert (await stage.chief.runs("/admin key list")).shows("`…5678`")


async def test_a_form_that_outlived_the_right_to_it_is_refused(stage):
    stage.horde.add_key(KEY, username="Keepers#5", kudos=900)
    form = await stage.chief.runs("/admin key set", provider="horde")
    stage.guild.guild.members[stage.chief.id].permissions = stage.guild.guild.members[
        stage.ann.id
    ].permissions

    answer = await stage.chief.submits(form, key=KEY)

    assert answer.shows("Only members who may manage this server can do that.")
    assert stage.calls("GET", "/find_user") == 0


async def test_a_servers_key_is_tested_again(stage):
    await lend(stage)

    answer = await stage.chief.runs("/admin key test", provider="horde")
    await answer.until(lambda version: version.shows("It works, and belongs to"))

    assert answer.ephemeral
    assert answer.shows(r"Keepers\#5. There are 900 kudos left on it.")


async def test_a_forgotten_servers_key_is_gone(stage):
    await lend(stage)

    answer = await stage.chief.runs("/admin key forget", provider="horde")
    again = await stage.chief.runs("/admin key forget", provider="horde")
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert answer.shows("This server's key of AI Horde is erased.")
    assert again.shows("This server had no key for AI Horde.")
    assert stage.horde.truth.jobs[0].account.is_anonymous


async def test_a_servers_key_that_is_forgotten_before_its_job_is_sent_ends_the_job(stage):
    await lend(stage)
    stage.horde.faults.add("POST", "/generate/async", kind="status", status=503, times=None)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await until(lambda: stage.calls("POST", "/generate/async"))

    await stage.chief.runs("/admin key forget", provider="horde")
    stage.horde.faults.clear()
    shown = await card.until(titled("That did not work"))

    assert shown.shows("The server's key was erased before this could be sent.")
    assert stage.horde.truth.jobs == []


async def test_what_was_done_with_keys_stands_in_the_audit_trail(stage):
    await lend(stage)
    await stage.chief.runs("/admin key forget", provider="horde")
    await stage.chief.runs("/admin key forget", provider="horde")

    trail = await stage.chief.runs("/admin audit")

    assert trail.text.count("brought a key of this server") == 1
    assert trail.text.count("erased a key of this server") == 1
    assert trail.shows("provider AI Horde")
    assert KEY not in trail.text


async def test_a_servers_key_outlives_a_restart(world):
    async with world.playing():
        await lend(world)

    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(done)

    assert world.horde.truth.jobs[0].key == KEY
