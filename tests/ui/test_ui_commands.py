import logging
from pathlib import Path
from types import SimpleNamespace

import discord
import pytest
from discord import app_commands
from pydantic import SecretStr

import cogs
from bot.client import EaselBot, Services, commands_hash, sync
from bot.domain.errors import InvalidRequest, KeyRejected
from bot.domain.jobs import JobId
from bot.domain.keys import KeyKind, KeyOwner
from bot.domain.preferences import Preferences
from bot.jobs.style_shelf import StyleShelf
from bot.providers.base import Model
from bot.ui import copy
from bot.ui.keys import key_form
from bot.ui.uploads import UPLOAD_BYTES_MAX
from cogs.imagine import Imagine
from cogs.keys import Keys
from tests.ui.ui_fakes import FakeInteraction, MemoryTracker, discord_says, texts_of


class MemoryCatalogue:
    def suggest(self, typed: str, *, permits=None, limit: int = 25) -> tuple[Model, ...]:
        return (
            Model(name="SDXL", workers=12),
            Model(name="x" * 101),
            Model(name="Flux", workers=1),
        )


class MemoryKeys:
    """Keys in a dict; a key named "wrong" is unknown to its provider."""

    providers = (("horde", "AI Horde"),)

    def __init__(self) -> None:
        self.stored: dict[tuple[KeyOwner, str], str] = {}

    def title(self, provider: str) -> str:
        if provider not in dict(self.providers):
            raise InvalidRequest("I know no such provider.")
        return dict(self.providers)[provider]

    async def set(self, owner: KeyOwner, *, provider: str, secret: SecretStr) -> SimpleNamespace:
        plain = secret.get_secret_value()
        if plain == "wrong":
            raise KeyRejected("I do not know this key.", provider=provider)
        self.stored[owner, provider] = plain
        return SimpleNamespace(
            title="AI Horde", last4=plain[-4:], holder="ann#1", last_used_at=None
        )

    async def list(self, owner: KeyOwner) -> tuple[SimpleNamespace, ...]:
        return ()

    async def forget(self, owner: KeyOwner, *, provider: str) -> bool:
        return self.stored.pop((owner, provider), None) is not None


class NoPreferences:
    """Members who have set nothing."""

    async def of(self, owner_id: int) -> Preferences:
        return Preferences()


class Upload:
    """An attachment as Discord announces it."""

    def __init__(self, data: bytes = b"picture", *, size: int | None = None) -> None:
        self.data, self.size = data, len(data) if size is None else size
        self.refusal: Exception | None = None

    async def read(self) -> bytes:
        if self.refusal is not None:
            raise self.refusal
        return self.data


def services(tracker: MemoryTracker | None = None) -> Services:
    """Return what the cogs under test use; the others load with nothing behind them."""
    used = {
        "tracker": tracker or MemoryTracker(),
        "catalogue": MemoryCatalogue(),
        "keys": MemoryKeys(),
        "preferences": NoPreferences(),
    }
    return Services(**dict.fromkeys(Services.__dataclass_fields__) | used)


async def run_imagine(tracker: MemoryTracker, interaction: FakeInteraction, **options) -> None:
    cog = Imagine(tracker, MemoryCatalogue(), StyleShelf({}, clock=None), NoPreferences())
    await cog.imagine.callback(cog, interaction, **{"prompt": "a cat", **options})


async def test_the_card_is_the_first_answer_and_the_job_has_the_interactions_id():
    tracker, interaction = MemoryTracker(), FakeInteraction()

    await run_imagine(tracker, interaction, count=2, steps=30)

    job = tracker.jobs[JobId(str(interaction.id))]
    assert interaction.kinds == ["public"]
    assert "a cat" in texts_of(interaction.said[0][1])[1]
    assert (job.request.count, job.request.steps) == (2, 30)
    assert job.target.message_id == 555


async def test_parameters_may_stand_in_the_prompt():
    tracker, interaction = MemoryTracker(), FakeInteraction()

    await run_imagine(tracker, interaction, prompt="a cat --n 3 --seed 7")

    request = tracker.jobs[JobId(str(interaction.id))].request
    assert (request.prompt, request.count, request.seed) == ("a cat", 3, 7)


async def test_a_mistake_is_refused_before_anything_is_answered():
    tracker, interaction = MemoryTracker(), FakeInteraction()

    with pytest.raises(InvalidRequest):
        await run_imagine(tracker, interaction, prompt="a cat --steps many")

    assert interaction.said == []
    assert tracker.calls == []


async def test_a_file_that_is_too_big_is_refused_by_what_discord_says_of_it():
    interaction = FakeInteraction()

    with pytest.raises(InvalidRequest, match="at most 8 MiB"):
        await run_imagine(MemoryTracker(), interaction, picture=Upload(size=UPLOAD_BYTES_MAX + 1))

    assert interaction.said == []


async def test_files_are_read_after_the_answer_and_handed_on_unread():
    tracker, interaction = MemoryTracker(), FakeInteraction()

    await run_imagine(tracker, interaction, picture=Upload(b"one"), mask=Upload(b"two"))

    assert tracker.uploads == [b"one", b"two"]


async def test_a_file_that_discord_does_not_hand_over_turns_the_card_red():
    tracker, interaction, picture = MemoryTracker(), FakeInteraction(), Upload()
    picture.refusal = discord_says(404, 0)

    await run_imagine(tracker, interaction, picture=picture)

    assert interaction.kinds == ["public", "recoloured"]
    assert copy.UPLOAD_NOT_READ in texts_of(interaction.said[1][1])
    assert "submit" not in tracker.calls


