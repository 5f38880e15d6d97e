"""What has to be true after everything: of the store, of every card, of the provider, of the wire."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bot.bench.books import Books
from bot.bench.town import Town
from bot.domain.jobs import ENDS, Job, JobState
from bot.sandbox.discord.cards import Card
from bot.ui import copy, credits_copy

REFUSED = copy.heading(copy.ENDED[JobState.FAILED])
LOST = copy.heading(copy.LOST)
LEFT = credits_copy.NOT_WANTED


async def broken(town: Town, books: Books) -> list[str]:
    """Return a sentence for everything that is not as it has to be."""
    jobs = await books.jobs()
    by_card = {str(job.target.message_id): job for job in jobs}
    public = town.public_cards()
    return [
        *await books.problems(),
        *(f"Job {job.id} is still {job.state}." for job in jobs if job.is_open),
        *doubles(jobs, public),
        *(line for card in public for line in _card_problems(card, by_card.get(card.id))),
        *_provider_problems(jobs, town),
        *town.discord.violations,
    ]


def unbegun(town: Town, jobs: Sequence[Job]) -> list[Card]:
    """Return cards whose job was never taken in and which do not say so yet."""
    known = {str(job.target.message_id) for job in jobs}
    return [
        card for card in town.public_cards() if card.id not in known and not _says_it_ended(card)
    ]


def _says_it_ended(card: Card) -> bool:
    return card.shows(REFUSED) or card.shows(LOST) or card.shows(LEFT)


def doubles(jobs: Sequence[Job], cards: Sequence[Card]) -> Iterator[str]:
    """Tell of messages beside the cards: each answers one interaction, each job has its own."""
    asked = Counter(str((card.message.interaction_metadata or {}).get("id")) for card in cards)
    yield from (
        f"{count} messages answer interaction {interaction}."
        for interaction, count in asked.items()
        if count > 1
    )
    yield from (
        f"Message {card.id} answers nobody: it was posted beside the cards."
        for card in cards
        if card.message.interaction_metadata is None
    )
    shown = Counter(job.target.message_id for job in jobs)
    yield from (f"{count} jobs share card {card}." for card, count in shown.items() if count > 1)


def _card_problems(card: Card, job: Job | None) -> Iterator[str]:
    if job is None:
        if not _says_it_ended(card):
            yield f"Card {card.id} belongs to no job and does not say so:\n{card.render()}"
        return
    if not card.shows(copy.heading(_title(job))):
        yield f"Job {job.id} is {job.state}, its card says:\n{card.render()}"
        return
    cost = copy.returned(job) if job.state in ENDS else copy.arrived(job) or copy.cost(job)
    if not card.shows(cost):
        yield f"Job {job.id} cost “{cost}”, its card says:\n{card.render()}"
    if job.state is JobState.DONE and len(card.attachments) != len(job.pictures):
        yield f"Job {job.id} has {len(job.pictures)} pictures, its card {len(card.attachments)}."


def _title(job: Job) -> str:
    return copy.ENDED[job.state] if job.state in ENDS else copy.DONE


def _provider_problems(jobs: Sequence[Job], town: Town) -> Iterator[str]:
    """Whatever was delivered was drawn, for this very request."""
    drawn: Mapping[str, str] = {
        picture.picture_id: remote.wish.prompt
        for remote in town.horde.truth.jobs
        for picture in remote.delivered
    }
    for job in jobs:
        for picture in job.pictures:
            prompt = drawn.get(picture.item_id)
            if prompt is None or not prompt.startswith(job.request.prompt):
                yield f"Job {job.id} got picture {picture.item_id}, drawn for {prompt!r}."


def leaks(files: int | None, tasks: int, *, files_max: int, tasks_max: int) -> Iterator[str]:
    """Tell whether a service that has nothing to do holds more than it should."""
    if files is not None and files > files_max:
        yield f"The idle service holds {files} files and connections; {files_max} is the most."
    if tasks > tasks_max:
        yield f"The idle service holds {tasks} tasks; {tasks_max} is the most."
