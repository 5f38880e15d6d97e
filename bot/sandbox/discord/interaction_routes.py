"""Routes that an interaction's token opens: the callback, and the token's messages."""

from bot.sandbox.discord.callbacks import Callbacks
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.interaction_payloads import callback_payload
from bot.sandbox.discord.messages import Message, message_payload
from bot.sandbox.discord.router import Door, Route
from bot.sandbox.discord.wire import NO_CONTENT, Answer, Call, Json
from bot.sandbox.discord.world import World

TRUE = frozenset({"1", "true", "True"})


class InteractionRoutes:
    """Handlers; each takes a call and returns an answer or raises `ApiError`."""

    def __init__(self, *, callbacks: Callbacks, cdn: Cdn, world: World) -> None:
        self._callbacks = callbacks
        self._cdn = cdn
        self._world = world

    def routes(self) -> list[Route]:
        """List the routes."""
        hook = "/webhooks/{application_id}/{token}"
        one = f"{hook}/messages/{{message_id}}"
        table = [
            ("POST", "/interactions/{interaction_id}/{token}/callback", self.answer),
            ("POST", hook, self.follow_up),
            ("GET", one, self.read),
            ("PATCH", one, self.edit),
            ("DELETE", one, self.delete),
        ]
        return [
            Route(method=method, template=path, handler=handler, door=Door.TOKEN)
            for method, path, handler in table
        ]

    def answer(self, call: Call) -> Answer:
        """POST /interactions/{i}/{t}/callback: 204, or 200 with `with_response`."""
        interaction = self._callbacks.answer(
            call.params["interaction_id"], call.params["token"], body=call.body, files=call.files
        )
        if call.query.get("with_response") not in TRUE:
            return NO_CONTENT
        original = interaction.original
        message = None if original is None else self._payload(original)
        return Answer(body=callback_payload(interaction, message=message))

    def follow_up(self, call: Call) -> Answer:
        """POST /webhooks/{a}/{t}: 204, or 200 with `wait`."""
        interaction = self._callbacks.find(call.params["application_id"], call.params["token"])
        message = self._callbacks.follow_up(interaction, body=call.body, files=call.files)
        if call.query.get("wait") not in TRUE:
            return NO_CONTENT
        return Answer(body=self._payload(message))

    def read(self, call: Call) -> Answer:
        """GET /webhooks/{a}/{t}/messages/{id or @original}."""
        interaction = self._callbacks.find(call.params["application_id"], call.params["token"])
        message = self._callbacks.message(interaction, call.params["message_id"])
        return Answer(body=self._payload(message))

    def edit(self, call: Call) -> Answer:
        """PATCH /webhooks/{a}/{t}/messages/{id or @original}."""
        interaction = self._callbacks.find(call.params["application_id"], call.params["token"])
        message = self._callbacks.edit(
            interaction, call.params["message_id"], body=call.body, files=call.files
        )
        return Answer(body=self._payload(message))

    def delete(self, call: Call) -> Answer:
        """DELETE /webhooks/{a}/{t}/messages/{id or @original}."""
        interaction = self._callbacks.find(call.params["application_id"], call.params["token"])
        self._callbacks.delete(interaction, call.params["message_id"])
        return NO_CONTENT

    def _payload(self, message: Message) -> Json:
        return message_payload(message, cdn=self._cdn, users=self._world.users)
