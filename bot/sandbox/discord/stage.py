"""Everything that exists behind the wire, made once and handed around."""

from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.discord.callbacks import Callbacks
from bot.sandbox.discord.cards import Card
from bot.sandbox.discord.cdn import Cdn
from bot.sandbox.discord.command_book import CommandBook
from bot.sandbox.discord.composer import Composer
from bot.sandbox.discord.faults import Deliveries
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.journal import Journal
from bot.sandbox.discord.messages import Message, message_payload
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.posts import Posts
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What people act on and routes answer from."""

    rules: DiscordRules
    clock: Clock
    mint: Mint
    world: World
    posts: Posts
    composer: Composer
    callbacks: Callbacks
    cdn: Cdn
    commands: CommandBook
    gateway: Gateway
    deliveries: Deliveries
    journal: Journal
    checker: OpenApiChecker | None

    def card(self, message: Message, *, ack_s: float | None = None) -> Card:
        """Wrap a message for a person to follow."""
        return Card(
            message,
            cdn=self.cdn,
            journal=self.journal,
            wait_s=self.rules.wait_s,
            ack_s=ack_s,
        )

    def message_payload(self, message: Message) -> Json:
        """Draw a message for an event and hold it against the description."""
        payload = message_payload(message, cdn=self.cdn, users=self.world.users)
        if self.checker is not None:
            for problem in self.checker.schema_problems("MessageResponse", payload):
                self.journal.violate(f"the sandbox's message: {problem}")
        return payload


def build_stage(*, rules: DiscordRules, checker: OpenApiChecker | None) -> Stage:
    """Make an empty world with one application in it."""
    clock, journal = Clock(), Journal()
    mint = Mint(clock)
    world = World(rules=rules, mint=mint)
    cdn = Cdn(rules=rules, clock=clock, mint=mint)
    posts = Posts(rules=rules, clock=clock, mint=mint)
    composer = Composer(rules=rules, clock=clock, mint=mint, cdn=cdn, journal=journal)
    return Stage(
        rules=rules,
        clock=clock,
        mint=mint,
        world=world,
        posts=posts,
        composer=composer,
        callbacks=Callbacks(
            rules=rules, clock=clock, world=world, posts=posts, composer=composer, journal=journal
        ),
        cdn=cdn,
        commands=CommandBook(
            rules=rules, clock=clock, mint=mint, application_id=world.application_id
        ),
        gateway=Gateway(rules=rules, clock=clock, world=world),
        deliveries=Deliveries(),
        journal=journal,
        checker=checker,
    )
