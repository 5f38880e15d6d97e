"""The master keys that the settings name: loaded or made, kept out of logs, followed by a service."""

import logging
from dataclasses import dataclass

from bot import logs
from bot.settings import Settings
from storage.master_key import MasterKeyFile, load_or_create_master_key
from storage.sealing import MasterKeys, Sealer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Master keys, what seals with them, and where new ones come from; None: from nowhere."""

    keys: MasterKeys
    sealer: Sealer
    file: MasterKeyFile | None


def open_vault(settings: Settings) -> Vault:
    """Open what seals secrets at rest; the first start makes a master key, with a warning.

    Raises:
        ConfigurationError: there is no master key, and none can be made.
    """
    if settings.master_key is not None:
        keys = MasterKeys.from_base64(*settings.master_key.get_secret_value().split(","))
        file = None
    else:
        keys, file = _from_file(settings), MasterKeyFile(settings.master_key_path)
    keep_out_of_logs(keys)
    return Vault(keys=keys, sealer=Sealer(keys), file=file)


def open_sealer(settings: Settings) -> Sealer:
    """Return what seals secrets at rest; see `open_vault`."""
    return open_vault(settings).sealer


def keep_out_of_logs(keys: MasterKeys) -> None:
    """Mask master keys wherever they might be logged."""
    for spelling in keys.spellings():
        logs.redact(spelling)


def _from_file(settings: Settings) -> MasterKeys:
    keys, was_created = load_or_create_master_key(settings.master_key_path)
    if was_created:
        log.warning(
            "a master key was made: copy it to a safe place, without it members' keys are lost",
            extra={"path": str(settings.master_key_path)},
        )
    return keys
