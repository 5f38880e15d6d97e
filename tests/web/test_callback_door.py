"""The bot's web server against callers that are slow, large, rude, or speak no HTTP."""

import asyncio
import gzip
import json
import logging
import socket
import threading
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.domain.jobs import JobId
from bot.jobs.callbacks import CallbackAddresses
from bot.web import callbacks as door
from bot.web.callbacks import BODY_BYTES_MAX, CallbackDoor
from bot.web.server import Patience, serving, web_app

ADDRESSES = CallbackAddresses("https://bot.example", keys=[bytes(32)])
IMPATIENT = Patience(idle_s=0.2, rest_s=0.1)


class Heard:
    """Takes calls as the real service does, and remembers them."""

    def __init__(self):
        self.calls = []

    def job_of(self, provider, secret):
        return ADDRESSES.job_of(provider, secret)

    def hear(self, job_id, *, provider, callback):
        self.calls.append((job_id, provider, callback))


class AJob:
    id = JobId("4711")
    provider = "horde"


PATH = ADDRESSES.url(AJob()).removeprefix("https://bot.example")


@pytest.fixture(autouse=True)
def no_alarm(caplog):
    caplog.set_level(logging.INFO)
    yield
    assert [
        r.getMessage() for r in caplog.get_records("call") if r.levelno > logging.INFO or r.exc_info
    ] == []


@pytest.fixture
def heard():
    return Heard()


@asynccontextmanager
async def listening(heard, *, body_s=5.0, patience=None):
    app = web.Application()
    heard.door = CallbackDoor(heard, body_s=body_s)
    heard.door.add_to(app)
    async with serving(app, host="127.0.0.1", port=0, patience=patience) as port:
        yield port