async def test_an_answer_that_comes_too_late_begins_nothing():
    tracker = MemoryTracker()

    with pytest.raises(discord.HTTPException):
        await run_imagine(tracker, FakeInteraction(refusal=discord_says(404, 10062)))

    assert tracker.calls == ["quote"]


async def test_models_are_offered_with_their_workers_and_never_too_long():
    cog = Imagine(MemoryTracker(), MemoryCatalogue(), StyleShelf({}, clock=None), NoPreferences())

    choices = await cog.suggest_models(FakeInteraction(), "x")

    assert [(choice.name, choice.value) for choice in choices] == [
        ("SDXL · 12 workers", "SDXL"),
        ("Flux · 1 worker", "Flux"),
    ]


def form_sent(key: str, *, custom_id: str = "key:v1:set:horde") -> FakeInteraction:
    line = {"type": 4, "id": 2, "custom_id": "key", "value": key}
    return FakeInteraction(
        type=discord.InteractionType.modal_submit,
        data={
            "custom_id": custom_id,
            "components": [{"type": 18, "id": 1, "component": line}],
        },
    )


async def test_a_key_comes_in_by_form_whichever_process_showed_it():
    keys, interaction = MemoryKeys(), form_sent("abcd-efgh-1234")

    await Keys(keys).take_forms(interaction)

    assert list(keys.stored.values()) == ["abcd-efgh-1234"]
    assert interaction.kinds == ["deferred", "ephemeral"]
    assert "`…1234`" in interaction.said[1][1]
    assert "abcd" not in interaction.said[1][1]


async def test_a_key_that_its_provider_refuses_is_told_to_the_member_alone(caplog):
    keys, interaction = MemoryKeys(), form_sent("wrong")

    with caplog.at_level(logging.DEBUG):
        await Keys(keys).take_forms(interaction)

    assert keys.stored == {}
    told = f"AI Horde: I do not know this key. {copy.CHECK_THE_KEY}"
    assert interaction.said[1] == ("ephemeral", told)
    assert "wrong" not in caplog.text


@pytest.mark.parametrize("custom_id", ["key:v1:set:", "other:v1:set:horde", "key:v1:set:a b"])
async def test_forms_of_others_are_left_alone(custom_id):
    interaction = form_sent("abcd-efgh-1234", custom_id=custom_id)

    await Keys(MemoryKeys()).take_forms(interaction)

    assert interaction.said == []


async def test_a_provider_that_is_not_in_the_list_is_refused():
    cog, interaction = Keys(MemoryKeys()), FakeInteraction()

    with pytest.raises(InvalidRequest):
        await cog.put.callback(cog, interaction, "nobody")

    assert interaction.said == []


async def test_forgetting_says_what_happened():
    keys = MemoryKeys()
    cog = Keys(keys)
    await cog.take_forms(form_sent("abcd-efgh-1234"))
    first, second = FakeInteraction(), FakeInteraction()

    await cog.forget.callback(cog, first, "horde")
    await cog.forget.callback(cog, second, "horde")

    assert "is erased" in first.said[0][1]
    assert "There was no key" in second.said[0][1]


async def test_a_form_is_stateless_and_does_not_stay_for_ever():
    form = key_form("horde", title="AI Horde", kind=KeyKind.MEMBER)

    payload = form.to_dict()
    assert payload["custom_id"] == "key:v1:set:horde"
    assert form.timeout == 900
    [label] = payload["components"]
    assert (label["type"], label["component"]["custom_id"]) == (18, "key")
    assert len(payload["title"]) <= 45


def test_every_cog_file_is_listed():
    files = {path.stem for path in Path(cogs.__file__).parent.glob("*.py")} - {"__init__"}

    assert set(cogs.COGS) == {f"cogs.{name}" for name in files}


@pytest.fixture
async def bot():
    async with EaselBot(cogs=cogs.COGS) as bot:
        bot.attach(services())
        await bot.setup_hook()
        yield bot


async def test_every_cog_loads_and_every_option_is_described(bot):
    commands = [
        command for command in bot.tree.walk_commands() if isinstance(command, app_commands.Command)
    ]

    assert {"imagine", "key set", "admin audit", "admin models block"} <= {
        command.qualified_name for command in commands
    }
    for command in commands:
        assert len(command.parameters) <= 25
        assert all(parameter.description != "…" for parameter in command.parameters)


async def test_commands_are_for_servers_and_our_own_direct_messages(bot):
    for command in bot.tree.get_commands():
        payload = command.to_dict(bot.tree)
        assert payload["contexts"] == ([0] if command.name in {"admin", "gift"} else [0, 1])
        assert payload["integration_types"] == [0]
        assert payload["nsfw"] is False


async def test_the_bot_sees_guilds_and_mentions_nobody(bot):
    assert bot.intents.value == discord.Intents(guilds=True).value
    assert bot.allowed_mentions.to_dict() == {"parse": []}
    assert bot._connection.max_messages is None


async def test_no_new_command_is_taken_while_shutting_down(bot):
    interaction = FakeInteraction()
    bot.services.tracker.is_accepting = False

    assert not await bot.tree.interaction_check(interaction)
    assert interaction.said == [("ephemeral", copy.SHUTTING_DOWN)]

    typing = FakeInteraction(type=discord.InteractionType.autocomplete)
    assert await bot.tree.interaction_check(typing)


async def test_commands_that_discord_knows_are_not_synced_again(bot):
    result = await sync(bot, known_hash=commands_hash(bot))

    assert not result.is_changed
    assert result.commands == len(bot.tree.get_commands())


async def test_changed_commands_are_synced(bot):
    with pytest.raises(app_commands.MissingApplicationID):  # not logged in: it asks Discord
        await sync(bot, known_hash="of an older release")
