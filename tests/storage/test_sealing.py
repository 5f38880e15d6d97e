import base64
import os

import pytest

from bot.domain.errors import ConfigurationError
from storage.sealing import (
    MasterKeys,
    Purpose,
    Sealed,
    Sealer,
    derived_keys,
)
from tests.storage.store_values import ANNA, BERT, sealer_of

SECRET = "hk-marked-secret"
PLACE = {"purpose": Purpose.PROVIDER_KEY, "owner_id": ANNA, "name": "horde"}


def test_a_sealed_secret_opens_where_it_belongs(sealer):
    sealed = sealer.seal(SECRET, **PLACE)

    assert sealer.unseal(sealed, **PLACE) == SECRET
    assert SECRET.encode() not in sealed.data


def test_the_same_secret_never_looks_the_same_twice(sealer):
    assert sealer.seal(SECRET, **PLACE).data != sealer.seal(SECRET, **PLACE).data


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"owner_id": BERT},
        {"name": "nebula"},
        {"purpose": Purpose.INTERACTION_TOKEN},
        {"purpose": Purpose.SERVER_KEY},
    ],
)
def test_a_secret_that_was_moved_does_not_open(sealer, elsewhere):
    sealed = sealer.seal(SECRET, **PLACE)

    with pytest.raises(ConfigurationError, match="changed outside"):
        sealer.unseal(sealed, **PLACE | elsewhere)


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_a_secret_that_was_changed_does_not_open(sealer, position):
    sealed = sealer.seal(SECRET, **PLACE)
    data = bytearray(sealed.data)
    data[position] ^= 1

    with pytest.raises(ConfigurationError, match="changed outside"):
        sealer.unseal(Sealed(key_id=sealed.key_id, data=bytes(data)), **PLACE)


@pytest.mark.parametrize("data", [b"", b"short", b"x" * 27])
def test_a_secret_that_was_cut_does_not_open(sealer, data):
    sealed = Sealed(key_id=sealer.current_id, data=data)

    with pytest.raises(ConfigurationError, match="changed outside"):
        sealer.unseal(sealed, **PLACE)


def test_an_older_master_key_still_opens_and_the_newest_seals():
    old, both = sealer_of(b"a"), sealer_of(b"a", b"b")
    sealed_before = old.seal(SECRET, **PLACE)
    sealed_after = both.seal(SECRET, **PLACE)

    assert both.unseal(sealed_before, **PLACE) == SECRET
    with pytest.raises(ConfigurationError, match=f"needs the master key {both.current_id}"):
        old.unseal(sealed_after, **PLACE)


def test_a_new_master_key_is_used_at_once_and_the_old_one_still_opens():
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    first = MasterKeys.from_base64(old)
    sealer = Sealer(first)
    before = sealer.seal(SECRET, **PLACE)

    sealer.use(MasterKeys.from_base64(new).with_older(first))
    after = sealer.seal(SECRET, **PLACE)

    assert sealer.unseal(before, **PLACE) == SECRET
    assert Sealer(MasterKeys.from_base64(new)).unseal(after, **PLACE) == SECRET
    assert sealer.current_id == after.key_id != before.key_id


def test_keys_for_other_uses_are_made_from_the_master_keys_the_newest_first():
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    both = MasterKeys.from_base64(old, new)

    made = derived_keys(both, label="callbacks")

    assert made == (
        *derived_keys(MasterKeys.from_base64(new), label="callbacks"),
        *derived_keys(MasterKeys.from_base64(old), label="callbacks"),
    )
    assert {len(key) for key in made} == {32}
    assert not {*made} & {*derived_keys(both, label="another use"), *both.by_id.values()}


def test_no_key_shows_when_it_is_printed():
    line = base64.b64encode(os.urandom(32)).decode()
    keys = MasterKeys.from_base64(line)

    assert line not in repr(keys)
    assert repr(base64.b64decode(line)) not in repr(keys)


def test_the_id_of_a_master_key_is_made_from_it_alone():
    assert sealer_of(b"a").current_id == sealer_of(b"b", b"a").current_id
    assert sealer_of(b"a").current_id != sealer_of(b"b").current_id
