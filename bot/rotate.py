"""`./easel rotate-keys`: a new master key, and everything stored sealed with it.

With a service on the database, the service does the work: it finds the new key in the file. Without
one, this does it. Either may be killed at any moment; the next run goes on where that left off.
"""

import asyncio

from bot.accounts.rotation import LOOK_S, reseal_all
from bot.domain.errors import AlreadyRunning, ConfigurationError
from bot.key_setup import open_sealer
from bot.settings import Settings
from storage.master_key import add_master_key, keep_newest_master_key
from storage.migrate import require
from storage.resealing import Left
from storage.sqlite import open_reader, open_sqlite

PAUSE_S = 0.5
PATIENCE_S = 12 * LOOK_S  # without any progress of the service

FROM_THE_ENVIRONMENT = (
    "EASEL_MASTER_KEY holds the master key, and only you can change it: write a new one behind it, "
    "with a comma (`head -c 32 /dev/urandom | base64` prints one), and start the bot again. "
    "Then run this once more: it says when the old one may go."
)
MAY_GO = "Everything is sealed with the newest master key in EASEL_MASTER_KEY: older ones may go."
UNFINISHED = "An earlier change of the master key is not finished: going on with it."
OLD_ONES_STAY = (
    "The old ones stay in it, for backups made so far and for providers that still call back; "
    "./easel rotate-keys --drop-old takes them out."
)
NOT_TAKEN_UP = (
    "The running Easel has not taken up the newest master key: start it again, and run this again."
)


async def rotate_keys(
    settings: Settings, *, drops_old: bool, patience_s: float = PATIENCE_S
) -> int:
    """Add a master key and see to it that everything is sealed with it; 1 when it is not yet.

    What an earlier run began is finished first, instead. Raises `ConfigurationError` when there is
    nothing to rotate, or no right to.
    """
    require(settings.database_path)
    before = await _left(settings)
    if before.sealed_before:
        print(UNFINISHED)
    elif settings.master_key is not None:
        return _told_about_the_environment(settings)
    elif not drops_old:
        await asyncio.to_thread(add_master_key, settings.master_key_path)
        print(f"A new master key stands in {settings.master_key_path}.")
    after = await _resealed(settings, patience_s=patience_s)
    if after.sealed_before:
        print(NOT_TAKEN_UP)
        return 1
    return await _finished(settings, after, drops_old=drops_old)


def _told_about_the_environment(settings: Settings) -> int:
    assert settings.master_key is not None
    if "," not in settings.master_key.get_secret_value():
        raise ConfigurationError(FROM_THE_ENVIRONMENT)
    print(MAY_GO)
    return 0


async def _finished(settings: Settings, after: Left, *, drops_old: bool) -> int:
    print("Everything is sealed with the newest master key.")
    if after.lost:
        secrets = "1 stored secret" if after.lost == 1 else f"{after.lost} stored secrets"
        print(f"{secrets} no master key here opens: the owners have to bring them again.")
    if settings.master_key is not None:
        print(MAY_GO)
        return 0
    path = settings.master_key_path
    if drops_old:
        await asyncio.to_thread(keep_newest_master_key, path)
        print(f"It is the only one left in {path}. Older backups need the older ones.")
    else:
        print(f"Copy {path} to a safe place now: without it keys are lost. {OLD_ONES_STAY}")
    return 0


async def _resealed(settings: Settings, *, patience_s: float) -> Left:
    """Seal everything anew, or wait for the service that does; return what is left in the end."""
    left = await _left(settings)
    waited_s = 0.0
    while True:
        try:
            await _reseal_here(settings)
        except AlreadyRunning:
            await asyncio.sleep(PAUSE_S)
            waited_s += PAUSE_S
        now = await _left(settings)
        if now.sealed_before < left.sealed_before:
            waited_s = 0.0
        left = now
        if not left.sealed_before or waited_s >= patience_s:
            return left


async def _reseal_here(settings: Settings) -> None:
    async with open_sqlite(settings.database_path, sealer=open_sealer(settings)) as database:
        await reseal_all(database)


async def _left(settings: Settings) -> Left:
    sealer = open_sealer(settings)
    async with open_reader(settings.database_path, sealer=sealer) as database:
        return await database.read(lambda tx: tx.resealing.left())
