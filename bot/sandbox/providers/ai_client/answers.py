"""The bodies of the good answers, key by key as documented."""

from datetime import datetime

from bot.sandbox.providers.ai_client.rules import AI_CODE, VERSION_CODE
from bot.sandbox.providers.ai_client.scripts import Outcome
from bot.sandbox.providers.ai_client.threads import Request, Thread

Body = dict[str, object]

TITLE = "New thread with Stable Diffusion Image Generation"


def date(moment: datetime) -> str:
    """Write a moment as the service does: microseconds are always there and always zero."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def thread(thread: Thread) -> Body:
    """Return a thread."""
    return {
        "guid": thread.guid,
        "ai_code": AI_CODE,
        "ai_version_code": VERSION_CODE,
        "title": TITLE,
        "created_at": date(thread.created_at),
        "updated_at": date(thread.created_at),
    }


def request_entry(request: Request, thread: Thread, *, is_waiting: bool) -> Body:
    """Return what was asked."""
    has_failed = request.script.outcome == Outcome.REQUEST_ERROR and not is_waiting
    body: Body = {
        "guid": request.guid,
        "thread_guid": thread.guid,
        "type": "request",
        "error": request.script.error_text if has_failed else request.script.no_error,
        "content": request.wish.echo(),
        "waiting_response": is_waiting,
        "credits": 0,
    }
    return body | _beside(request, request.asked_at)


def response_entry(
    request: Request, thread: Thread, *, images: list[Body], listed_at: datetime
) -> Body:
    """Return what came of it."""
    has_failed = request.script.outcome == Outcome.ERROR
    body: Body = {
        "guid": request.response_guid,
        "thread_guid": thread.guid,
        "type": "response",
        "error": request.script.error_text if has_failed else request.script.no_error,
        "content": _content(request, images),
        "waiting_response": False,
        "credits": request.credits,
    }
    return body | _beside(request, listed_at)


def stranger(request: Request, thread: Thread) -> Body:
    """Return an entry of a type that no document names."""
    return {"guid": f"{request.guid}-note", "thread_guid": thread.guid, "type": "notice"}


def image(*, url: str, size: tuple[int, int], filesize: int) -> Body:
    """Return one picture of a response."""
    return {
        "url": url,
        "thumbnail_url": f"{url}.thumbnail.jpg",
        "dimensions": f"{size[0]}x{size[1]}",
        "filesize": filesize,
    }


def _content(request: Request, images: list[Body]) -> object:
    match Outcome(request.script.outcome):
        case Outcome.IMAGES:
            return images
        case Outcome.OBJECT:
            return {"state": "done", "percent": 100, "images": images}
        case Outcome.TEXT:
            return {"role": "assistant", "content": "I would rather talk about it."}
        case Outcome.EMPTY:
            return []
        case _:
            return None


def _beside(request: Request, moment: datetime) -> Body:
    dates = {"created_at": date(moment)} if request.script.has_dates else {}
    strangers = {"mood": {"is": "unknown"}} if request.script.has_strangers else {}
    return {**dates, **strangers}
