"""Every number of the small Discord, in one place.

Discord publishes no per-route rate limit; those below are what bots in the field observe.
All others come from its developer documents of 2026-08.
"""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` requests in any window of `per_s` seconds."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordRules:
    """What this Discord allows; a test or a bench passes its own where the default is in the way."""

    ack_s: float = 3.0
    token_life_s: float = 15 * 60.0
    followups_user_install_max: int = 5

    file_bytes_max: int = 10 * MEBIBYTE
    request_bytes_max: int = 25 * MEBIBYTE
    cdn_url_life_s: float = 24 * 3600.0

    old_message_s: float = 3600.0
    old_message_edits: Limit = Limit(count=5, per_s=60.0)
    nonce_life_s: float = 300.0
    commands_created_per_day: int = 200
    autocomplete_choices_max: int = 25

    rate_limits: bool = True
    token_bucket: Limit = Limit(count=5, per_s=2.0)
    channel_bucket: Limit = Limit(count=5, per_s=5.0)
    other_bucket: Limit = Limit(count=50, per_s=1.0)
    global_bucket: Limit = Limit(count=50, per_s=1.0)
    invalid_requests: Limit = Limit(count=10_000, per_s=600.0)

    heartbeat_interval_s: float = 41.25
    gateway_sends: Limit = Limit(count=120, per_s=60.0)
    identify_every_s: float = 5.0
    identify_concurrency: int = 1
    sessions_per_day: int = 1000
    session_life_s: float = 180.0
    session_replay_max: int = 5000
    shards: int = 1
    privileged_intents: bool = False

    distance_s: float = 0.0  # there and back, of every request
    wait_s: float = 20.0  # how long a person waits for something to appear, in real time
