"""The card of a request that costs so much that its member is asked first."""

from typing import Any

from discord import ui

from bot.domain.credits import Microcredits
from bot.domain.errors import Unconfirmed
from bot.domain.jobs import Job
from bot.ui import copy, credits_copy
from bot.ui.boxes import YELLOW
from bot.ui.buttons import Action, JobButton
from bot.ui.cards import asked


def question_card(job: Job, question: Unconfirmed) -> ui.LayoutView:
    """Ask for the member's word, with what it would cost and what there is."""
    box: ui.Container[Any] = ui.Container(accent_colour=YELLOW)
    price, available = Microcredits(question.price), Microcredits(question.available)
    for line in (
        copy.heading(credits_copy.GO_AHEAD),
        asked(job.request),
        credits_copy.price_question(price, available=available),
        copy.small(copy.owner(job), copy.size(job), copy.provider(job.provider)),
        copy.small(credits_copy.PRICE_QUESTION_HINT),
    ):
        box.add_item(ui.TextDisplay(line))
    box.add_item(
        ui.ActionRow(
            JobButton(Action.CONFIRM, job.id, label=credits_copy.CONFIRM),
            JobButton(Action.DECLINE, job.id, label=credits_copy.LEAVE),
        )
    )
    return ui.LayoutView(timeout=None).add_item(box)
