"""How a simulated camera checks who is asking: HTTP's and RTSP's Basic and Digest.

Digest follows RFC 7616; without a quality of protection it is RFC 2069's form, which RTSP devices
use. The client side of the same rules is `sharpeyes.devices.authentication`; the two are kept
apart so that a mistake in one shows against the other.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from sharpeyes.devices.credentials import Credentials

REALM = "Simulated Camera"

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


class AuthScheme(StrEnum):
    """How a camera asks for credentials."""

    DIGEST = "digest"
    DIGEST_SHA256 = "digest-sha256"
    BASIC = "basic"


class Verdict(Enum):
    """What an Authorization header is worth."""

    RIGHT = auto()
    WRONG = auto()
    NONE = auto()  # there is none, or of another scheme: the camera asks, nobody failed
    STALE = auto()  # made for a nonce of an earlier run: asked again, not counted as a failure


@dataclass(frozen=True, slots=True)
class Request:
    """The part of a request that its authentication covers."""

    method: str
    authorization: str | None


def challenge(scheme: AuthScheme, nonce: str, *, qop: bool, stale: bool) -> str:
    """The WWW-Authenticate header; `qop` as HTTP has it and RTSP devices have not."""
    if scheme is AuthScheme.BASIC:
        return f'Basic realm="{REALM}"'
    parts = [f'realm="{REALM}"', f'nonce="{nonce}"', f"algorithm={_algorithm(scheme)}"]
    if qop:
        parts.append('qop="auth"')
    if stale:
        parts.append("stale=true")
    return f"Digest {', '.join(parts)}"


def judge(request: Request, scheme: AuthScheme, credentials: Credentials, nonce: str) -> Verdict:
    """Judge a request's credentials, whatever bytes they are made of."""
    offered, _, rest = (request.authorization or "").partition(" ")
    if scheme is AuthScheme.BASIC:
        return _judge_basic(rest, credentials) if offered.lower() == "basic" else Verdict.NONE
    if offered.lower() != "digest":
        return Verdict.NONE
    return _judge_digest(request.method, rest, scheme, credentials, nonce)


def _judge_basic(encoded: str, credentials: Credentials) -> Verdict:
    try:
        pair = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return Verdict.WRONG
    expected = f"{credentials.username}:{credentials.password}".encode()
    return Verdict.RIGHT if hmac.compare_digest(pair, expected) else Verdict.WRONG


def _judge_digest(
    method: str,
    rest: str,
    scheme: AuthScheme,
    credentials: Credentials,
    nonce: str,
) -> Verdict:
    given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
    if given.get("algorithm", "MD5").upper() != _algorithm(scheme):
        return Verdict.WRONG
    if given.get("nonce") != nonce:
        return Verdict.STALE

    def digest(*parts: str) -> str:
        data = ":".join(parts).encode("utf-8", "surrogateescape")
        if scheme is AuthScheme.DIGEST_SHA256:
            return hashlib.sha256(data).hexdigest()
        # MD5 is what the cameras of the field speak.
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    who = digest(credentials.username, REALM, credentials.password)
    # The address is taken as given: some players sign the presentation's address in every request
    # of a session, and cameras let them.
    what = digest(method, given.get("uri", ""))
    if given.get("qop"):
        fresh = (given.get("nc", ""), given.get("cnonce", ""), given["qop"])
        expected = digest(who, nonce, *fresh, what)
    else:
        expected = digest(who, nonce, what)
    named = given.get("username") == credentials.username
    answered = given.get("response", "").encode("utf-8", "surrogateescape")
    right = hmac.compare_digest(answered, expected.encode()) and named
    return Verdict.RIGHT if right else Verdict.WRONG


def _algorithm(scheme: AuthScheme) -> str:
    return "SHA-256" if scheme is AuthScheme.DIGEST_SHA256 else "MD5"
