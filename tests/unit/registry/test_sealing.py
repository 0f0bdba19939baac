"""Sealing: what is stored says nothing, and opens for its owner and key alone."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.errors import UnsealError
from sharpeyes.registry.sealing import Sealer

KEY = bytes(range(32))


@given(st.binary(), st.binary())
def test_a_secret_comes_back(secret: bytes, owner: bytes) -> None:
    sealer = Sealer(KEY)
    assert sealer.open(sealer.seal(secret, owner), owner) == secret


def test_the_same_secret_never_looks_the_same() -> None:
    first, second = (Sealer(KEY).seal(b"secret", b"camera 1") for _ in range(2))
    assert first.nonce != second.nonce
    assert first.ciphertext != second.ciphertext
    assert b"secret" not in first.ciphertext


def test_another_key_is_named() -> None:
    sealed = Sealer(KEY).seal(b"secret", b"camera 1")
    other = Sealer(bytes(32))
    with pytest.raises(UnsealError, match=f"key {sealed.key_id}, and this is {other.key_id}"):
        other.open(sealed, b"camera 1")


def test_another_owner_cannot_open() -> None:
    sealed = Sealer(KEY).seal(b"secret", b"camera 1")
    with pytest.raises(UnsealError, match="damaged or was sealed for something else"):
        Sealer(KEY).open(sealed, b"camera 2")


def test_damage_is_noticed() -> None:
    sealed = Sealer(KEY).seal(b"secret", b"camera 1")
    damaged = dataclasses.replace(sealed, ciphertext=bytes(len(sealed.ciphertext)))
    with pytest.raises(UnsealError, match="damaged"):
        Sealer(KEY).open(damaged, b"camera 1")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes, not 32"):
        Sealer(bytes(16))


def test_the_key_is_not_in_the_repr() -> None:
    assert KEY.hex() not in repr(Sealer(KEY)) + str(vars(Sealer(KEY)))


def test_an_old_key_opens_what_it_sealed_and_seals_nothing() -> None:
    old, new = Sealer(KEY), Sealer(bytes(32), old_keys=[KEY])
    sealed = old.seal(b"secret", b"camera 1")
    assert new.open(sealed, b"camera 1") == b"secret"
    anew = new.resealed(sealed, b"camera 1")
    assert anew.key_id == new.key_id == Sealer(bytes(32)).key_id != sealed.key_id
    assert Sealer(bytes(32)).open(anew, b"camera 1") == b"secret"
    with pytest.raises(UnsealError):
        new.resealed(sealed, b"camera 2")
