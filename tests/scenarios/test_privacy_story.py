"""A member takes their data with them, has it erased, and comes back."""

import io
import json
import os
import zipfile
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.domain.jobs import UserId
from bot.jobs.erasure import YOUNG_BLOB
from bot.jobs.packing import PARTS_MAX
from bot.sandbox.discord.option_values import Upload
from bot.sandbox.discord.rules import DiscordRules
from tests.media.sample_pictures import half_red_half_blue, written
from tests.scenarios.stage import done, titled, until, until_sent
from tests.scenarios.test_leftovers_story import blobs

KEY = "abcdefgh-ijklmnop-1234"
PHOTO = Upload("cat.png", written(half_red_half_blue(128, 64), "PNG"))
DAY_S = 24 * 60 * 60


async def draws(stage, person, prompt, **options):
    card = await person.runs("/imagine", in_=stage.channel, prompt=prompt, **options)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def export(person):
    """Return the answers to an export, and all its files by name."""
    first = await person.runs("/privacy export")
    await first.until(lambda version: version.attachments)
    return first


def unpacked(card) -> dict[str, bytes]:
    files = {}
    for attachment in card.attachments:
        with zipfile.ZipFile(io.BytesIO(attachment.data)) as package:
            assert package.testzip() is None
            files |= {name: package.read(name) for name in package.namelist()}
    return files


def answers(stage, person):
    """Return everything that only this person sees, the oldest first."""
    return [card for card in stage.discord.messages(stage.channel) if card.ephemeral]


async def erases(stage, person):
    card = await person.runs("/privacy erase")
    await person.clicks("Erase everything", on=card)
    await card.until(lambda version: version.shows("is erased"))
    return card


def everything_stored(stage) -> bytes:
    found = []
    for path in stage.data_dir.rglob("*"):
        # A folder, or a file that is erased while we look, which is what is waited for.
        with suppress(IsADirectoryError, FileNotFoundError):
            found.append(path.read_bytes())
    return b"".join(found)


def some_minutes_pass_for_files(stage) -> None:
    for path in (stage.data_dir / "blobs").rglob("*"):
        then = path.stat().st_mtime - 2 * YOUNG_BLOB.total_seconds()
        os.utime(path, (then, then))


# ---------------------------------------------------------------- export


async def test_a_member_gets_everything_about_them_and_nothing_of_others(stage):
    await stage.brings_key(stage.ann, KEY)
    await stage.ann.runs("/defaults set", steps=9)
    await draws(stage, stage.ann, "a lighthouse for Ann", count=2, picture=PHOTO)
    await draws(stage, stage.bob, "a harbour for Bob")

    card = await export(stage.ann)

    files = unpacked(card)
    assert card.ephemeral
    assert card.shows("Everything that is stored about you.")
    assert [attachment.filename for attachment in card.attachments] == ["easel-1.zip"]
    tables = {
        name.removeprefix("data/").removesuffix(".json"): json.loads(data)
        for name, data in files.items()
        if name.startswith("data/")
    }
    assert {row["owner_id"] for row in tables["jobs"]} == {int(stage.ann.id)}
    assert json.loads(tables["jobs"][0]["request"])["prompt"] == "a lighthouse for Ann"
    assert json.loads(tables["preferences"][0]["facts"])["steps"] == 9
    assert tables["keys"][0]["last4"] == "1234"
    assert tables["transfers"]
    pictures = [name for name in files if name.startswith("pictures/")]
    sources = [name for name in files if name.startswith("sources/")]
    assert (len(pictures), len(sources)) == (2, 1)
    assert files[pictures[0]][:4] == b"RIFF"
    whole = b"".join(files.values())
    assert KEY.encode() not in whole
    assert b"harbour" not in whole
    assert stage.bob.id.encode() not in whole
    assert files["README.txt"]
    await until(lambda: not [*stage.data_dir.joinpath("exports").iterdir()])


async def test_who_never_did_anything_gets_an_export_that_says_so(stage):
    card = await export(stage.ann)

    assert list(unpacked(card)) == ["README.txt"]


