"""People: they run commands, click, type, submit and read, within what their client would allow."""

from collections.abc import Mapping, Sequence

from bot.sandbox.discord.cards import Card, Choice, Modal, NeverHappened
from bot.sandbox.discord.command_options import (
    CommandKind,
    UnknownCommand,
    find_command,
    interaction_options,
    leaf_of,
    option_problems,
)
from bot.sandbox.discord.composer import Draft
from bot.sandbox.discord.controls import find_button, find_select, picked_values
from bot.sandbox.discord.interactions import Interaction, InteractionType
from bot.sandbox.discord.messages import Message, MessageType, Via
from bot.sandbox.discord.modal_answers import modal_submit_components, modal_values_problems
from bot.sandbox.discord.opening import answered
from bot.sandbox.discord.option_values import Resolver, Upload
from bot.sandbox.discord.permissions import Permission
from bot.sandbox.discord.refusals import Impossible, check_may_use
from bot.sandbox.discord.stage import Stage
from bot.sandbox.discord.wire import Json, UploadedFile
from bot.sandbox.discord.world import Channel, Guild, Membership, User


class Person:
    """Somebody at a Discord client. Raises `Impossible` for what a client would not let them do."""

    def __init__(self, user: User, *, stage: Stage, home: Guild | None) -> None:
        self.user = user
        self._stage = stage
        self._home = home
        self._last_card: Card | None = None

    @property
    def id(self) -> str:
        """Their user id."""
        return self.user.id

    @property
    def dm(self) -> Channel:
        """Their direct messages with the bot."""
        return self._stage.world.dm_with(self.user)

    async def runs(
        self, spoken: str, *, in_: Channel | None = None, **options: object
    ) -> Card | Modal:
        """Run a slash command ("/key set") and return what it answered within three seconds."""
        interaction = self._command(spoken, self._place(in_), options)
        return self._shown(await answered(self._stage, interaction))

    async def types(
        self, spoken: str, *, focused: str, in_: Channel | None = None, **options: object
    ) -> list[Choice]:
        """Fill in a command up to the option `focused`, and return what is suggested for it."""
        place = self._place(in_)
        interaction = self._command(spoken, place, options, focused=focused)
        await answered(self._stage, interaction)
        return [Choice(name=c["name"], value=c["value"]) for c in interaction.choices]

    async def uses(
        self, name: str, *, on: "Card | Person", in_: Channel | None = None
    ) -> Card | Modal:
        """Use an entry of the context menu of a message or of a person."""
        channel = on.message.channel if isinstance(on, Card) else self._place(in_)
        command, _ = self._find(name, channel)
        if isinstance(on, Card):
            kind, target, resolved = CommandKind.MESSAGE, on.id, self._as_target(on.message)
        else:
            resolver = Resolver(cdn=self._stage.cdn, channel=channel)
            kind, target = CommandKind.USER, resolver.value(on.user)
            resolved = resolver.resolved
        if command["type"] != kind:
            text = f"{name!r} is no entry of the {kind.name.lower()} menu"
            raise Impossible(text)
        data = _command_data(command, resolved=resolved) | {"target_id": target}
        interaction = self._open(InteractionType.COMMAND, channel, data)
        interaction.message_type = MessageType.CONTEXT_MENU_COMMAND
        interaction.target_message_id = on.id if isinstance(on, Card) else None
        return self._shown(await answered(self._stage, interaction))

    async def clicks(self, label: str, *, on: Card | None = None) -> Card | Modal:
        """Click a button by its label."""
        card = self._card(on)
        button = find_button(card.latest, label)
        data = {
            "id": button.component_id,
            "component_type": 2,
            "custom_id": button.custom_id,
        }
        return await self._presses(card, data)

    async def picks(self, what: str, *values: object, on: Card | None = None) -> Card | Modal:
        """Choose in a select menu, found by placeholder or custom id; options go by label or value."""
        card = self._card(on)
        select = find_select(card.latest, what)
        resolver = Resolver(cdn=self._stage.cdn, channel=card.message.channel)
        data: Json = {
            "id": select["id"],
            "component_type": select["type"],
            "custom_id": select["custom_id"],
            "values": picked_values(select, [resolver.value(_plain(value)) for value in values]),
        }
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        return await self._presses(card, data)

    async def submits(self, modal: Modal | Card, **values: object) -> Card | Modal:
        """Send a modal with these values by field; what is left out keeps its preset."""
        if not isinstance(modal, Modal):
            text = f"{modal!r} is no modal"
            raise Impossible(text)
        opener = modal.interaction
        resolver = Resolver(cdn=self._stage.cdn, channel=opener.channel)
        given = {name: resolver.value(_listed(_plain(value))) for name, value in values.items()}
        if problems := modal_values_problems(modal.payload, given):
            raise Impossible("; ".join(problems))
        data: Json = {
            "custom_id": modal.custom_id,
            "components": modal_submit_components(modal.payload, given),
        }
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        interaction = self._open(InteractionType.MODAL_SUBMIT, opener.channel, data)
        interaction.source, interaction.triggered_by = opener.source, opener
        return self._shown(await answered(self._stage, interaction))

    async def sees(self, text: str, *, in_: Channel | None = None) -> Card:
        """Wait until a message they can see shows a text, and return it; the newest one wins."""
        channel = self._place(in_)

        def look() -> Card | None:
            for message in reversed(list(self._stage.posts.in_channel(channel))):
                if message.visible_to(self.user):
                    card = self._stage.card(message)
                    if card.shows(text):
                        return card
            return None

        limit_s = self._stage.rules.wait_s
        try:
            card = await self._stage.posts.bell.until(look, timeout_s=limit_s)
        except TimeoutError as error:
            report = self._stage.journal.report()
            message = f"{self.user.name} saw no {text!r} in {limit_s} s\n{report}"
            raise NeverHappened(message) from error
        self._last_card = card
        return card

    async def says(self, text: str, *files: Upload, in_: Channel | None = None) -> Card:
        """Write an ordinary message."""
        channel = self._place(in_)
        uploads = [
            UploadedFile(index=index, filename=file.filename, data=file.data)
            for index, file in enumerate(files)
        ]
        draft = Draft(
            body={"content": text},
            files=uploads,
            via=Via.PERSON,
            channel_id=channel.id,
            file_bytes_max=self._stage.rules.file_bytes_max,
        )
        message = self._stage.posts.draft(channel=channel, author=self.user)
        version = self._stage.composer.first(draft)
        return self._stage.card(self._stage.posts.publish(message, version))

    def _command(
        self,
        spoken: str,
        channel: Channel,
        options: Mapping[str, object],
        *,
        focused: str | None = None,
    ) -> Interaction:
        command, path = self._find(spoken, channel)
        resolver = Resolver(cdn=self._stage.cdn, channel=channel)
        values = {name: resolver.value(_plain(value)) for name, value in options.items()}
        is_typing = focused is not None
        problems = option_problems(leaf_of(command, path), values, autocomplete=is_typing)
        if focused is not None and focused not in values:
            problems.append(f"{focused}: nothing typed")
        if problems:
            raise Impossible(f"{spoken}: " + "; ".join(problems))
        data = _command_data(command, resolved=resolver.resolved)
        data["options"] = interaction_options(command, path, values, focused=focused)
        kind = InteractionType.AUTOCOMPLETE if is_typing else InteractionType.COMMAND
        interaction = self._open(kind, channel, data)
        interaction.message_type = MessageType.CHAT_INPUT_COMMAND
        return interaction

    def _find(self, spoken: str, channel: Channel) -> tuple[Json, Sequence[str]]:
        try:
            command, path = find_command(self._stage.commands.visible_in(channel.guild), spoken)
        except UnknownCommand as error:
            raise Impossible(str(error)) from error
        check_may_use(command, channel=channel, membership=self._membership(channel))
        return dict(command), path

    async def _presses(self, card: Card, data: Json) -> Card | Modal:
        if not card.message.visible_to(self.user):
            text = f"{self.user.name} does not see this message"
            raise Impossible(text)
        interaction = self._open(InteractionType.COMPONENT, card.message.channel, data)
        interaction.source = card.message
        return self._shown(await answered(self._stage, interaction))

    def _open(self, kind: InteractionType, channel: Channel, data: Json) -> Interaction:
        return Interaction(
            id=self._stage.mint.mint(),
            type=kind,
            user=self.user,
            membership=self._membership(channel),
            channel=channel,
            opened_s=self._stage.clock.elapsed_s(),
            data=data,
        )

    def _membership(self, channel: Channel) -> Membership | None:
        if channel.guild is None:
            return None
        membership = channel.guild.members.get(self.id)
        if membership is None or not membership.permissions & Permission.VIEW_CHANNEL:
            text = f"{self.user.name} is not in {channel.guild.name}"
            raise Impossible(text)
        return membership

    def _place(self, channel: Channel | None) -> Channel:
        if channel is not None:
            return channel
        if self._home is not None and self._home.channels:
            return next(iter(self._home.channels.values()))
        return self.dm

    def _card(self, card: Card | None) -> Card:
        chosen = card or self._last_card
        if chosen is None:
            text = f"{self.user.name} has seen no message yet"
            raise Impossible(text)
        return chosen

    def _shown(self, answer: Card | Modal | None) -> Card | Modal:
        assert answer is not None, "only an autocomplete shows nothing"
        if isinstance(answer, Card):
            self._last_card = answer
        return answer

    def _as_target(self, message: Message) -> Json:
        return {"messages": {message.id: self._stage.message_payload(message)}}


def _command_data(command: Json, *, resolved: Json) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    if resolved:
        data["resolved"] = resolved
    return data


def _plain(value: object) -> object:
    return value.user if isinstance(value, Person) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, Upload | User | Channel) else value
