import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices import authentication as client_side
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.simulator.authentication import (
    AuthScheme,
    Request,
    Verdict,
    challenge,
    judge,
)

ACCOUNT = Credentials("sim", "street-1")
NONCE = "0123456789abcdef"
DIGESTS = (AuthScheme.DIGEST, AuthScheme.DIGEST_SHA256)


def answered(scheme: AuthScheme, credentials: Credentials, *, qop: bool, nonce: str = NONCE) -> str:
    """What our own client sends for a camera's challenge."""
    authorizer = client_side.Authorizer(credentials)
    assert authorizer.refusal([challenge(scheme, nonce, qop=qop, stale=False)]) is None
    header = authorizer.header("DESCRIBE", "rtsp://127.0.0.1/a")
    assert header is not None
    return header


@pytest.mark.parametrize("scheme", AuthScheme)
@pytest.mark.parametrize("qop", [True, False])
def test_the_right_credentials_pass_and_others_do_not(scheme: AuthScheme, qop: bool) -> None:
    def verdict(credentials: Credentials) -> Verdict:
        header = answered(scheme, credentials, qop=qop)
        return judge(Request("DESCRIBE", header), scheme, ACCOUNT, NONCE)

    assert verdict(ACCOUNT) is Verdict.RIGHT
    assert verdict(Credentials("sim", "street-2")) is Verdict.WRONG
    assert verdict(Credentials("admin", "street-1")) is Verdict.WRONG


def test_a_digest_made_by_another_program_passes() -> None:
    # The hashes were made with md5sum.
    header = (
        'Digest username="sim", realm="Simulated Camera", nonce="0123456789abcdef",'
        ' uri="rtsp://127.0.0.1/a", response="f273fedc1b79e6c024f6bdcc02b0f737"'
    )
    assert judge(Request("DESCRIBE", header), AuthScheme.DIGEST, ACCOUNT, NONCE) is Verdict.RIGHT


@pytest.mark.parametrize("scheme", DIGESTS)
def test_a_digest_holds_for_one_method_only(scheme: AuthScheme) -> None:
    header = answered(scheme, ACCOUNT, qop=False)
    assert judge(Request("SETUP", header), scheme, ACCOUNT, NONCE) is Verdict.WRONG


@pytest.mark.parametrize("scheme", DIGESTS)
def test_an_old_nonce_is_not_a_bad_login(scheme: AuthScheme) -> None:
    header = answered(scheme, ACCOUNT, qop=True, nonce="older")
    assert judge(Request("DESCRIBE", header), scheme, ACCOUNT, NONCE) is Verdict.STALE
    assert "stale=true" in challenge(scheme, NONCE, qop=True, stale=True)


@pytest.mark.parametrize("scheme", AuthScheme)
def test_no_credentials_or_others_than_asked_for_are_no_login(scheme: AuthScheme) -> None:
    assert judge(Request("DESCRIBE", None), scheme, ACCOUNT, NONCE) is Verdict.NONE
    assert judge(Request("DESCRIBE", ""), scheme, ACCOUNT, NONCE) is Verdict.NONE
    assert judge(Request("DESCRIBE", "Bearer abc"), scheme, ACCOUNT, NONCE) is Verdict.NONE


def test_a_downgrade_to_the_weaker_hash_is_refused() -> None:
    header = answered(AuthScheme.DIGEST, ACCOUNT, qop=True)
    verdict = judge(Request("DESCRIBE", header), AuthScheme.DIGEST_SHA256, ACCOUNT, NONCE)
    assert verdict is Verdict.WRONG


@given(st.sampled_from(AuthScheme), st.sampled_from(("Digest ", "Basic ", "")), st.text())
def test_no_header_passes_by_accident_or_breaks_the_camera(
    scheme: AuthScheme, start: str, rest: str
) -> None:
    verdict = judge(Request("DESCRIBE", start + rest), scheme, ACCOUNT, NONCE)
    assert verdict is not Verdict.RIGHT


def test_basic_with_characters_beyond_ascii() -> None:
    account = Credentials("街", "密码")
    header = "Basic " + base64.b64encode("街:密码".encode()).decode()
    assert judge(Request("GET", header), AuthScheme.BASIC, account, NONCE) is Verdict.RIGHT