async def test_in_private_messages_it_works_as_well(stage):
    await draws(stage, stage.ann, "a lighthouse")

    card = await stage.ann.runs("/privacy export", in_=stage.ann.dm)
    await card.until(lambda version: version.attachments)

    assert "data/jobs.json" in unpacked(card)


async def test_a_second_export_meanwhile_is_refused(stage):
    exports = stage.service.exports
    async with exports.of(UserId(int(stage.ann.id)), bytes_max=1_000_000):
        card = await stage.ann.runs("/privacy export")
        await card.until(lambda version: version.shows("is being made already"))
        other = await stage.bob.runs("/privacy export")
        await other.until(lambda version: version.attachments)

    await export(stage.ann)


class TestWhereFilesAreSmall:
    @pytest.fixture
    def rules(self):
        return DiscordRules(file_bytes_max=40_000)

    async def test_pictures_come_in_several_files_and_what_is_too_much_is_told(self, stage):
        for number in range(4):
            await draws(stage, stage.ann, f"a lighthouse {number}", count=4)

        first = await export(stage.ann)
        last = await stage.ann.sees("left out")

        zips = [
            card
            for card in stage.discord.messages(stage.channel)
            if card.ephemeral and card.attachments
        ]
        assert first.id == zips[0].id
        assert 2 <= len(zips) <= PARTS_MAX
        files = {name: data for card in zips for name, data in unpacked(card).items()}
        pictures = [name for name in files if name.startswith("pictures/")]
        assert all(len(card.attachments[0].data) <= 40_000 for card in zips)
        assert "data/jobs.json" in unpacked(zips[0])
        assert last.shows(f"{16 - len(pictures)} pictures are too big or too many")
        assert last.shows("/jobs shows the newest of them")


# ---------------------------------------------------------------- erase


async def test_nothing_names_a_member_who_had_everything_erased(stage):
    await stage.brings_key(stage.ann, KEY)
    await stage.ann.runs("/defaults set", negative="Ann's fears")
    await draws(stage, stage.ann, "a lighthouse for Ann", picture=PHOTO)
    await draws(stage, stage.bob, "a harbour for Bob")
    assert b"lighthouse for Ann" in everything_stored(stage)
    some_minutes_pass_for_files(stage)

    card = await erases(stage, stage.ann)

    await until(lambda: len(blobs(stage)) == 1)  # Bob's picture
    stored = everything_stored(stage)
    assert card.ephemeral
    for trace in ("lighthouse for Ann", "Ann's fears", stage.ann.id, "Ann#77"):
        assert trace.encode() not in stored
    assert int(stage.ann.id).to_bytes(8, "big") not in stored
    assert b"harbour for Bob" in stored
    assert await stage.audit() == ()
    assert list(unpacked(await export(stage.ann))) == ["README.txt"]


async def test_it_is_asked_once_more_and_says_what_goes_and_what_stays(stage):
    await draws(stage, stage.ann, "a lighthouse")

    card = await stage.ann.runs("/privacy erase")

    assert card.ephemeral
    assert card.shows("It cannot be undone.")
    assert card.shows("What stays: messages that were posted in Discord")
    assert [button.label for button in card.buttons] == ["Erase everything"]
    assert "data/jobs.json" in unpacked(await export(stage.ann))


async def test_what_is_under_way_is_stopped_first_and_its_card_says_so(stage):
    stage.horde.script.default(held=True)
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a lighthouse")
    await until_sent(stage, 1)

    await erases(stage, stage.ann)

    assert card.shows("Cancelled")
    assert card.shows("5 credits returned")
    assert stage.horde.truth.jobs[0].cancelled
    assert stage.ann.id.encode() not in everything_stored(stage)


