"""House styles that a request may name: they set prompt, models and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.sandbox.providers.horde.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A named look; `{p}` and `{np}` in its prompt stand for the member's two halves."""

    name: str
    prompt: str = "{p}{np}"
    params: Mapping[str, object] = field(default_factory=dict)
    models: tuple[str, ...] = ("stable_diffusion",)
    nsfw: bool = False


def styled(payload: Mapping[str, object], styles: Mapping[str, Style]) -> dict[str, object]:
    """Return the payload as its style makes it: only `n`, and a size the style lacks, are kept."""
    name = payload.get("style")
    if name is None:
        return dict(payload)
    style = styles.get(str(name))
    if style is None:
        raise Refusal(404, f"Style with ID '{name}' not found.", rc="StyleNotFound")
    sent = payload.get("params", {})
    assert isinstance(sent, Mapping)
    kept = {key: sent[key] for key in ("n", "width", "height", "seed") if key in sent}
    positive, mark, negative = str(payload["prompt"]).partition("###")
    prompt = style.prompt.replace("{p}", positive.strip()).replace("{np}", mark + negative)
    overrides: dict[str, object] = {
        "prompt": prompt,
        "params": kept | dict(style.params),
        "models": list(style.models),
        "nsfw": style.nsfw,
    }
    return dict(payload) | overrides
