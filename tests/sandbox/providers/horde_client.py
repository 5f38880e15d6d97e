"""A plain client of the sandbox Horde, and the recorded answers it is compared with."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from yarl import URL

from bot.sandbox.providers.horde import SandboxHorde

RECORDED = Path(__file__).parents[2] / "recorded" / "horde"
ANONYMOUS = "0000000000"
AGENT = "EaselBot:0.1:ops@example.invalid"


def orange(size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a picture of which there is not much to say."""
    out = io.BytesIO()
    Image.new("RGB", size, (240, 140, 30)).save(out, "PNG")
    return out.getvalue()


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Client:
    def __init__(self, session: aiohttp.ClientSession, horde: SandboxHorde) -> None:
        self.session = session
        self.horde = horde

    async def ask(
        self, method: str, path: str, *, key: str | None = ANONYMOUS, **wishes: Any
    ) -> Answer:
        headers = (
            {"Client-Agent": AGENT} | ({"apikey": key} if key else {}) | wishes.pop("headers", {})
        )
        url = URL(self.horde.url + path, encoded=True)
        async with self.session.request(
            method, url, headers=headers, allow_redirects=False, **wishes
        ) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            names = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(status=answer.status, headers=names, text=text)

    async def submit(self, prompt: str = "a cat", *, key: str = ANONYMOUS, **fields: Any) -> Answer:
        body = {"prompt": prompt, "models": ["stable_diffusion"], "params": {"steps": 20}} | fields
        return await self.ask("POST", "/generate/async", key=key, json=body)

    async def accepted(self, prompt: str = "a cat", **fields: Any) -> str:
        answer = await self.submit(prompt, **fields)
        assert answer.status == 202, answer.text
        return str(answer.json["id"])

    async def write(
        self, prompt: str = "Once upon a time", *, key: str = ANONYMOUS, **fields: Any
    ) -> Answer:
        body = {"prompt": prompt, "models": []} | fields
        return await self.ask("POST", "/generate/text/async", key=key, json=body)

    async def written(self, prompt: str = "Once upon a time", **fields: Any) -> str:
        answer = await self.write(prompt, **fields)
        assert answer.status == 202, answer.text
        return str(answer.json["id"])

    async def text_status(self, remote_id: str) -> dict[str, Any]:
        return (await self.ask("GET", f"/generate/text/status/{remote_id}")).json

    async def transmute(
        self, *forms: str, source: bytes | None = None, key: str = ANONYMOUS, **fields: Any
    ) -> Answer:
        data = base64.b64encode(source or orange()).decode()
        body = {"forms": [{"name": name} for name in forms], "source_image": data} | fields
        return await self.ask("POST", "/interrogate/async", key=key, json=body)

    async def transmuted(self, *forms: str, **fields: Any) -> str:
        answer = await self.transmute(*forms, **fields)
        assert answer.status == 202, answer.text
        return str(answer.json["id"])

    async def alchemy_status(self, remote_id: str) -> dict[str, Any]:
        return (await self.ask("GET", f"/interrogate/status/{remote_id}")).json

    async def check(self, remote_id: str) -> dict[str, Any]:
        return (await self.ask("GET", f"/generate/check/{remote_id}")).json

    async def status(self, remote_id: str) -> dict[str, Any]:
        return (await self.ask("GET", f"/generate/status/{remote_id}")).json

    async def cancel(self, remote_id: str) -> dict[str, Any]:
        return (await self.ask("DELETE", f"/generate/status/{remote_id}")).json

    async def download(self, link: str) -> tuple[int, str, bytes]:
        async with self.session.get(URL(link, encoded=True)) as answer:
            return answer.status, answer.content_type, await answer.read()


async def eventually(look: Callable[[], object]) -> None:
    """Return once `look` says yes; TimeoutError after a generous while."""
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.01)


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as opened:
        opened.load()
        assert opened.format == "WEBP"
        return opened.size