async def test_nothing_new_begins_until_it_is_done(stage):
    stage.horde.script.default(held=True)
    stage.horde.faults.add("DELETE", "/generate/status/*", kind="slow", delay_s=1.0)
    first = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a lighthouse")
    await until_sent(stage, 1)
    asked = await stage.ann.runs("/privacy erase")
    await stage.ann.clicks("Erase everything", on=asked)

    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="another")
    await card.until(titled("That did not work"))

    assert card.shows("You asked for everything about you to be erased")
    await asked.until(lambda version: version.shows("is erased"))
    assert first.shows("Cancelled")
    assert len(stage.horde.truth.jobs) == 1


async def test_buttons_of_old_cards_say_that_the_request_is_gone(stage):
    card = await draws(stage, stage.ann, "a lighthouse")
    await erases(stage, stage.ann)

    again = await stage.ann.clicks("Again", on=card)

    assert again.shows("I no longer have this request.")


async def test_nobody_erases_somebody_else(stage):
    card = await stage.ann.runs("/privacy erase", in_=stage.channel)
    [button] = card.buttons
    theirs = await stage.bob.runs("/privacy erase", in_=stage.channel)
    [other] = theirs.buttons

    assert button.custom_id == f"privacy:v1:erase:{stage.ann.id}"
    assert other.custom_id == f"privacy:v1:erase:{stage.bob.id}"


async def test_an_erasure_brings_no_second_allowance(stage):
    await draws(stage, stage.ann, "a lighthouse")
    before = await stage.credits(stage.ann)

    await erases(stage, stage.ann)
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a lighthouse")
    await card.until(titled("That did not work"))

    assert before == 995
    assert card.shows("This costs")
    stage.clock.travel(DAY_S)
    await draws(stage, stage.ann, "a lighthouse")
    assert await stage.credits(stage.ann) == 995


async def test_a_ban_outlives_an_erasure_and_a_restart(world):
    async with world.playing():
        await draws(world, world.ann, "a lighthouse")
        await world.chief.runs("/admin ban", member=world.ann)
        await erases(world, world.ann)
        assert world.ann.id.encode() not in everything_stored(world)
        refused = await world.ann.runs("/imagine", in_=world.channel, prompt="a lighthouse")

    async with world.playing():
        again = await world.ann.runs("/imagine", in_=world.channel, prompt="a lighthouse")
        await world.chief.runs("/admin unban", member=world.ann)
        world.clock.travel(DAY_S)
        await draws(world, world.ann, "a lighthouse")

    for card in (refused, again):
        assert card.shows("do not let you use Easel here")


async def test_an_erasure_that_was_asked_for_before_a_restart_is_done_after_it(world):
    world.horde.script.default(held=True)
    async with world.playing():
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a lighthouse")
        await until_sent(world, 1)
        await world.service.database.write(
            lambda tx: tx.forgetting.ask(UserId(int(world.ann.id)), at=world.clock.now())
        )

    async with world.playing():
        await card.until(titled("Cancelled"))
        await until(lambda: world.ann.id.encode() not in everything_stored(world))
        assert await world.audit() == ()


# ---------------------------------------------------------------- retention


async def test_after_its_time_what_was_asked_for_is_blanked_and_the_figures_stay(world):
    world.environment["EASEL_PROMPT_RETENTION_D"] = "30"
    async with world.playing() as stage:
        card = await draws(stage, stage.ann, "a lighthouse for Ann")
        job = await stage.job(card)
        stage.clock.travel(timedelta(days=31).total_seconds())

        await until(lambda: b"lighthouse for Ann" not in everything_stored(stage))

        again = await stage.ann.clicks("Again", on=card)
        listed = await stage.ann.runs("/jobs")
        bare = await stage.service.tracker.get(job.id)
    assert again.shows("I no longer have this request.")
    assert listed.shows("What was asked for is not kept any more.")
    assert (bare.charged, bare.request.seed) == (job.charged, job.request.seed)
    assert bare.request.prompt == ""


async def test_about_says_what_is_kept_for_how_long_and_who_receives_what(stage):
    card = await stage.ann.runs("/about")

    assert card.shows("AI Horde")
    assert card.shows("its results for 3 days, its words for 90 days")
    assert card.shows("/privacy erase")
    assert card.shows("is deleted after 7 days")
