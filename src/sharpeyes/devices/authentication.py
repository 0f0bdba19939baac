"""HTTP and RTSP authentication: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import quoted

_WORD = re.compile(
    r"""([\w-]+)                          # a scheme, or a parameter's name
        (?:\s*=\s*
          (?:"((?:[^"\\]|\\.)*)"          # its quoted value
            |([^\s,"]*))                  # its bare value
        )?""",
    re.VERBOSE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# The hash is the device's choice, not ours: most cameras know MD5 only.
_HASHES: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}
_PREFERENCE = ("SHA-256", "MD5")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in which a device lets itself be answered."""

    scheme: str
    parameters: Mapping[str, str]

    @property
    def algorithm(self) -> str:
        """The hash of a Digest challenge."""
        return self.parameters.get("algorithm", "MD5").upper()

    @property
    def nonce(self) -> str | None:
        """What a Digest answer is made for."""
        return self.parameters.get("nonce")

    @property
    def is_stale(self) -> bool:
        """Whether the device only finds our nonce too old, and the credentials right."""
        return self.parameters.get("stale", "").lower() == "true"

    @property
    def has_qop(self) -> bool:
        """Whether the device names qualities of protection (RFC 2069 devices do not)."""
        return bool(self.parameters.get("qop", "").strip())

    @property
    def is_answerable(self) -> bool:
        """Whether this module can answer it."""
        if self.scheme == "basic":
            return True
        if self.scheme != "digest" or self.algorithm not in _HASHES:
            return False
        if any(_CONTROL.search(value) for value in self.parameters.values()):
            return False
        offered = {word.strip().lower() for word in self.parameters.get("qop", "").split(",")}
        return bool(self.nonce) and (not self.has_qop or "auth" in offered)


def parse_challenges(header_values: Iterable[str]) -> list[Challenge]:
    """Read ``WWW-Authenticate`` headers: several challenges may stand in one, or in several."""
    challenges: list[Challenge] = []
    parameters: dict[str, str] = {}
    for header_value in header_values:
        for match in _WORD.finditer(header_value):
            name, quoted_value, bare_value = match.groups()
            if quoted_value is None and bare_value is None:
                parameters = {}
                challenges.append(Challenge(name.lower(), parameters))
            elif quoted_value is not None:
                parameters[name.lower()] = re.sub(r"\\(.)", r"\1", quoted_value)
            else:
                parameters[name.lower()] = bare_value
    return challenges


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the answerable challenge that gives least away, or None."""

    def rank(challenge: Challenge) -> int:
        if challenge.scheme == "basic":
            return len(_PREFERENCE)
        return _PREFERENCE.index(challenge.algorithm)

    return min((c for c in challenges if c.is_answerable), key=rank, default=None)


class Authorizer:
    """Answers one device's challenges with one set of credentials.

    Devices lock an account after a few bad logins, so a refused answer is never repeated: the
    first challenge is not a refusal, one renewal of a nonce is allowed, and then it is over.

    Args:
        credentials: What is registered, or None.
        new_client_nonce: Where the randomness comes from.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        new_client_nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._credentials = credentials
        self._new_client_nonce = new_client_nonce
        self._challenge: Challenge | None = None
        self._uses = 0
        self._was_accepted = False
        self._renewed = False
        self._refusal: str | None = None

    @property
    def is_challenged(self) -> bool:
        """Whether the device has asked who we are."""
        return self._challenge is not None

    @property
    def has_been_accepted(self) -> bool:
        """Whether the device once took the credentials."""
        return self._was_accepted

    def header(self, method: str, uri: str) -> str | None:
        """Return the ``Authorization`` header for a request.

        None until there was a challenge, and after a refusal.
        """
        if self._challenge is None or self._credentials is None or self._refusal is not None:
            return None
        self._uses += 1
        if self._challenge.scheme == "basic":
            return _basic(self._credentials)
        return self._digest(self._challenge, self._credentials, method, uri)

    def accepted(self) -> None:
        """Note that the device let the last request pass."""
        self._was_accepted = self._challenge is not None
        self._renewed = False

    def refusal(self, header_values: Iterable[str]) -> str | None:
        """Take a 401's challenges.

        Returns:
            None when the request may be sent once more with a new ``header``; otherwise why not,
            as the rest of a sentence that starts with the device's address.
        """
        challenge = strongest(challenges := parse_challenges(header_values))
        self._refusal = self._refusal or self._why_not(challenge, challenges)
        self._challenge = challenge
        self._uses = 0
        return self._refusal

    def _why_not(self, challenge: Challenge | None, offered: list[Challenge]) -> str | None:
        if self._credentials is None:
            return "asks for a user name and password, and none are known for it"
        if challenge is None:
            schemes = ", ".join(sorted({c.scheme for c in offered})) or "none named"
            return f"asks for a kind of authentication that is not supported: {quoted(schemes)}"
        if self._challenge is None:
            return None
        # Many devices forget stale=true, so a nonce that once worked may be renewed as well.
        is_renewal = self._was_accepted and challenge.nonce != self._challenge.nonce
        if not challenge.is_stale and (self._renewed or not is_renewal):
            return "refuses the user name and password known for it"
        if self._renewed:
            return "asks for a new nonce again and again"
        self._renewed = True
        return None

    def _digest(self, challenge: Challenge, credentials: Credentials, method: str, uri: str) -> str:
        def hashed(*parts: str) -> str:
            data = ":".join(parts).encode("utf-8", "surrogateescape")
            return _HASHES[challenge.algorithm](data).hexdigest()

        realm = challenge.parameters.get("realm", "")
        nonce = challenge.parameters["nonce"]
        secret = hashed(credentials.username, realm, credentials.password)
        fields = [
            f"username={_quote(credentials.username)}",
            f"realm={_quote(realm)}",
            f"nonce={_quote(nonce)}",
            f"uri={_quote(uri)}",
        ]
        if challenge.has_qop:
            count, client_nonce = f"{self._uses:08x}", self._new_client_nonce()
            response = hashed(secret, nonce, count, client_nonce, "auth", hashed(method, uri))
            fields += ["qop=auth", f"nc={count}", f'cnonce="{client_nonce}"']
        else:
            response = hashed(secret, nonce, hashed(method, uri))
        fields.append(f'response="{response}"')
        if "algorithm" in challenge.parameters:
            fields.append(f"algorithm={challenge.algorithm}")
        if "opaque" in challenge.parameters:
            fields.append(f"opaque={_quote(challenge.parameters['opaque'])}")
        return "Digest " + ", ".join(fields)


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
