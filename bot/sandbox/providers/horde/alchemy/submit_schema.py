"""The form of `POST /interrogate/async`."""

from bot.sandbox.providers.horde.pictures.submit_schema import POST_PROCESSORS
from bot.sandbox.providers.horde.schema import (
    BOOLEAN,
    TEXT,
    Schema,
    list_of,
    object_of,
    one_of,
    text,
)

SEERS = ("caption", "interrogation", "nsfw")
# Known by name only: what their results look like was never observed, so nobody here serves them.
UNSERVED = ("vectorize", "palette", "describe", "aesthetic")
FORMS = (*SEERS, *UNSERVED, *POST_PROCESSORS)

SUBMIT: Schema = object_of({
    "forms": list_of(object_of({"name": one_of(*FORMS), "payload": object_of({})}, "name")),
    "source_image": TEXT, "slow_workers": BOOLEAN, "trusted_workers": BOOLEAN,
    "webhook": text(10, 1024), "proxied_account": TEXT,
})  # fmt: skip
REQUIRED = ("forms", "source_image")
MISSING = "Missing required parameter in the JSON body"
