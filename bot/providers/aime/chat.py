"""Chat with an endpoint that answers in words: how a request is planned, and what is sent.

Pure. The calls are those of pictures: a submit that is not waited for, then looks, of which one
brings the result.
"""

import json
from collections.abc import Sequence
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.requests import Role, TextRequest
from bot.providers.aime.endpoints import CHAT_INPUTS, Endpoint, Wish
from bot.providers.aime.fitting import Notes, busiest, named, within
from bot.providers.base import Plan

USUAL_TOKENS = 1000  # what is priced and sent where nobody says how long; an essay of two pages
CONTEXT = "chat_context"
_SYSTEM, _USER, _ASSISTANT = "system", "user", "assistant"


def to_chat_plan(request: TextRequest, *, endpoints: Sequence[Endpoint]) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    No endpoints means that they are not known yet: then only the price's figure is filled in.

    Raises:
        InvalidRequest: for what no endpoint, or not the one that was asked for, can do.
    """
    if not request.prompt.strip():
        raise InvalidRequest("Ask something: the prompt is empty.")
    if not endpoints:
        return Plan(request=request.evolve(length=request.length or USUAL_TOKENS), takes_seed=False)
    endpoint = _chosen(request, endpoints)
    notes: Notes = []
    planned = request.evolve(
        model=endpoint.name,
        length=_length(request, endpoint, notes),
        temperature=_figure(Wish.TEMPERATURE, request.temperature, endpoint, notes),
        top_p=_figure(Wish.TOP_P, request.top_p, endpoint, notes),
        seed=None,
    )
    if request.seed is not None:
        notes.append(f"{endpoint.name} takes no seed.")
    return Plan(request=planned, notes=tuple(notes), takes_seed=False)


def to_chat_payload(request: TextRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Return the JSON body of a planned request, without what proves the key.

    A conversation is JSON inside a string, a list would be refused (server 0.9.6).
    """
    said = _conversation(request)
    name = next(name for name in CHAT_INPUTS if name in endpoint.inputs)
    if name == CONTEXT:
        text = json.dumps([{"role": role, "content": one} for role, one in said])
    else:
        text = "\n".join(f"{role}: {one}" for role, one in said) if said[1:] else request.prompt
    wishes = {
        Wish.LENGTH: request.length,
        Wish.TEMPERATURE: request.temperature,
        Wish.TOP_P: request.top_p,
    }
    figures = {
        own_name: value
        for wish, value in wishes.items()
        if value is not None and (own_name := endpoint.name_of(wish)) is not None
    }
    return {name: text, **figures, "wait_for_result": False}


def _conversation(request: TextRequest) -> list[tuple[str, str]]:
    said = [(_SYSTEM, request.instruction)] if request.instruction else []
    roles = {Role.MEMBER: _USER, Role.MODEL: _ASSISTANT}
    said += [(roles[turn.role], turn.text) for turn in request.turns]
    return [*said, (_USER, request.prompt)]


def _chosen(request: TextRequest, endpoints: Sequence[Endpoint]) -> Endpoint:
    if request.model is not None:
        return named(request.model, endpoints)
    return busiest(endpoints)


def _length(request: TextRequest, endpoint: Endpoint, notes: Notes) -> int:
    """Return the most tokens of the answer: what it costs at most, and what is sent."""
    bounds = endpoint.bounds(Wish.LENGTH)
    if request.length is not None:
        if not endpoint.takes(Wish.LENGTH):
            notes.append(f"{endpoint.name} chooses the length itself.")
        return int(within("length", request.length, bounds, notes))
    return int(min(bounds.usual or USUAL_TOKENS, USUAL_TOKENS))


def _figure(wish: Wish, asked: float | None, endpoint: Endpoint, notes: Notes) -> float | None:
    if asked is None:
        return None
    if not endpoint.takes(wish):
        notes.append(f"{endpoint.name} knows no {wish}: left out.")
        return None
    return within(wish.value, asked, endpoint.bounds(wish), notes)
