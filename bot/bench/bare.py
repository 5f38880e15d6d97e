"""The floor: the smallest client that answers commands and posts pictures, with aiohttp alone.

A process of its own, as the service is. It speaks JSON lines: orders on standard input, what it did
on standard output. It checks nothing and survives nothing.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import yarl

from storage.bare_sqlite import Notebook

GUILDS = 1
ANSWER = {"type": 4, "data": {"content": "On its way"}}
COMMAND = {
    "name": "imagine",
    "type": 1,
    "description": "Draw pictures",
    "options": [
        {"type": 3, "name": "prompt", "description": "What", "required": True},
        {"type": 4, "name": "count", "description": "How many"},
    ],
}

NOTE = "x" * 1000  # about as much as is written of a job at a time

Json = dict[str, Any]


class BareBot:
    """Answers `/imagine` at once and remembers the token by the prompt."""

    def __init__(
        self, session: aiohttp.ClientSession, *, api: str, token: str, notebook: Notebook
    ) -> None:
        self._session = session
        self._notebook = notebook
        self._api = api
        self._token = token
        self._application_id = ""
        self._tokens: dict[str, str] = {}
        self._answers: set[asyncio.Task[None]] = set()

    async def listen(self, gateway: str) -> None:
        """Log in, register the command, say so, and answer for ever."""
        async with self._session.ws_connect(f"{gateway}?v=10&encoding=json") as socket:
            await socket.receive_json()
            identity = {"token": self._token, "intents": GUILDS, "properties": {}}
            await socket.send_json({"op": 2, "d": identity})
            async for message in socket:
                event = json.loads(message.data)
                if event.get("t") == "READY":
                    self._application_id = event["d"]["application"]["id"]
                    await self._register()
                    say({"ready": True})
                elif event.get("t") == "INTERACTION_CREATE":
                    task = asyncio.create_task(self._answer(event["d"]))
                    self._answers.add(task)
                    task.add_done_callback(self._answers.discard)

    async def deliver(self, prompt: str, urls: list[str]) -> float:
        """Download pictures and put them on the card; return when that began (monotonic)."""
        began_at = time.monotonic()
        pictures = await asyncio.gather(*map(self._download, urls))
        form = aiohttp.FormData()
        attached = [{"id": n, "filename": f"{n}.webp"} for n in range(len(pictures))]
        form.add_field(
            "payload_json",
            json.dumps({"content": "Done", "attachments": attached}),
            content_type="application/json",
        )
        for number, picture in enumerate(pictures):
            form.add_field(f"files[{number}]", picture, filename=f"{number}.webp")
        await self._edit(prompt, data=form)
        return began_at

    async def work(self, wanted: Json) -> None:
        """Do for a job what costs the service time too: calls, edits, durable notes, a delivery."""
        for url in wanted["looks"]:
            await self._download(url)
        for number in range(wanted["edits"]):
            await self._edit(wanted["prompt"], json={"content": f"Working, {number}"})
        for _ in range(wanted["notes"]):
            await asyncio.to_thread(self._notebook.add, NOTE)
        await self.deliver(wanted["prompt"], wanted["urls"])

    async def _edit(self, prompt: str, **body: Any) -> None:
        url = f"{self._api}/webhooks/{self._application_id}/{self._tokens[prompt]}"
        async with self._session.patch(f"{url}/messages/@original", **body) as response:
            response.raise_for_status()
            await response.read()

    async def _download(self, url: str) -> bytes:
        async with self._session.get(yarl.URL(url, encoded=True)) as response:
            response.raise_for_status()
            return await response.read()

    async def _register(self) -> None:
        url = f"{self._api}/applications/{self._application_id}/commands"
        headers = {"Authorization": f"Bot {self._token}"}
        async with self._session.put(url, json=[COMMAND], headers=headers) as response:
            response.raise_for_status()

    async def _answer(self, interaction: Json) -> None:
        options = interaction["data"]["options"]
        prompt = next(option["value"] for option in options if option["name"] == "prompt")
        self._tokens[prompt] = interaction["token"]
        url = f"{self._api}/interactions/{interaction['id']}/{interaction['token']}/callback"
        async with self._session.post(url, json=ANSWER, params={"with_response": "1"}) as response:
            response.raise_for_status()
            await response.read()


def say(fact: Json) -> None:
    """Tell the bench something."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Take the addresses from the first line, then orders to deliver, until there are no more."""
    orders = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    plan = json.loads(await orders.readline())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        notebook = Notebook(Path(plan["notes"]))
        bot = BareBot(session, api=plan["api"], token=plan["token"], notebook=notebook)
        listening = asyncio.create_task(bot.listen(plan["gateway"]))
        async for line in orders:
            order = json.loads(line)
            if "work" in order:
                await bot.work(order["work"])
                say({"worked": True})
                continue
            wanted = order["deliver"]
            began = await asyncio.gather(*(bot.deliver(*one) for one in wanted.items()))
            say({"began": dict(zip(wanted, began, strict=True))})
        listening.cancel()


if __name__ == "__main__":
    asyncio.run(main())
