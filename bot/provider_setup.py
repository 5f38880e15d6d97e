"""Which providers are offered, and what each is told: the settings' side of the registry."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from bot.domain.errors import ConfigurationError
from bot.providers.config import ProviderConfig, Timeouts
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.settings import Settings

# None of these publishes a limit; one a second is polite and far above what one community sends.
QUIET_SUBMITS_PER_S, QUIET_SUBMITS_PER_MIN = 1, 60

# It draws while it is asked, and says nothing until then; its document asks for 180 s at least.
NEBULA_CALL = Timeouts(read_s=300.0, total_s=360.0)


def provider_configs(settings: Settings) -> dict[str, ProviderConfig]:
    """Return what each provider that is offered is told, the usual one first.

    Raises:
        ConfigurationError: a provider is to be offered that is not set up.
    """
    configs = _set_up(settings)
    if not settings.providers:
        return configs
    strange = [name for name in settings.providers if name not in configs]
    if strange:
        raise ConfigurationError(
            f"EASEL_PROVIDERS names {', '.join(strange)}, which is not set up. "
            f"Set up are: {', '.join(configs)}."
        )
    return {name: configs[name] for name in settings.providers}


def _set_up(settings: Settings) -> dict[str, ProviderConfig]:
    configs = {"horde": _horde(settings)}
    if settings.aime_url is not None:
        has_sessions = settings.aime_auth == "login"
        configs["aime"] = _quiet(settings, settings.aime_url, has_sessions=has_sessions)
    if settings.algovera_url is not None:
        configs["algovera"] = replace(
            _quiet(settings, settings.algovera_url),
            may_ask_by_query=settings.algovera_ask_by_query,
        )
    if settings.ai_client_key is not None:
        configs["ai_client"] = replace(
            _quiet(settings, settings.ai_client_url),
            download_hosts=settings.ai_client_download_hosts,
            models=settings.ai_client_engines,
        )
    if settings.nebula_key is not None:
        configs["nebula"] = _nebula(settings)
    return configs


def service_keys(settings: Settings) -> Mapping[str, SecretStr]:
    """Return the operator's own key for each provider that has one."""
    keys = {
        "horde": settings.horde_key,
        "aime": settings.aime_key,
        "algovera": settings.algovera_key,
        "ai_client": settings.ai_client_key,
        "nebula": settings.nebula_key,
    }
    return {name: key for name, key in keys.items() if key is not None}


def _horde(settings: Settings) -> ProviderConfig:
    return ProviderConfig(
        url=settings.horde_url,
        client_name=settings.horde_client_agent,
        download_hosts=settings.horde_download_hosts,
        submits_per_s=settings.horde_submits_per_second,
        submits_per_min=settings.horde_submits_per_minute,
        poll_gap_s=min(settings.poll_interval_s, 1.0),
        allow_private_hosts=settings.allow_private_hosts,
        has_house_account=settings.horde_key.get_secret_value() != ANONYMOUS_KEY,
    )


def _nebula(settings: Settings) -> ProviderConfig:
    return replace(
        _quiet(settings, settings.nebula_url),
        submits_per_s=max(QUIET_SUBMITS_PER_S, settings.nebula_submits_per_minute / 60),
        submits_per_min=settings.nebula_submits_per_minute,
        list_key=settings.nebula_key,
        repaints_black=settings.nebula_mask == "black",
        submit_timeouts=NEBULA_CALL,
    )


def _quiet(
    settings: Settings,
    url: str,
    *,
    has_sessions: bool = False,
) -> ProviderConfig:
    return ProviderConfig(
        url=url,
        client_name=settings.horde_client_agent,
        download_hosts=(),
        submits_per_s=QUIET_SUBMITS_PER_S,
        submits_per_min=QUIET_SUBMITS_PER_MIN,
        poll_gap_s=min(settings.poll_interval_s, 1.0),
        allow_private_hosts=settings.allow_private_hosts,
        has_house_account=True,
        has_sessions=has_sessions,
    )
