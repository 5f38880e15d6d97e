"""Pictures that exist: described, made bigger, cut out, from a file or from any message."""

import base64
import io

import pytest
from PIL import Image

from bot.domain.credits import CREDIT
from bot.sandbox.discord.option_values import Upload
from tests.scenarios.stage import Stage, done, titled, until

DAILY = 1000
DESCRIBE, UPSCALE, CUT_OUT = "Describe picture", "Upscale", "Cut out"


def photo(colour=(240, 140, 30), size=(64, 48), name="cat.png") -> Upload:
    image = Image.new("RGB", size, (255, 255, 255))
    image.paste(colour, (size[0] // 4, size[1] // 4, size[0], size[1]))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Upload(name, out.getvalue())


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def sent_picture(remote) -> Image.Image:
    return opened(base64.b64decode(remote.payload["source_image"], validate=True))


def forms(remote) -> list[str]:
    return [form["name"] for form in remote.payload["forms"]]


async def taken(stage: Stage, answer, count: int = 1):
    """Wait until the Horde has so many requests; return the newest."""
    await until(lambda: len(stage.horde.truth.alchemy) >= count)
    return answer, stage.horde.truth.alchemy[-1]


async def ended(stage: Stage, card, title: str):
    shown = await card.until(titled(title))
    await stage.until_settled(card)
    return shown


async def test_a_picture_is_described_in_words_by_one_submit_with_several_forms(stage):
    card = await stage.ann.runs("/describe", picture=photo(), adult=True, in_=stage.channel)
    card, remote = await taken(stage, card)

    shown = await ended(stage, card, "Done")

    assert forms(remote) == ["caption", "interrogation", "nsfw"]
    assert "**What it shows** · an orange rectangle" in shown.text
    assert "**Tags** · orange" in shown.text
    assert "**Adult content** · no" in shown.text
    assert shown.attachments == []
    assert DAILY - await stage.credits(stage.ann) == 3
    assert (await stage.job(card)).charged == 3 * CREDIT


async def test_a_picture_is_made_bigger(stage):
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)
    card, remote = await taken(stage, card)

    shown = await ended(stage, card, "Done")

    (file,) = shown.attachments
    assert forms(remote) == ["RealESRGAN_x2plus"]
    assert opened(file.data).size == (128, 96)
    assert "RealESRGAN\\_x2plus on AI Horde" in shown.text


async def test_an_upscaler_can_be_chosen_from_what_there_is(stage):
    found = await stage.ann.types("/upscale", focused="upscaler", upscaler="anime", picture=photo())
    names = {choice.value for choice in found}
    card = await stage.ann.runs("/upscale", picture=photo(), upscaler="4x_AnimeSharp")
    shown = await ended(stage, card, "Done")

    assert names == {"4x_AnimeSharp", "RealESRGAN_x4plus_anime_6B"}
    assert opened(shown.attachments[0].data).size == (256, 192)


@pytest.mark.parametrize("command", ["/describe", "/upscale", "/cutout", "/faces"])
async def test_those_who_can_are_offered_unless_the_server_blocks_them(stage, command):
    before = await stage.ann.types(command, focused="provider", provider="", picture=photo())
    await stage.chief.runs("/admin providers block", provider="horde")
    after = await stage.ann.types(command, focused="provider", provider="", picture=photo())

    assert [choice.value for choice in before] == ["horde"]
    assert after == []


async def test_an_upscaler_that_is_not_there_is_refused_with_what_there_is(stage):
    answer = await stage.ann.runs("/upscale", picture=photo(), upscaler="magic")

    assert answer.ephemeral
    assert "no “magic”" in answer.text
    assert "NMKD\\_Siax" in answer.text or "NMKD_Siax" in answer.text
    assert stage.horde.truth.alchemy == []


async def test_a_background_is_taken_off_and_stays_off(stage):
    card = await stage.ann.runs("/cutout", picture=photo(), in_=stage.channel)

    shown = await ended(stage, card, "Done")

    cut = opened(shown.attachments[0].data).convert("RGBA")
    assert (cut.getpixel((1, 1))[3], cut.getpixel((60, 44))[3]) == (0, 255)


async def test_faces_are_mended(stage):
    card = await stage.ann.runs("/faces", picture=photo(), fixer="CodeFormers")
    card, remote = await taken(stage, card)

    await ended(stage, card, "Done")

    assert forms(remote) == ["CodeFormers"]


# ------------------------------------------------------------------ from a message


@pytest.mark.parametrize(
    "entry, sent",
    [
        (DESCRIBE, ["caption", "interrogation"]),
        (UPSCALE, ["RealESRGAN_x2plus"]),
        (CUT_OUT, ["strip_background"]),
    ],
)
async def test_the_menu_of_a_message_works_on_its_picture(stage, entry, sent):
    message = await stage.bob.says("look", photo((30, 60, 190)), in_=stage.channel)

    card = await stage.ann.uses(entry, on=message)
    card, remote = await taken(stage, card)
    await ended(stage, card, "Done")

    assert forms(remote) == sent
    assert sent_picture(remote).convert("RGB").getpixel((60, 44)) == (30, 60, 190)


async def test_a_card_of_our_own_can_be_worked_on(stage):
    drawn = await stage.ann.runs("/imagine", prompt="a cat", in_=stage.channel)
    await drawn.until(done)
    await stage.until_settled(drawn)

    card = await stage.bob.uses(UPSCALE, on=drawn)
    card, remote = await taken(stage, card)
    await ended(stage, card, "Done")

    assert sent_picture(remote).size == opened(drawn.latest.attachments[0].data).size
    assert (await stage.job(card)).owner_id == int(stage.bob.id)


async def test_of_several_pictures_one_is_chosen(stage):
    colours = [(200, 30, 30), (40, 150, 60), (40, 80, 190)]
    files = [photo(colour, name=f"{n}.png") for n, colour in enumerate(colours)]
    message = await stage.bob.says("look", *files, in_=stage.channel)

    picker = await stage.ann.uses(DESCRIBE, on=message)
    card = await stage.ann.picks("Which picture?", "Picture 2", on=picker)
    card, remote = await taken(stage, card)
    shown = await ended(stage, card, "Done")

    assert picker.ephemeral
    assert not card.ephemeral
    assert sent_picture(remote).convert("RGB").getpixel((60, 44)) == colours[1]
    assert "green" in shown.text


async def test_a_choice_that_was_left_too_long_is_answered_with_a_sentence(world):
    async with world.playing():
        message = await world.bob.says("look", photo(), photo(name="b.png"), in_=world.channel)
        picker = await world.ann.uses(DESCRIBE, on=message)
    async with world.playing():
        answer = await world.ann.picks("Which picture?", "Picture 2", on=picker)

        assert answer.ephemeral
        assert "open its menu again" in answer.text
        assert world.horde.truth.alchemy == []


async def test_a_message_without_a_picture_is_refused(stage):
    message = await stage.bob.says("just words", Upload("a.txt", b"words"), in_=stage.channel)

    answer = await stage.ann.uses(UPSCALE, on=message)

    assert answer.ephemeral
    assert "no picture that I can read" in answer.text
    assert await stage.nothing_began()


# ------------------------------------------------------------------ how it can end


async def test_a_file_that_is_no_picture_is_refused_and_costs_nothing(stage):
    card = await stage.ann.runs("/describe", picture=Upload("cat.png", b"no picture at all"))

    shown = await card.until(titled("That did not work"))

    assert "picture" in shown.text
    assert stage.horde.truth.alchemy == []
    assert await stage.credits(stage.ann) in {0, DAILY}


async def test_words_are_shown_while_the_picture_is_still_at_work(stage):
    stage.horde.alchemy_script.next(held=True)
    card = await stage.ann.runs("/describe", picture=photo(), in_=stage.channel)
    card, remote = await taken(stage, card)
    stage.horde.step(remote.remote_id)
    stage.horde.step(remote.remote_id)

    early = await card.until(lambda version: version.shows("an orange rectangle"))

    assert not early.shows("Tags")
    assert early.shows("At work")
    stage.horde.finish(remote.remote_id)
    await ended(stage, card, "Done")


async def test_what_came_is_kept_and_what_did_not_is_given_back(stage):
    stage.horde.alchemy_script.next(outcome="partial")
    card = await stage.ann.runs("/describe", picture=photo(), in_=stage.channel)

    shown = await ended(stage, card, "Done")

    assert "an orange rectangle" in shown.text
    assert "1 of 2 arrived; 1 credit returned." in shown.text
    assert DAILY - await stage.credits(stage.ann) == 1


@pytest.mark.parametrize(
    "outcome, title", [("faulted", "That did not work"), ("expired", "Took too long")]
)
async def test_nothing_is_charged_when_nothing_comes(stage, outcome, title):
    stage.horde.alchemy_script.next(outcome=outcome)
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)

    shown = await ended(stage, card, title)

    assert "returned" in shown.text
    assert await stage.credits(stage.ann) == DAILY


