"""Secrets at rest: AES-256-GCM with one key, bound to what each secret belongs to."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sharpeyes.registry.errors import UnsealError

KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored.

    Attributes:
        ciphertext: With the 16 bytes of GCM's tag at its end.
        nonce: 12 bytes, fresh for every sealing.
        key_id: Which key opens it; see `Sealer.key_id`.
    """

    ciphertext: bytes
    nonce: bytes
    key_id: str


class Sealer:
    """Seals and opens secrets.

    Args:
        key: 32 random bytes.
        random: Gives that many unpredictable bytes.

    Attributes:
        key_id: The first 8 hexadecimal digits of the key's SHA-256: tells keys apart and says
            nothing about them.
    """

    def __init__(self, key: bytes, *, random: Callable[[int], bytes] = os.urandom) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes, not {KEY_BYTES}")
        self._cipher = AESGCM(key)
        self._random = random
        self.key_id = hashlib.sha256(key).hexdigest()[:8]

    def seal(self, secret: bytes, owner: bytes) -> Sealed:
        """Encrypt a secret for its owner.

        Args:
            secret: What nobody may read.
            owner: Names whom it belongs to. Not encrypted, but authenticated: a row copied to
                another owner does not open.
        """
        nonce = self._random(_NONCE_BYTES)
        return Sealed(self._cipher.encrypt(nonce, secret, owner), nonce, self.key_id)

    def open(self, sealed: Sealed, owner: bytes) -> bytes:
        """Decrypt a secret of `owner`.

        Raises:
            UnsealError: It was sealed with another key or for another owner, or is damaged.
        """
        if sealed.key_id != self.key_id:
            raise UnsealError(f"it was sealed with key {sealed.key_id}, and this is {self.key_id}")
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.ciphertext, owner)
        except InvalidTag as error:
            raise UnsealError("it is damaged or was sealed for something else") from error
