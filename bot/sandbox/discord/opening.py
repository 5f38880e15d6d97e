"""Open interactions: what a person's client sends when they run, click, type or submit."""

import asyncio

from bot.sandbox.discord.cards import Card, Modal, NeverHappened
from bot.sandbox.discord.interaction_payloads import interaction_payload
from bot.sandbox.discord.interactions import CallbackType, Interaction
from bot.sandbox.discord.stage import Stage
from bot.sandbox.discord.wire import Json


async def answered(stage: Stage, interaction: Interaction) -> Card | Modal | None:
    """Send an interaction to the bot and wait for its first answer, three seconds at most.

    Returns None for an autocomplete. Raises `NeverHappened` when nobody answers in time.
    """
    stage.callbacks.register(interaction)
    source = interaction.source
    payload = interaction_payload(
        interaction,
        world=stage.world,
        rules=stage.rules,
        message=stage.message_payload(source) if source else None,
    )
    delivering = asyncio.create_task(_deliver(stage, interaction, payload))
    stage.deliveries.under_way.add(delivering)
    delivering.add_done_callback(stage.deliveries.under_way.discard)
    await _first_answer(stage, interaction)
    if interaction.modal is not None:
        return Modal(interaction=interaction, payload=interaction.modal)
    if interaction.answer_type is CallbackType.CHOICES:
        return None
    assert interaction.original is not None
    return stage.card(interaction.original, ack_s=interaction.ack_s)


async def _deliver(stage: Stage, interaction: Interaction, payload: Json) -> None:
    delivery = stage.deliveries.take()
    if delivery.delay_s:
        await stage.clock.reach(interaction.opened_s + delivery.delay_s)
    stage.gateway.dispatch(
        "INTERACTION_CREATE", payload, guild=interaction.channel.guild, copies=delivery.copies
    )


async def _first_answer(stage: Stage, interaction: Interaction) -> None:
    deadline_s = interaction.opened_s + stage.rules.ack_s
    late = asyncio.ensure_future(stage.clock.reach(deadline_s))
    heard = asyncio.ensure_future(interaction.bell.until(lambda: interaction.answer_type))
    try:
        await asyncio.wait({late, heard}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        late.cancel()
        heard.cancel()
        await asyncio.gather(late, heard, return_exceptions=True)
    if interaction.answer_type is None:
        text = f"no answer within {stage.rules.ack_s} s\n{stage.journal.report()}"
        raise NeverHappened(text)
