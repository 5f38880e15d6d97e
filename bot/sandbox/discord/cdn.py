"""The CDN: stored bytes behind signed URLs that expire.

URLs look as Discord's do: `ex` and `is` are hexadecimal seconds, `hm` the signature.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from bot.sandbox.clock import Clock
from bot.sandbox.discord.attachments import Attachment, guess_type, look_at
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint

SPOILER_PREFIX = "SPOILER_"


class Cdn:
    """Keeps every file ever uploaded, so that a version of a message can always be looked at."""

    def __init__(self, *, rules: DiscordRules, clock: Clock, mint: Mint) -> None:
        self._rules = rules
        self._clock = clock
        self._mint = mint
        self._secret = secrets.token_bytes(32)
        self._stored: dict[str, Attachment] = {}
        self._same_bytes: dict[bytes, bytes] = {}
        self.base_url = ""

    def store(
        self,
        data: bytes,
        *,
        filename: str,
        channel_id: str,
        description: str | None = None,
        spoiler: bool = False,
        ephemeral: bool = False,
    ) -> Attachment:
        """Keep a file and give it an id. Equal bytes are held once."""
        attachment_id = self._mint.mint()
        folder = "ephemeral-attachments" if ephemeral else "attachments"
        picture = look_at(data)
        attachment = Attachment(
            id=attachment_id,
            filename=filename,
            data=self._same_bytes.setdefault(data, data),
            url_path=f"/{folder}/{channel_id}/{attachment_id}/{quote(filename)}",
            content_type=picture.content_type if picture else guess_type(filename),
            width=picture.width if picture else None,
            height=picture.height if picture else None,
            description=description,
            spoiler=spoiler or filename.startswith(SPOILER_PREFIX),
            ephemeral=ephemeral,
        )
        self._stored[attachment.url_path] = attachment
        return attachment

    def url(self, attachment: Attachment) -> str:
        """Sign a URL that works for the next day."""
        issued_at = self._clock.now()
        expires_at = issued_at + timedelta(seconds=self._rules.cdn_url_life_s)
        stamps = f"ex={int(expires_at.timestamp()):x}&is={int(issued_at.timestamp()):x}"
        signature = self._sign(attachment.url_path, stamps)
        return f"{self.base_url}{attachment.url_path}?{stamps}&hm={signature}"

    def read(self, path: str, query: Mapping[str, str]) -> Attachment | None:
        """Find the file of a URL; None where it is unknown, badly signed or expired.

        `path` is percent-encoded and starts after the CDN's base.
        """
        attachment = self._stored.get(path)
        if attachment is None:
            return None
        stamps = f"ex={query.get('ex', '')}&is={query.get('is', '')}"
        if not hmac.compare_digest(self._sign(path, stamps), query.get("hm", "")):
            return None
        if int(query["ex"], 16) <= self._clock.now().timestamp():
            return None
        return attachment

    def _sign(self, path: str, stamps: str) -> str:
        return hmac.new(self._secret, f"{path}?{stamps}".encode(), hashlib.sha256).hexdigest()
