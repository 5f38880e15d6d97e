"""One request for pictures: a call that is answered when its time is over."""

import asyncio
from dataclasses import dataclass, field

from bot.sandbox.providers.nebula.accounts import Account
from bot.sandbox.providers.nebula.painting import Canvas
from bot.sandbox.providers.nebula.scripts import Script
from bot.sandbox.providers.nebula.submit import Payload
from bot.sandbox.providers.pictures import PictureWish


@dataclass(slots=True, kw_only=True)
class Job:
    """An accepted call; `charged` and `answered` are the truth to compare a client with."""

    number: int  # from 1; the service itself names nothing
    account: Account
    payload: Payload = field(repr=False)  # as it was sent, pictures included
    wishes: tuple[PictureWish, ...]
    canvas: Canvas | None
    script: Script
    charged: int  # millionths of a dollar
    began_s: float
    ready_at_s: float | None  # None: held
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    answered: bool = False  # its answer was handed out; whether it arrived is another matter
