"""A request for a text, every open choice made and in the Horde's words.

Pure. Source: server 5.1.5, API 2.5, `POST /generate/text/async`.
"""

from collections.abc import Sequence
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import within
from bot.domain.requests import Role, TextRequest
from bot.providers.base import Inputs, Makes, Model, Plan
from bot.providers.horde.checks import model_named
from bot.providers.horde.payload import addressed
from bot.providers.horde.wire import TITLE

LENGTH = 256  # tokens; never more than needs no kudos, however long the queue
LENGTH_MIN, LENGTH_MAX = 16, 4096
ANONYMOUS_LENGTH_MAX = 512
TEMPERATURE_MAX = 5
TOP_P_MIN, TOP_P_MAX = 0.001, 1
CONTEXT_STEP, CONTEXT_MIN, CONTEXT_MAX = 1024, 2048, 16_384
CHARS_PER_TOKEN = 3  # fewer than in English prose, so that other languages fit as well

# Nobody tells which template a model was taught; this one most of them have seen.
INSTRUCTION_MARK, ANSWER_MARK = "### Instruction:", "### Response:"
_OWN_KEY = "your own AI Horde key lifts this"


def to_plan(request: TextRequest, *, models: Sequence[Model], is_anonymous: bool) -> Plan:
    """Return the request as it will be sent, and what the member should know about it.

    Raises:
        InvalidRequest: for what no model of the Horde can do.
    """
    notes: list[str] = []
    if request.temperature is not None and not 0 <= request.temperature <= TEMPERATURE_MAX:
        raise InvalidRequest(f"The temperature must lie between 0 and {TEMPERATURE_MAX}.")
    if request.top_p is not None and not TOP_P_MIN <= request.top_p <= TOP_P_MAX:
        raise InvalidRequest(f"Top p must lie between {TOP_P_MIN} and {TOP_P_MAX}.")
    if request.seed is not None:
        notes.append(f"{TITLE} takes no seed for texts: left out.")
    planned = request.evolve(
        model=_model(request, models),
        length=_length(request, notes, is_anonymous=is_anonymous),
        seed=None,
    )
    planned = _within_context(planned, notes)
    return Plan(request=planned, notes=tuple(notes), takes_seed=False)


def to_payload(request: TextRequest, inputs: Inputs, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Return the JSON body of a planned request."""
    assert request.length is not None, "a planned request has a length"
    params: dict[str, Any] = {
        "n": 1,
        "max_length": request.length,
        "max_context_length": _context(request),
        "stop_sequence": [INSTRUCTION_MARK, ANSWER_MARK],
    }
    optional = {"temperature": request.temperature, "top_p": request.top_p}
    params |= {name: value for name, value in optional.items() if value is not None}
    body: dict[str, Any] = {
        "prompt": to_prompt(request),
        "params": params,
        "models": [request.model] if request.model else [],
        "trusted_workers": request.conduct.trusted_workers,
        "slow_workers": request.conduct.slow_workers,
        "extra_slow_workers": request.conduct.extra_slow_workers,
        "validated_backends": True,
        "allow_downgrade": request.conduct.allow_downgrade,
        "dry_run": is_dry_run,
    }
    return body if is_dry_run else body | addressed(inputs)


def to_prompt(request: TextRequest) -> str:
    """Write a conversation so that the next thing to be said is the answer."""
    parts = [_unmarked(request.instruction)] if request.instruction.strip() else []
    for turn in request.turns:
        mark = INSTRUCTION_MARK if turn.role is Role.MEMBER else ANSWER_MARK
        parts.append(f"{mark}\n{_unmarked(turn.text)}")
    parts += [f"{INSTRUCTION_MARK}\n{_unmarked(request.prompt)}", f"{ANSWER_MARK}\n"]
    return "\n\n".join(parts)


def to_answer(text: str) -> str:
    """Return what was answered: without the stop sequence, which the Horde leaves in the text."""
    for mark in (INSTRUCTION_MARK, ANSWER_MARK):
        text = text.partition(mark)[0]
    return text.strip()


def _model(request: TextRequest, models: Sequence[Model]) -> str | None:
    """Choose a model; None stands for any. An empty list means "not known", not "none"."""
    ranked = sorted(
        (model for model in models if model.makes is Makes.TEXTS),
        key=lambda model: -(model.workers or 0),
    )
    served = tuple(model.name for model in ranked)
    if request.model is not None:
        return model_named(request.model, served) if served else request.model
    return served[0] if served else None


def _length(request: TextRequest, notes: list[str], *, is_anonymous: bool) -> int:
    asked = LENGTH if request.length is None else request.length
    length = within("The length was", asked, low=LENGTH_MIN, high=LENGTH_MAX, notes=notes)
    if is_anonymous and length > ANONYMOUS_LENGTH_MAX:
        length = ANONYMOUS_LENGTH_MAX
        notes.append(f"The length was lowered to {length} tokens; {_OWN_KEY}.")
    return length


def _within_context(request: TextRequest, notes: list[str]) -> TextRequest:
    """Leave out the oldest of what was said before, until a model can remember all of it."""
    assert request.length is not None, "the length is planned first"
    room = (CONTEXT_MAX - request.length) * CHARS_PER_TOKEN
    if len(to_prompt(request.evolve(turns=()))) > room:
        raise InvalidRequest(f"That is more than {TITLE}'s models can read at once: shorten it.")
    turns = request.turns
    while turns and len(to_prompt(request.evolve(turns=turns))) > room:
        turns = turns[1:]
    if len(turns) < len(request.turns):
        notes.append("The beginning of the conversation is too long to be remembered.")
    return request.evolve(turns=turns)


def _context(request: TextRequest) -> int:
    """Return how much a worker has to remember: as little as does, since few remember much."""
    assert request.length is not None, "a planned request has a length"
    tokens = len(to_prompt(request)) // CHARS_PER_TOKEN + request.length
    steps = -(-tokens // CONTEXT_STEP)
    return min(max(steps * CONTEXT_STEP, CONTEXT_MIN), CONTEXT_MAX)


def _unmarked(text: str) -> str:
    """Keep a member's words from looking like the template around them."""
    return text.replace("###", "#").strip()
