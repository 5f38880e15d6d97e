"""How a conversation goes on: what was said before goes along, as far as there is room for it."""

from collections.abc import Sequence

from bot.domain.jobs import Job, PassageKind
from bot.domain.plain_text import ELLIPSIS
from bot.domain.requests import Role, TextRequest, Turn

TURNS_MAX = 40
TURNS_CHARS_MAX = 16_000  # about 4,000 tokens: half of what the smaller models can hold


def answer_of(job: Job) -> str | None:
    """Return what a job answered; None for one that asked for something else or got nothing."""
    if not isinstance(job.request, TextRequest):
        return None
    said = [one.text for one in job.passages if one.kind is PassageKind.ANSWER]
    return "\n\n".join(said) or None


def continued(job: Job, prompt: str) -> TextRequest:
    """Return the request that goes on from a job's answer, with the same model and manners."""
    request, answer = job.request, answer_of(job)
    assert isinstance(request, TextRequest)
    assert answer is not None, "nothing goes on from nothing"
    member, model = Turn(role=Role.MEMBER, text=request.prompt), Turn(role=Role.MODEL, text=answer)
    return request.evolve(prompt=prompt, turns=bounded((*request.turns, member, model)), seed=None)


def bounded(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the newest turns that there is room for; of one that is too long, its end."""
    kept: list[Turn] = []
    room = TURNS_CHARS_MAX
    for turn in reversed(turns[-TURNS_MAX:]):
        if len(turn.text) <= room:
            kept.append(turn)
            room -= len(turn.text)
            continue
        if room > len(ELLIPSIS) and not kept:  # half a turn is worth more than none
            end = turn.text[len(turn.text) - room + len(ELLIPSIS) :]
            kept.append(Turn(role=turn.role, text=ELLIPSIS + end))
        break
    return tuple(reversed(kept))
