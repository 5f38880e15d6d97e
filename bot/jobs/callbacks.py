"""Providers call back: whose call it is, and who is woken by it.

A callback is a hint. It may come twice, early, late, about nothing, or never; the job's step asks
the provider before anything counts, and polls slowly in any case.
"""

import base64
import hmac
import logging
import re
from collections.abc import Mapping, Sequence

from bot.domain.jobs import Job, JobId
from bot.jobs.dispatch import Dispatch
from bot.jobs.hearsay import Hearsay
from bot.providers.base import Callback, Provider

log = logging.getLogger(__name__)

PATH = "/callbacks/{provider}/{secret}"
KEY_LABEL = "callbacks"
_SECRET = re.compile(r"([0-9]{1,20})\.([\w-]{43})", re.ASCII)


class CallbackAddresses:
    """Where a provider calls back about one job: an address that nobody can guess.

    Its secret is the job's id, signed with a key that is made from the master key. So it is known
    before the submit and after any restart, every process can check it, and the store holds
    nothing that could leak it. Older keys go on being taken, for jobs sent before a change.
    """

    def __init__(self, public_url: str, *, keys: Sequence[bytes]) -> None:
        self._base = public_url.rstrip("/")
        self.use(keys)

    def use(self, keys: Sequence[bytes]) -> None:
        """Make addresses with the first of these keys from now on, and take those of any."""
        assert keys
        self._keys = tuple(keys)

    def url(self, job: Job) -> str:
        """Return the address for a job at its provider; whoever knows it may claim things."""
        secret = f"{job.id}.{_signature(self._keys[0], job.provider, job.id)}"
        return self._base + PATH.format(provider=job.provider, secret=secret)

    def job_of(self, provider: str, secret: str) -> JobId | None:
        """Return the job that an address was made for; None when it was not made here."""
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        job_id, signature = match.groups()
        fits = [
            hmac.compare_digest(signature, _signature(key, provider, job_id)) for key in self._keys
        ]
        return JobId(job_id) if any(fits) else None


class Callbacks:
    """Take providers' calls in."""

    def __init__(
        self,
        addresses: CallbackAddresses,
        hearsay: Hearsay,
        *,
        providers: Mapping[str, Provider],
        dispatch: Dispatch,
    ) -> None:
        self._addresses = addresses
        self._hearsay = hearsay
        self._providers = providers
        self._dispatch = dispatch

    def job_of(self, provider: str, secret: str) -> JobId | None:
        """Return the job that a call is about; None for a provider or a secret that is not ours."""
        known = self._providers.get(provider)
        if known is None or not known.calls_back:
            return None
        return self._addresses.job_of(provider, secret)

    def hear(self, job_id: JobId, *, provider: str, callback: Callback) -> None:
        """Note what a call claims and wake the job, which asks for itself. Returns at once.

        What cannot be read, was heard before or concerns a job that is over is dropped quietly.
        """
        news = self._providers[provider].read_callback(callback)
        if news is None or not self._hearsay.add(job_id, news):
            log.debug("callback dropped", extra={"job": job_id})
            return
        log.debug("callback heard", extra={"job": job_id})
        self._dispatch.wake(job_id)


def _signature(key: bytes, provider: str, job_id: str) -> str:
    digest = hmac.digest(key, f"{provider}\0{job_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
