"""Find the button or menu that a person means, among those that the message shows."""

from collections.abc import Sequence

from bot.sandbox.discord.choice_rules import values_range
from bot.sandbox.discord.refusals import Impossible
from bot.sandbox.discord.shown import LINK_STYLE, PREMIUM_STYLE, Button, Shown
from bot.sandbox.discord.wire import Json


def find_button(shown: Shown, label: str) -> Button:
    """Return the one button with this label, or else the one whose face contains it."""
    found = [button for button in shown.buttons if button.label == label]
    found = found or [button for button in shown.buttons if label in button.face]
    if len(found) != 1:
        faces = ", ".join(f"[{button.face}]" for button in shown.buttons) or "none"
        text = f"{len(found)} buttons are called {label!r}; the message shows {faces}"
        raise Impossible(text)
    button = found[0]
    if button.disabled:
        raise Impossible(f"[{button.face}] is disabled")
    if button.style in {LINK_STYLE, PREMIUM_STYLE}:
        raise Impossible(f"[{button.face}] opens a page and tells the bot nothing")
    return button


def find_select(shown: Shown, what: str) -> Json:
    """Return the menu with this placeholder or custom id."""
    for select in shown.selects:
        if what in {select.get("placeholder"), select["custom_id"]}:
            if select.get("disabled"):
                raise Impossible(f"the menu {what!r} is disabled")
            return select
    raise Impossible(f"the message shows no menu {what!r}")


def picked_values(select: Json, wanted: Sequence[str]) -> list[str]:
    """Return the values behind the labels or values that were picked."""
    fewest, most = values_range(select)
    if not fewest <= len(wanted) <= most:
        raise Impossible(f"the menu takes {fewest} to {most} values, not {len(wanted)}")
    if "options" not in select:
        return list(wanted)
    by_face = {option["label"]: option["value"] for option in select["options"]}
    values = [by_face.get(item, item) for item in wanted]
    for value in values:
        if value not in by_face.values():
            raise Impossible(f"the menu offers no {value!r}, only {', '.join(by_face)}")
    return values
