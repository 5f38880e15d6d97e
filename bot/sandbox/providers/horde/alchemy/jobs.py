"""A request for alchemy and its forms."""

from dataclasses import dataclass, field

from bot.sandbox.providers.horde.jobs import Job, Part, PartState
from bot.sandbox.providers.horde.scripts import Outcome

FORM_FAILURES_MAX = 4
STATES = {
    PartState.WAITING: "waiting",
    PartState.PROCESSING: "processing",
    PartState.DELIVERED: "done",
    PartState.LOST: "faulted",
    PartState.DROPPED: "cancelled",
}
WORD_KUDOS, PICTURE_KUDOS = 1.0, 6.0  # as recorded of a caption and of a small upscale


@dataclass(slots=True, kw_only=True)
class FormPart(Part):
    """One form; its result is what it was at delivery, links included."""

    name: str
    words: dict[str, object] = field(default_factory=dict)  # the result of a form in words
    result: dict[str, object] | None = None

    @property
    def gives_picture(self) -> bool:
        """Whether the result is a picture behind a link."""
        return self.name not in {"caption", "interrogation", "nsfw"}


@dataclass(slots=True, kw_only=True)
class AlchemyJob(Job):
    """An accepted request for alchemy."""

    source: bytes = field(repr=False)
    forms: list[FormPart] = field(default_factory=list)

    @property
    def parts(self) -> tuple[FormPart, ...]:
        """The forms."""
        return tuple(self.forms)

    def cost(self, part: Part) -> float:
        """Return what a form costs: a picture more than words."""
        return PICTURE_KUDOS if self.forms[part.index].gives_picture else WORD_KUDOS

    def gives_up(self) -> bool:
        """Go on with the other forms: each has its own failures."""
        return False

    @property
    def overall(self) -> str:
        """How it stands, as the wire says it: `partial` is over, and not all of it is done."""
        states = {form.state for form in self.forms}
        if len(states) == 1 and states <= {PartState.DELIVERED, PartState.LOST}:
            return STATES[states.pop()]
        if PartState.PROCESSING in states:
            return "processing"
        return "waiting" if PartState.WAITING in states else "partial"


def plan_forms(job: AlchemyJob) -> None:
    """Write the script's outcome into the forms."""
    match job.script.outcome:
        case Outcome.FAULTED | Outcome.EMPTY:
            failing = job.forms
        case Outcome.PARTIAL:
            failing = job.forms[-1:]
        case Outcome.RESTARTED:
            job.forms[0].fails = 1
            return
        case _:
            return
    for form in failing:
        form.fails, form.lost = FORM_FAILURES_MAX, True
