"""Signatures, checked against the reference library of Standard Webhooks."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook

from sharpeyes.events.errors import SecretInvalidError
from sharpeyes.events.signing import (
    new_secret,
    read_secret,
    refusal,
    signature_headers,
    written,
)

BODY = b'{"id": "e1"}'
OLD, NEW = b"o" * 32, b"n" * 32


def now() -> datetime:
    return datetime.now(UTC)


def test_the_reference_library_verifies_our_signature() -> None:
    headers = signature_headers([NEW], "e1", now(), BODY)

    assert Webhook(written(NEW)).verify(BODY, headers) == {"id": "e1"}
    assert set(headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_the_published_example_is_reproduced() -> None:
    secret = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signature_headers(
        [secret],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_old_and_new_secret_sign_together_while_one_is_replaced() -> None:
    headers = signature_headers([OLD, NEW], "e1", now(), BODY)

    for secret in (OLD, NEW):
        assert refusal([secret], headers, BODY) is None
    assert refusal([b"x" * 32], headers, BODY) == "No matching signature found"


def test_a_receiver_with_both_secrets_accepts_either() -> None:
    assert refusal([OLD, NEW], signature_headers([NEW], "e1", now(), BODY), BODY) is None


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_whatever_is_changed_is_refused(part: str) -> None:
    headers = signature_headers([NEW], "e1", now(), BODY)
    changed = {
        "webhook-id": "e2",
        "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1),
        "webhook-signature": "v1," + base64.b64encode(b"\0" * 32).decode(),
    }

    assert refusal([NEW], headers | {part: changed[part]}, BODY) is not None
    assert refusal([NEW], {k: v for k, v in headers.items() if k != part}, BODY) is not None


def test_a_changed_body_is_refused() -> None:
    headers = signature_headers([NEW], "e1", now(), BODY)

    assert refusal([NEW], headers, BODY.replace(b"e1", b"e2")) is not None


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_what_is_not_fresh_is_refused(age: timedelta) -> None:
    headers = signature_headers([NEW], "e1", now() - age, BODY)

    assert "timestamp too" in str(refusal([NEW], headers, BODY))


@pytest.mark.parametrize(
    ("signature", "body"),
    [("v1", BODY), ("v1,%%%", BODY), ("v1,a,b", BODY), ("", BODY), ("v1,QQ==", b"\xff\xfe")],
)
def test_malformed_signatures_and_bodies_are_refused_not_fatal(signature: str, body: bytes) -> None:
    headers = signature_headers([NEW], "e1", now(), BODY) | {"webhook-signature": signature}

    assert refusal([NEW], headers, body) is not None


def test_without_a_secret_nothing_is_authentic() -> None:
    headers = signature_headers([NEW], "e1", now(), BODY)

    assert refusal([], headers, BODY) == "there is no secret to verify with"


def test_a_new_secret_can_be_written_and_read() -> None:
    secret = new_secret()

    assert len(secret) == 32
    assert secret != new_secret()
    assert read_secret(written(secret)) == secret


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_QUJD", "whsek_" + "A" * 44, "whsec_" + "A" * 100, "whsec_é" * 9]
)
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SecretInvalidError) as caught:
        read_secret(text)

    assert "A" * 9 not in str(caught.value)


def test_a_time_that_is_not_utc_is_refused() -> None:
    wuhan = datetime.now(timezone(timedelta(hours=8)))

    with pytest.raises(ValueError, match="UTC"):
        signature_headers([NEW], "e1", wuhan, BODY)