async def test_it_is_stopped_while_it_waits(stage):
    stage.horde.alchemy_script.next(held=True)
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)
    card, remote = await taken(stage, card)
    await card.until(titled("In the queue"))

    await stage.ann.clicks("Cancel", on=card)
    await ended(stage, card, "Cancelled")

    assert remote.cancelled
    assert await stage.credits(stage.ann) == DAILY


async def test_it_survives_a_restart_in_the_middle(world):
    async with world.playing():
        world.horde.alchemy_script.next(held=True)
        card = await world.ann.runs("/describe", picture=photo(), in_=world.channel)
        card, remote = await taken(world, card)
        world.horde.step(remote.remote_id)
        world.horde.step(remote.remote_id)
        await card.until(lambda version: version.shows("an orange rectangle"))
    world.horde.finish(remote.remote_id)

    async with world.playing():
        shown = await ended(world, card, "Done")

        assert "Tags" in shown.text
        assert shown.text.count("an orange rectangle") == 1
        assert len(world.horde.truth.alchemy) == 1
        assert await world.audit() == ()


async def test_it_can_be_done_again_from_the_picture_that_was_kept(stage):
    card = await stage.ann.runs("/describe", picture=photo(), in_=stage.channel)
    await ended(stage, card, "Done")

    again = await stage.ann.clicks("Again", on=card)
    again, remote = await taken(stage, again, 2)
    await ended(stage, again, "Done")

    assert sent_picture(remote).size == (64, 48)


async def test_it_is_listed_with_a_name_among_ones_jobs(stage):
    card = await stage.ann.runs("/upscale", picture=photo(), in_=stage.channel)
    await ended(stage, card, "Done")

    listed = await stage.ann.runs("/jobs", in_=stage.channel)
    shown = await stage.ann.picks("See results again…", "Upscaling of a picture", on=listed)

    assert "Upscaling of a picture" in listed.text
    await shown.until(lambda version: len(version.attachments) == 1)
