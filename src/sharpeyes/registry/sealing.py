"""Secrets at rest: AES-256-GCM, bound to what each secret belongs to."""

import hashlib
import os
from collections.abc import Callable, Iterable
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
        old_keys: Earlier ones, which open what they have sealed and seal nothing.
        random: Gives that many unpredictable bytes.

    Attributes:
        key_id: The first 8 hexadecimal digits of the key's SHA-256: tells keys apart and says
            nothing about them.
    """

    def __init__(
        self,
        key: bytes,
        *,
        old_keys: Iterable[bytes] = (),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._random = random
        self.key_id = _key_id(key)
        self._ciphers = {_key_id(old): AESGCM(old) for old in old_keys} | {self.key_id: AESGCM(key)}

    def seal(self, secret: bytes, owner: bytes) -> Sealed:
        """Encrypt a secret for its owner.

        Args:
            secret: What nobody may read.
            owner: Names whom it belongs to. Not encrypted, but authenticated: a row copied to
                another owner does not open.
        """
        nonce = self._random(_NONCE_BYTES)
        cipher = self._ciphers[self.key_id]
        return Sealed(cipher.encrypt(nonce, secret, owner), nonce, self.key_id)

    def open(self, sealed: Sealed, owner: bytes) -> bytes:
        """Decrypt a secret of `owner`.

        Raises:
            UnsealError: It was sealed with another key or for another owner, or is damaged.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise UnsealError(f"it was sealed with key {sealed.key_id}, and this is {self.key_id}")
        try:
            return cipher.decrypt(sealed.nonce, sealed.ciphertext, owner)
        except InvalidTag as error:
            raise UnsealError("it is damaged or was sealed for something else") from error

    def resealed(self, sealed: Sealed, owner: bytes) -> Sealed:
        """Seal with the present key what an old one has sealed.

        Raises:
            UnsealError: As `open`.
        """
        return self.seal(self.open(sealed, owner), owner)


def _key_id(key: bytes) -> str:
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes, not {KEY_BYTES}")
    return hashlib.sha256(key).hexdigest()[:8]
