"""AI Client in a chaos run: a thread for each request, and responses that never come."""

from collections.abc import Collection, Sequence

from bot.bench.risks.base import DRAW, Lives, Made, Risks, common, picture, pictures_away, switched
from bot.sandbox.providers.ai_client import SandboxAiClient
from bot.sandbox.providers.ai_client.threads import Request
from bot.sandbox.providers.hosts import HOUSE_KEY


async def made(server: SandboxAiClient, wanted: Collection[str]) -> Sequence[Made]:
    """Return the pictures of every thread from which any was fetched."""
    fetched = " ".join(call.path for call in server.calls.of("GET", "/storage/*"))
    return [
        picture(data, _words(thread.requests[0]))
        for thread in server.truth.threads
        if thread.requests and _words(thread.requests[0]) in wanted
        if any(image.name in fetched for one in thread.requests for image in one.images)
        for data in await server.pictures(thread.guid)
    ]


def taken(server: SandboxAiClient) -> list[str]:
    """Return the prompts of all requests that were taken into a thread."""
    return [_words(request) for request in server.truth.requests]


def _words(request: Request) -> str:
    return ", ".join(words for words, weight in request.wish.prompts if weight > 0)


AI_CLIENT = Risks(
    name="ai_client",
    commands=frozenset({DRAW}),
    routes=(
        ("POST", "/threads"),
        ("POST", "/threads/{guid}/entry"),
        ("POST", "/threads/{guid}/entry"),
        ("GET", "/threads/{guid}/entries"),
        ("GET", "/storage/*"),
    ),
    lives=(
        Lives(
            desk="script",
            ends=(
                *("images",) * 14,
                *("object", "text", "empty", "null", "error", "request_error"),
            ),
            slow=("silent", "never"),
            spans={"seconds": (2.0, 40.0)},
            quirks=(
                *({},) * 6,
                {"gap_s": 10.0},
                {"images_missing": 1},
                {"has_wrong_sizes": True},
                {"no_error": "None", "has_strangers": True},
                {"has_dates": False},
                {"links": "elsewhere"},
                {"links": "private"},
            ),
        ),
    ),
    troubles={
        **dict(common(key=HOUSE_KEY)),
        "has pictures that cannot be reached": pictures_away,
        "lets nobody ask often": switched(calls_per_min=5),
    },
    made=made,
    taken=taken,
    is_in_parts=False,
)
