"""A member brings a key of their own, uses it, and takes it away again."""

import json

from tests.scenarios.stage import done, titled, until, until_sent

KEY = "abcdefgh-ijklmnop-1234"
OTHER_KEY = "zyxwvuts-rqponmlk-9876"
INVALID_KEY = json.dumps({"message": "No user matching sent API Key.", "rc": "InvalidAPIKey"})


async def test_a_key_is_asked_for_in_a_form_and_tested_at_the_provider(stage):
    stage.horde.add_key(KEY, username="Ann#77", kudos=500)

    form = await stage.ann.runs("/key set", provider="horde")
    asked_before = stage.calls("GET", "/find_user")
    answer = await stage.ann.submits(form, key=KEY)
    await answer.until(lambda version: version.shows("It works."))

    assert form.title == "Your key of AI Horde"
    assert list(form.fields) == ["key"]
    assert stage.calls("GET", "/find_user") == asked_before + 1
    assert answer.ephemeral
    assert answer.shows("`…1234`")
    assert answer.shows(r"Ann\#77")


async def test_spaces_pasted_around_a_key_do_no_harm(stage):
    stage.horde.add_key(KEY, username="Ann#77", kudos=500)

    form = await stage.ann.runs("/key set", provider="horde")
    answer = await stage.ann.submits(form, key=f"  {KEY} ")

    await answer.until(lambda version: version.shows("It works."))


async def test_a_wrong_key_is_told_and_not_kept(stage):
    form = await stage.ann.runs("/key set", provider="horde")
    answer = await stage.ann.submits(form, key=KEY)
    await answer.until(lambda version: version.shows("AI Horde does not know this key."))
    assert answer.shows("Please check the key and send it once more.")

    keys = await stage.ann.runs("/key list")
    assert answer.ephemeral
    assert keys.shows("You have not brought a key.")


async def test_a_key_cannot_be_tested_while_the_provider_is_away(stage):
    form = await stage.ann.runs("/key set", provider="horde")

    async with stage.horde.refusing():
        answer = await stage.ann.submits(form, key=KEY)
        await answer.until(lambda version: version.shows("AI Horde cannot be reached."))

    keys = await stage.ann.runs("/key list")
    assert answer.shows("Please try again in a while.")
    assert keys.shows("You have not brought a key.")


async def test_a_provider_that_nobody_knows_is_refused(stage):
    card = await stage.ann.runs("/key set", provider="nobody")

    assert card.ephemeral
    assert card.shows("I know no provider of that name.")


async def test_providers_are_suggested_by_the_names_members_know(stage):
    choices = await stage.ann.types("/key set", focused="provider", provider="hor")

    assert [(choice.name, choice.value) for choice in choices] == [("AI Horde", "horde")]


async def test_the_list_shows_the_last_four_characters_only(stage):
    await stage.brings_key(stage.ann, KEY)

    card = await stage.ann.runs("/key list")

    assert card.ephemeral
    assert card.shows("`…1234`")
    assert card.shows("never used")
    assert KEY[:-4] not in card.text


async def test_nobody_sees_the_keys_of_others(stage):
    await stage.brings_key(stage.ann, KEY)

    card = await stage.bob.runs("/key list")

    assert card.shows("You have not brought a key.")


async def test_a_stored_key_is_tested_again_at_its_provider(stage):
    await stage.brings_key(stage.ann, KEY)
    asked_before = stage.calls("GET", "/find_user")

    answer = await stage.ann.runs("/key test", provider="horde")
    await answer.until(lambda version: version.shows("It works, and belongs to"))

    assert answer.ephemeral
    assert answer.shows(r"belongs to Ann\#77. There are 500 kudos left on it.")
    assert answer.shows("`…1234`")
    assert KEY not in answer.text
    assert stage.calls("GET", "/find_user") == asked_before + 1
    assert (await stage.ann.runs("/key list")).shows("never used")


async def test_a_key_that_its_provider_forgot_is_told(stage):
    await stage.brings_key(stage.ann, KEY)
    stage.horde.faults.add("GET", "/find_user", kind="status", status=404, body=INVALID_KEY)

    answer = await stage.ann.runs("/key test", provider="horde")

    await answer.until(lambda version: version.shows("AI Horde does not know this key."))


async def test_without_a_key_there_is_nothing_to_test(stage):
    answer = await stage.ann.runs("/key test", provider="horde")
    await answer.until(lambda version: version.shows("There is no key for AI Horde here"))

    assert stage.calls("GET", "/find_user") == 0


async def test_to_test_or_forget_only_what_was_brought_is_suggested(stage):
    before = await stage.ann.types("/key forget", focused="provider", provider="")
    await stage.brings_key(stage.ann, KEY)
    after = [
        await stage.ann.types(command, focused="provider", provider="")
        for command in ("/key forget", "/key test")
    ]

    assert before == []
    assert [[choice.value for choice in choices] for choices in after] == [["horde"]] * 2


