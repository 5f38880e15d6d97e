"""Rules for embeds. Facts: Discord docs, resources/message, embed limits."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.discord.components import items_of
from bot.sandbox.discord.problems import Problem, count_problems, text_problems

EMBEDS_MAX = 10
FIELDS_MAX = 25
CHARACTERS_MAX = 6000  # over all embeds of a message

TEXT_MAX = {
    ("title",): 256,
    ("description",): 4096,
    ("footer", "text"): 2048,
    ("author", "name"): 256,
}
FIELD_TEXT_MAX = {"name": 256, "value": 1024}
MEDIA = (("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url"))


def embed_problems(embeds: object) -> Iterator[Problem]:
    """Check a message's `embeds`: how many, how long each text is, how long they are together."""
    yield from count_problems("embeds", embeds, most=EMBEDS_MAX)
    characters = 0
    for index, embed in enumerate(items_of(embeds)):
        for path, text, longest in _texts(embed, f"embeds[{index}]"):
            yield from text_problems(path, text, longest=longest)
            characters += len(text) if isinstance(text, str) else 0
        yield from count_problems(
            f"embeds[{index}].fields", _inside(embed, ("fields",)), most=FIELDS_MAX
        )
    if characters > CHARACTERS_MAX:
        yield Problem(path="embeds", text=f"{characters} characters, more than {CHARACTERS_MAX}")


def embed_media(embeds: object) -> Iterator[tuple[str, str]]:
    """Yield path and URL of every picture that embeds show."""
    for index, embed in enumerate(items_of(embeds)):
        for keys in MEDIA:
            if isinstance(url := _inside(embed, keys), str):
                yield f"embeds[{index}].{'.'.join(keys)}", url


def _texts(embed: object, path: str) -> Iterator[tuple[str, object, int]]:
    for keys, longest in TEXT_MAX.items():
        yield f"{path}.{'.'.join(keys)}", _inside(embed, keys), longest
    for index, field in enumerate(items_of(_inside(embed, ("fields",)))):
        for key, longest in FIELD_TEXT_MAX.items():
            yield f"{path}.fields[{index}].{key}", _inside(field, (key,)), longest


def _inside(value: Any, keys: tuple[str, ...]) -> object:
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
