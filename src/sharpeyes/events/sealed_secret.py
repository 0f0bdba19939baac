"""Signing secrets at rest: what whoever has the key must be able to do."""

from dataclasses import dataclass
from typing import Any, Protocol


class SealedSecret(Protocol):
    """A secret as it is stored."""

    @property
    def ciphertext(self) -> bytes:
        """With the authentication tag at its end."""
        ...

    @property
    def nonce(self) -> bytes:
        """12 bytes, fresh for every sealing."""
        ...

    @property
    def key_id(self) -> str:
        """Which key opens it."""
        ...


class Sealer(Protocol):
    """Seals and opens secrets; whoever wires the service has the key."""

    def seal(self, secret: bytes, owner: bytes, /) -> SealedSecret:
        """Encrypt a secret so that it opens only together with `owner`."""
        ...

    def open(self, sealed: Any, owner: bytes, /) -> bytes:
        """Decrypt a secret. `sealed` is anything with the fields of `SealedSecret`.

        Raises:
            ValueError: It does not open; the message says why and nothing of the secret.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A `SealedSecret` as read from the database."""

    ciphertext: bytes
    nonce: bytes
    key_id: str
