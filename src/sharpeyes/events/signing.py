"""Signatures of deliveries: Standard Webhooks, symmetric (v1)."""

import base64
import binascii
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook, WebhookVerificationError

from sharpeyes.events.errors import SecretInvalidError

SECRET_PREFIX = "whsec_"  # noqa: S105  # what secrets begin with, not one of them
_NEW_SECRET_BYTES = 32
_FEWEST_SECRET_BYTES = 24
_MOST_SECRET_BYTES = 64


def new_secret(random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Make a signing secret: 32 unpredictable bytes."""
    return random(_NEW_SECRET_BYTES)


def written(secret: bytes) -> str:
    """Return a secret as people pass it on: whsec_ and base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """Return the bytes of a written secret.

    Raises:
        SecretInvalidError: It is not `whsec_` and the base64 of 24 to 64 bytes.
    """
    prefix, encoded = text[: len(SECRET_PREFIX)], text[len(SECRET_PREFIX) :]
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if prefix != SECRET_PREFIX or not _FEWEST_SECRET_BYTES <= len(secret) <= _MOST_SECRET_BYTES:
        raise SecretInvalidError(
            f"not a signing secret: expected {SECRET_PREFIX} and the base64 of "
            f"{_FEWEST_SECRET_BYTES} to {_MOST_SECRET_BYTES} bytes, got {len(text)} characters"
        )
    return secret


def signature_headers(
    secrets: Sequence[bytes], event_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """Sign one attempt.

    Args:
        secrets: All that the receiver may verify with: while one is replaced, the old and the new.
        event_id: The webhook-id, the same in every attempt.
        sent_at: The time of this attempt, UTC.
        body: Exactly what is sent.
    """
    # The library reads the clock face of whatever time zone it is given as if it were UTC.
    if sent_at.utcoffset():
        raise ValueError(f"{sent_at} is not in UTC")
    signatures = (Webhook(secret).sign(event_id, sent_at, body.decode()) for secret in secrets)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def refusal(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> str | None:
    """Say why a delivery is not authentic and fresh, or None when it is.

    Args:
        secrets: Any of them may have signed.
        headers: Of the request, in any case.
        body: Exactly what was received.
    """
    reason = "there is no secret to verify with"
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except WebhookVerificationError as error:
            reason = str(error)
        except ValueError:
            # The library lets malformed base64, UTF-8 and lists of signatures through to here.
            reason = "Malformed signature headers or body"
        else:
            return None
    return reason
