"""What the sandbox's scribes write: the same words for the same prompt, each counted as a token."""

import random

from bot.sandbox.providers.horde.texts.jobs import TextJob, Writing

CENSORED = "This text was withheld."
WORDS = [
    "the",
    "lighthouse",
    "keeper",
    "counted",
    "seven",
    "ships",
    "before",
    "dawn",
    "and",
    "wrote",
    "each",
    "name",
    "into",
    "a",
    "small",
    "green",
    "book",
    "while",
    "the",
    "tide",
    "turned",
    "over",
    "stones",
    "that",
    "nobody",
    "had",
    "moved",
    "since",
    "the",
    "winter",
    "of",
    "the",
    "long",
    "rain",
]
SENTENCE_WORDS = 12
USUAL_WORDS = 48


def words_of(job: TextJob, writing: Writing) -> str:
    """Return a text: what the script says, else made up; it ends behind a stop sequence."""
    if writing.censored:
        return CENSORED
    text = job.script.text or _made_up(job, writing)
    return _cut(_shortened(text, job.wish.max_length), job.wish.stop_sequence)


def _made_up(job: TextJob, writing: Writing) -> str:
    chance = random.Random(f"{job.wish.prompt}\n{writing.index}")  # noqa: S311 - prose, no secret
    count = min(job.wish.max_length, USUAL_WORDS)
    words = [chance.choice(WORDS) for _ in range(count)]
    sentences = [
        " ".join(words[start : start + SENTENCE_WORDS]).capitalize() + "."
        for start in range(0, count, SENTENCE_WORDS)
    ]
    return " " + " ".join(sentences)


def _shortened(text: str, tokens: int) -> str:
    """Return at most so many words, whatever stands between them kept."""
    left, end = tokens, 0
    for word in text.split():
        if left == 0:
            return text[:end]
        end = text.index(word, end) + len(word)
        left -= 1
    return text


def _cut(text: str, stops: tuple[str, ...]) -> str:
    """Return the text up to and with the first stop sequence in it."""
    ends = [text.index(stop) + len(stop) for stop in stops if stop and stop in text]
    return text[: min(ends)] if ends else text
