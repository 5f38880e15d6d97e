"""What one endpoint can do, read from its discovery document: operators edit names and bounds.

A neutral field is mapped to the first name that the endpoint knows; whatever it does not know is
never sent, because the server refuses a request for one unknown name (server 0.9.6).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.domain.capabilities import Ability, Capability, Sight
from bot.providers.aime.wire import Details, Input
from bot.providers.base import Makes, Model

_ROUTING = frozenset({"key", "client_session_auth_key", "wait_for_result"})


class Wish(StrEnum):
    """A neutral field of a request."""

    PROMPT = "prompt"
    NEGATIVE = "negative"
    STEPS = "steps"
    CFG = "cfg"
    STRENGTH = "strength"
    COUNT = "count"
    SOURCE = "source"
    SEED = "seed"
    WIDTH = "width"
    HEIGHT = "height"
    PREVIEWS = "previews"
    LENGTH = "length"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"


NAMES: Mapping[Wish, tuple[str, ...]] = MappingProxyType(
    {
        Wish.PROMPT: ("prompt", "text"),
        Wish.NEGATIVE: ("negative_prompt",),
        Wish.STEPS: ("steps", "base_steps", "ddim_steps"),
        Wish.CFG: ("guidance", "cfg_scale", "scale"),
        Wish.STRENGTH: ("image2image_strength", "denoise", "img2img_strength", "strength"),
        Wish.COUNT: ("num_samples", "n_samples"),
        Wish.SOURCE: ("image",),
        Wish.SEED: ("seed",),
        Wish.WIDTH: ("width",),
        Wish.HEIGHT: ("height",),
        Wish.PREVIEWS: ("provide_progress_images",),
        Wish.LENGTH: ("max_gen_tokens",),
        Wish.TEMPERATURE: ("temperature",),
        Wish.TOP_P: ("top_p",),
    }
)
PICTURE_OUTPUTS = ("images", "image")
CHAT_INPUTS = ("chat_context", "text_context", "prompt_input")
CHAT = Capability(
    abilities=frozenset({Ability.TEXT}),
    sights=frozenset({Sight.PLACE, Sight.ETA, Sight.TEXT_SO_FAR}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between what a number has to lie, and on which grid; None where anything goes."""

    least: float | None = None
    most: float | None = None
    align: int = 1
    usual: float | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint's inputs by its own names, and how busy it is."""

    name: str
    inputs: Mapping[str, Input]
    outputs: frozenset[str]
    workers: int | None = None
    queued: int | None = None

    def name_of(self, wish: Wish) -> str | None:
        """Return how the endpoint calls a field; None for one that it does not take."""
        return next((name for name in NAMES[wish] if name in self.inputs), None)

    def takes(self, wish: Wish) -> bool:
        """Tell whether a field may be sent."""
        return self.name_of(wish) is not None

    def bounds(self, wish: Wish) -> Bounds:
        """Return the limits of a field that it takes; no limits of one that it does not."""
        name = self.name_of(wish)
        return Bounds() if name is None else self.bounds_of(name)

    def bounds_of(self, name: str) -> Bounds:
        """Return the limits of an input by the endpoint's own name for it."""
        described = self.inputs[name]
        align = _figure(described.align)
        return Bounds(
            least=_figure(described.minimum),
            most=_figure(described.maximum),
            align=int(align) if align and align > 1 else 1,
            usual=_figure(described.default),
            is_whole=described.type == "integer",
        )

    @property
    def makes(self) -> Makes:
        """What one that can be used at all is used for."""
        return Makes.PICTURES if self.makes_pictures else Makes.TEXTS

    @property
    def makes_pictures(self) -> bool:
        """Whether it draws, and can be asked with what a request has."""
        draws = bool(self.outputs.intersection(PICTURE_OUTPUTS))
        return draws and self.takes(Wish.PROMPT) and self._demands_only(())

    @property
    def chats(self) -> bool:
        """Whether it answers in words, and can be asked with what a request has."""
        talks = "text" in self.outputs and any(name in self.inputs for name in CHAT_INPUTS)
        return talks and self._demands_only(CHAT_INPUTS)

    @property
    def is_usable(self) -> bool:
        """Whether it can be asked for anything at all from here."""
        return self.makes_pictures or self.chats

    def _demands_only(self, names: Iterable[str]) -> bool:
        """Tell whether nothing is required but what is known here, or has a default."""
        known = {name for wish in Wish if (name := self.name_of(wish))} | _ROUTING | {*names}
        demands = {
            name for name, one in self.inputs.items() if one.required and one.default in (None, "")
        }
        return demands <= known

    @property
    def needs_source(self) -> bool:
        """Whether it cannot do without a picture to start from."""
        name = self.name_of(Wish.SOURCE)
        return name is not None and self.inputs[name].required

    @property
    def pictures_at_once(self) -> int:
        """How many pictures one job there can bring."""
        if "images" not in self.outputs or not self.takes(Wish.COUNT):
            return 1
        return int(self.bounds(Wish.COUNT).most or 1)

    @property
    def capability(self) -> Capability:
        """What it can do, by its own description."""
        if self.makes is Makes.TEXTS:
            return CHAT
        abilities = set() if self.needs_source else {Ability.TEXT_TO_PICTURE}
        if self.takes(Wish.SOURCE):
            abilities.add(Ability.PICTURE_TO_PICTURE)
        sights = {Sight.PLACE, Sight.ETA, Sight.PERCENT}
        if self.takes(Wish.PREVIEWS):
            sights.add(Sight.PREVIEW)
        return Capability(
            abilities=frozenset(abilities),
            wishes=frozenset(
                wish.value for wish in (Wish.NEGATIVE, Wish.CFG, Wish.SEED) if self.takes(wish)
            ),
            pictures_at_once=self.pictures_at_once,
            sides_px=self._sides_px(),
            steps=self._steps(),
            sights=frozenset(sights),
        )

    def _sides_px(self) -> tuple[int, int, int] | None:
        width = self.bounds(Wish.WIDTH)
        if width.least is None or width.most is None:
            return None
        return int(width.least), int(width.most), width.align

    def _steps(self) -> tuple[int, int] | None:
        steps = self.bounds(Wish.STEPS)
        if steps.least is None or steps.most is None:
            return None
        return int(steps.least), int(steps.most)

    def to_model(self) -> Model:
        """Return what everybody may know of it."""
        return Model(name=self.name, makes=self.makes, workers=self.workers, queued=self.queued)


def to_endpoint(details: Details) -> Endpoint:
    """Return what a discovery document says."""
    longest, free = details.max_queue_length, details.free_queue_slots
    workers = details.num_active_workers
    return Endpoint(
        name=details.name,
        inputs=details.parameter_description.input,
        outputs=frozenset(details.parameter_description.output),
        workers=None if workers is None else int(workers),
        queued=None if longest is None or free is None else max(0, int(longest - free)),
    )


def _figure(value: object) -> float | None:
    """Return a bound where it is a number; of pictures they are pairs, which the server minds."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
