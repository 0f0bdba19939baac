"""WS-Security's UsernameToken with a password digest, checked as cameras check it."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from lxml import etree

from sharpeyes.devices.credentials import Credentials

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST_TYPE = (
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_CLOCK_TOLERANCE = timedelta(seconds=300)


class TokenVerdict(Enum):
    """What a token is worth."""

    RIGHT = auto()
    WRONG = auto()
    NONE = auto()  # there is no token that could be judged
    WRONG_TIME = auto()  # rightly signed, but not now by the device's clock


def judge_token(
    header: etree._Element | None,
    credentials: Credentials,
    device_time: datetime,
) -> TokenVerdict:
    """Judge the token of a request.

    Args:
        header: of the SOAP envelope.
        credentials: of the account.
        device_time: what the device's clock says, aware.
    """
    token = None if header is None else header.find(f"{{{_WSSE}}}Security/{{{_WSSE}}}UsernameToken")
    if token is None:
        return TokenVerdict.NONE
    password = token.find(f"{{{_WSSE}}}Password")
    if password is None or password.get("Type") != _DIGEST_TYPE:
        return TokenVerdict.NONE
    created = token.findtext(f"{{{_WSU}}}Created", "").strip()
    try:
        nonce = base64.b64decode(token.findtext(f"{{{_WSSE}}}Nonce", ""))
        # The profile prescribes SHA-1.
        digest = hashlib.sha1(
            nonce + created.encode() + credentials.password.encode(), usedforsecurity=False
        ).digest()
        given = base64.b64decode(password.text or "")
        created_at = datetime.fromisoformat(created)
    except (binascii.Error, ValueError):
        return TokenVerdict.WRONG
    named = token.findtext(f"{{{_WSSE}}}Username") == credentials.username
    if not (hmac.compare_digest(given, digest) and named):
        return TokenVerdict.WRONG
    if created_at.tzinfo is None:
        created_at = created_at.replace(tzinfo=UTC)
    if abs(created_at - device_time) > _CLOCK_TOLERANCE:
        return TokenVerdict.WRONG_TIME
    return TokenVerdict.RIGHT