@asynccontextmanager
async def connected(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def head(path=PATH, *, length=None, **headers):
    lines = [f"POST {path} HTTP/1.1", "Host: bot.example"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def status_of(reader):
    async with asyncio.timeout(10):
        line = await reader.readline()
    return int(line.split()[1])


async def until_closed(reader):
    async with asyncio.timeout(10):
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            return


async def test_a_call_is_read_to_its_end_and_handed_on(heard):
    async with listening(heard) as port, connected(port) as (reader, writer):
        writer.write(head(length=12, Content_Type="text/html", X_Signature="abc"))
        for piece in (b"{", b'"id":', b" 1234", b"}"):
            writer.write(piece)
            await writer.drain()
        assert await status_of(reader) == 200

    ((job_id, provider, callback),) = heard.calls
    assert (job_id, provider, callback.body) == ("4711", "horde", b'{"id": 1234}')
    assert callback.headers["X-Signature"] == "abc"


async def test_a_call_is_answered_before_it_is_looked_at(heard):
    answered, was_first = threading.Event(), []
    heard.hear = lambda *_, **__: was_first.append(answered.wait(5))

    def call(port):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(head(length=2) + b"{}")
            status = line.recv(65536).split()[1]
            answered.set()
            return status

    async with listening(heard) as port:
        assert await asyncio.to_thread(call, port) == b"200"

    assert was_first == [True]


async def test_a_body_in_chunks_or_packed_is_the_same_body(heard):
    packed = gzip.compress(b"{}")
    async with listening(heard) as port:
        async with connected(port) as (reader, writer):
            writer.write(head(Transfer_Encoding="chunked") + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
            assert await status_of(reader) == 200
        async with connected(port) as (reader, writer):
            writer.write(head(length=len(packed), Content_Encoding="gzip") + packed)
            assert await status_of(reader) == 200

    assert [callback.body for *_, callback in heard.calls] == [b"{}", b"{}"]


async def test_a_picture_of_many_megabytes_fits(heard):
    body = json.dumps({"img": "A" * (8 * 1024 * 1024)}).encode()
    async with listening(heard) as port, connected(port) as (reader, writer):
        writer.write(head(length=len(body)) + body)
        await writer.drain()
        assert await status_of(reader) == 200

    assert heard.calls[0][2].body == body


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(heard):
    async with listening(heard) as port, connected(port) as (reader, writer):
        writer.write(head(length=BODY_BYTES_MAX + 1))
        assert await status_of(reader) == 413

    assert heard.calls == []


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_that_grows_too_large_is_cut_off(heard, monkeypatch, packed):
    monkeypatch.setattr(door, "BODY_BYTES_MAX", 100_000)
    body = bytes(1_000_000)
    sent = gzip.compress(body) if packed else body
    encoding = {"Content_Encoding": "gzip"} if packed else {}
    async with listening(heard) as port, connected(port) as (reader, writer):
        writer.write(head(Transfer_Encoding="chunked", **encoding))
        writer.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")
        assert await status_of(reader) == 413

    assert heard.calls == []


async def test_all_bodies_together_have_a_limit_and_it_is_given_back(heard, monkeypatch):
    monkeypatch.setattr(door, "READING_BYTES_MAX", 1000)
    async with listening(heard) as port:
        async with connected(port) as (_, slow), connected(port) as (reader, writer):
            slow.write(head(length=901) + bytes(900))
            await slow.drain()
            async with asyncio.timeout(10):
                while heard.door._reading_bytes < 900:
                    await asyncio.sleep(0.01)
            writer.write(head(length=200) + bytes(200))
            assert await status_of(reader) == 503
        async with asyncio.timeout(10):
            while not heard.calls:
                async with connected(port) as (reader, writer):
                    writer.write(head(length=200) + bytes(200))
                    await status_of(reader)

    assert len(heard.calls[0][2].body) == 200


async def test_a_body_that_drips_is_not_waited_for(heard):
    async with listening(heard, body_s=0.2) as port, connected(port) as (reader, writer):
        writer.write(head(length=1000) + b"{")
        assert await status_of(reader) == 408

    assert heard.calls == []


async def test_headers_that_never_end_are_not_waited_for(heard):
    async with listening(heard, patience=IMPATIENT) as port, connected(port) as (reader, writer):
        writer.write(head(length=2)[:-2])
        await until_closed(reader)

    assert heard.calls == []


async def test_a_connection_without_a_word_is_not_kept(heard):
    async with listening(heard, patience=IMPATIENT) as port, connected(port) as (reader, _):
        await until_closed(reader)


async def test_a_caller_that_hangs_up_half_way_is_forgotten(heard):
    async with listening(heard) as port:
        async with connected(port) as (_, writer):
            writer.write(head(length=1000) + b"{")
            await writer.drain()
            writer.transport.abort()
        async with connected(port) as (reader, writer):
            writer.write(head(length=2) + b"{}")
            assert await status_of(reader) == 200

    assert len(heard.calls) == 1


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS greeting
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"POST /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        head(Transfer_Encoding="chunked") + b"zz\r\n",
        head(length=5, Content_Encoding="gzip") + b"hello",
    ],
    ids=range(9),
)
async def test_noise_is_refused_without_a_word_in_the_log(heard, noise):
    async with listening(heard, patience=IMPATIENT) as port, connected(port) as (reader, writer):
        writer.write(noise)
        assert await status_of(reader) in {400, 404, 405, 414, 431}

    assert heard.calls == []


async def test_nobody_without_a_secret_gets_as_far_as_sending_a_body(heard):
    wrong = PATH[:-1] + ("A" if PATH[-1] != "A" else "B")
    async with listening(heard) as port, connected(port) as (reader, writer):
        writer.write(head(wrong, length=BODY_BYTES_MAX * 2))
        assert await status_of(reader) == 404

    assert heard.calls == []


@pytest.mark.parametrize("alive, status", [(True, 200), (False, 503)])
async def test_the_health_page_is_on_the_same_server(heard, alive, status):
    async def probe():
        return alive

    app = web_app({"store": probe}, callbacks=heard)
    async with serving(app, host="127.0.0.1", port=0) as port:
        async with connected(port) as (reader, writer):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert await status_of(reader) == status
            assert f'"store": {str(alive).lower()}'.encode() in await reader.read()
        async with connected(port) as (reader, writer):
            writer.write(head(length=2) + b"{}")
            assert await status_of(reader) == 200