async def test_a_provider_that_echoes_a_key_as_a_name_does_not_make_it_seen(stage, written_log):
    stage.horde.add_key(KEY, username=f"{KEY}#77", kudos=500)

    form = await stage.ann.runs("/key set", provider="horde")
    answer = await stage.ann.submits(form, key=KEY)
    await answer.until(lambda version: version.shows("It works."))
    tested = await stage.ann.runs("/key test", provider="horde")
    await tested.until(lambda version: version.shows("It works."))

    sent = json.dumps([[request.path, request.body] for request in stage.discord.requests])
    stored = b"".join(path.read_bytes() for path in stage.data_dir.rglob("*") if path.is_file())
    assert KEY not in sent
    assert KEY.encode() not in stored
    assert KEY not in written_log.getvalue()


async def test_a_job_runs_on_the_members_own_key(stage):
    await stage.brings_key(stage.ann, KEY)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(done)

    [job] = stage.horde.truth.jobs
    assert job.key == KEY
    assert card.versions[0].shows("on your own key")
    assert shown.shows("on your own key")
    assert shown.shows(f"{job.charged:.0f} kudos on your own key.")
    assert (await stage.ann.runs("/key list")).shows("used <t:")


async def test_a_members_key_is_never_used_for_somebody_else(stage):
    await stage.brings_key(stage.ann, KEY)

    card = await stage.bob.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert stage.horde.truth.jobs[0].account.is_anonymous


async def test_a_new_key_takes_the_place_of_the_old_one(stage):
    await stage.brings_key(stage.ann, KEY)
    await stage.brings_key(stage.ann, OTHER_KEY)

    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert stage.horde.truth.jobs[0].key == OTHER_KEY
    assert len((await stage.ann.runs("/key list")).text.splitlines()) == 2


async def test_a_key_outlives_a_restart(world):
    async with world.playing():
        await world.brings_key(world.ann, KEY)

    async with world.playing():
        card = await world.ann.runs("/imagine", prompt="a cat")
        await card.until(done)

    assert world.horde.truth.jobs[0].key == KEY


async def test_a_forgotten_key_is_gone_and_credits_are_spent_again(stage):
    await stage.brings_key(stage.ann, KEY)

    answer = await stage.ann.runs("/key forget", provider="horde")
    again = await stage.ann.runs("/key forget", provider="horde")
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)

    assert answer.shows("Your key of AI Horde is erased.")
    assert again.shows("There was no key of yours for AI Horde.")
    assert stage.horde.truth.jobs[0].account.is_anonymous
    assert card.shows("5 credits")


async def test_a_job_that_runs_already_goes_on_when_its_key_is_forgotten(stage):
    await stage.brings_key(stage.ann, KEY)
    stage.horde.script.next(held=True)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await until_sent(stage, 1)

    await stage.ann.runs("/key forget", provider="horde")
    stage.horde.release(stage.horde.truth.jobs[0].remote_id)
    shown = await card.until(done)
    await stage.until_settled(card)

    assert len(shown.attachments) == 1
    assert (await stage.job(card)).charged == 0


async def test_a_key_that_is_forgotten_before_its_job_is_sent_ends_the_job(stage):
    await stage.brings_key(stage.ann, KEY)
    stage.horde.faults.add("POST", "/generate/async", kind="status", status=503, times=None)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await until(lambda: stage.calls("POST", "/generate/async"))

    await stage.ann.runs("/key forget", provider="horde")
    stage.horde.faults.clear()
    shown = await card.until(titled("That did not work"))

    assert shown.shows("Your key was erased before this could be sent.")
    assert stage.horde.truth.jobs == []


async def test_a_key_that_stopped_working_fails_the_job_with_a_reason(stage):
    await stage.brings_key(stage.ann, KEY)
    stage.horde.faults.add(
        "POST", "/generate/async", kind="status", status=401, body=INVALID_KEY, times=2
    )

    card = await stage.ann.runs("/imagine", prompt="a cat")
    shown = await card.until(titled("That did not work"))

    assert shown.shows("AI Horde does not know this key.")
    assert shown.shows("nothing was charged")


async def test_a_new_key_is_tried_at_once_after_an_old_one_stopped_working(stage):
    await stage.brings_key(stage.ann, KEY)
    stage.horde.faults.add(
        "POST", "/generate/async", kind="status", status=401, body=INVALID_KEY, times=2
    )
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(titled("That did not work"))

    await stage.brings_key(stage.ann, OTHER_KEY)
    started = stage.clock.now()
    again = await stage.ann.clicks("Try again", on=card)
    await again.until(done)

    assert (stage.clock.now() - started).total_seconds() < 10
    assert again.shows("on your own key")


async def test_the_plain_key_is_nowhere_but_at_its_provider(stage, written_log):
    await stage.brings_key(stage.ann, KEY)
    card = await stage.ann.runs("/imagine", prompt="a cat")
    await card.until(done)
    await stage.until_settled(card)
    stage.horde.faults.add(
        "POST", "/generate/async", kind="status", status=401, body=INVALID_KEY, times=2
    )
    failed = await stage.ann.runs("/imagine", prompt="a cat")
    await failed.until(titled("That did not work"))
    await stage.ann.runs("/key list")

    sent = json.dumps([[request.path, request.body] for request in stage.discord.requests])
    stored = b"".join(path.read_bytes() for path in stage.data_dir.rglob("*") if path.is_file())
    assert stage.horde.truth.jobs[0].key == KEY
    assert len(stored) > 10_000
    assert "job accepted" in written_log.getvalue()
    assert KEY not in sent
    assert KEY.encode() not in stored
    assert KEY not in written_log.getvalue()
