"""A plain client of the sandbox AIME server, and the recorded answers it is compared with."""

import asyncio
import base64
import io
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from PIL import Image
from yarl import URL

from bot.sandbox.providers.aime import SandboxAime

RECORDED = Path(__file__).parents[2] / "recorded" / "aime"
KEY = "fa4efa4e-1111-4111-8111-00000a9141e7"  # the one of the recordings


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


class AimeClient:
    def __init__(self, session: aiohttp.ClientSession, aime: SandboxAime) -> None:
        self.session = session
        self.aime = aime

    async def ask(self, method: str, path: str, **wishes: Any) -> Answer:
        url = URL(self.aime.url + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **wishes) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            names = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(status=answer.status, headers=names, text=text)

    async def submit(self, endpoint: str = "flux-dev", **fields: Any) -> Answer:
        body = {"key": KEY, "wait_for_result": False} | fields
        return await self.ask("POST", f"/{endpoint}", json=body)

    async def accepted(self, endpoint: str = "flux-dev", **fields: Any) -> str:
        fields = fields or {"prompt": "a lighthouse", "width": 128, "height": 128}
        answer = await self.submit(endpoint, **fields)
        assert answer.status == 200, answer.text
        return str(answer.json["job_id"])

    async def poll(self, job_id: str, endpoint: str = "flux-dev") -> Answer:
        return await self.ask("POST", f"/{endpoint}/progress", json={"job_id": job_id})

    async def poll_by_query(self, job_id: str, endpoint: str = "flux-dev") -> Answer:
        return await self.ask("GET", f"/{endpoint}/progress?job_id={quote(job_id, safe='')}")

    async def progress(self, job_id: str) -> dict[str, Any]:
        answer = await self.poll(job_id)
        assert answer.status == 200, answer.text
        return answer.json["progress"]

    async def result(self, job_id: str) -> dict[str, Any]:
        return (await self.poll(job_id)).json["job_result"]

    async def session_of(self, endpoint: str = "flux-dev", key: str = KEY) -> str:
        answer = await self.ask("GET", f"/{endpoint}/login?key={key}&version=test")
        return str(answer.json["client_session_auth_key"])


async def while_time_passes(aime: SandboxAime, call: Coroutine[Any, Any, Answer]) -> Answer:
    """Return the answer to a call that waits for the server's clock."""
    waiting = asyncio.create_task(call)
    while not waiting.done():
        aime.clock.advance(1)
        await asyncio.sleep(0.002)
    return await waiting


def picture_in(text: str) -> bytes:
    return base64.b64decode(text.partition(",")[2], validate=True)


def look_at(data: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        return opened.format, opened.size


def a_picture(form: str = "PNG", size: tuple[int, int] = (8, 8), label: str = "") -> str:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(out, form)
    label = label or f"image/{form.lower()}"
    return f"data:{label};base64,{base64.b64encode(out.getvalue()).decode()}"


def only_error(answer: Answer) -> str:
    (error,) = answer.json["error"]
    return str(error).split("\n")[0]
