import base64

import pytest

from sharpeyes.devices.authentication import Authorizer, parse_challenges, strongest
from sharpeyes.devices.credentials import Credentials

# RFC 2617 3.5 and RFC 7616 3.9.1: the standards' own examples.
MUFASA = Credentials("Mufasa", "Circle Of Life")
RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_7616_CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenged(*headers: str) -> Authorizer:
    authorizer = Authorizer(MUFASA, lambda: "0a4f113b")
    assert authorizer.refusal(headers) is None
    return authorizer


def test_answers_the_example_of_rfc_2617() -> None:
    header = challenged(RFC_2617).header("GET", "/dir/index.html")

    assert header is not None
    assert 'response="6629fae49393a05397450978507c4ef1"' in header
    assert "nc=00000001" in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header
    assert "algorithm" not in header


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_answers_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    # The later standard writes the password with a small "of".
    authorizer = Authorizer(Credentials("Mufasa", "Circle of Life"), lambda: RFC_7616_CLIENT_NONCE)
    assert authorizer.refusal([RFC_7616.format(algorithm)]) is None

    assert f'response="{response}"' in (authorizer.header("GET", "/dir/index.html") or "")


def test_answers_devices_without_qop() -> None:
    # md5sum says of MD5(MD5("Mufasa:cam:Circle Of Life"):n:MD5("DESCRIBE:rtsp://h/")).
    header = challenged('Digest realm="cam",nonce="n"').header("DESCRIBE", "rtsp://h/") or ""

    assert 'response="b736f4557d4a8a0a498ce21d44c879b9"' in header
    assert "nc=" not in header


def test_counts_the_uses_of_a_nonce() -> None:
    authorizer = challenged(RFC_2617)

    first, second = authorizer.header("GET", "/"), authorizer.header("GET", "/")

    assert "nc=00000001" in (first or "")
    assert "nc=00000002" in (second or "")


def test_answers_basic() -> None:
    header = challenged('Basic realm="x"').header("GET", "/") or ""

    assert base64.b64decode(header.removeprefix("Basic ")) == b"Mufasa:Circle Of Life"


def test_escapes_what_it_quotes() -> None:
    authorizer = Authorizer(Credentials('a"b\\c', "x"))
    assert authorizer.refusal([r'Digest realm="say \"hi\"", nonce="n"']) is None

    header = authorizer.header("GET", "/") or ""

    assert r'username="a\"b\\c"' in header
    assert r'realm="say \"hi\""' in header


@pytest.mark.parametrize(
    ("headers", "scheme", "algorithm"),
    [
        (['Basic realm="a"', RFC_2617], "digest", "MD5"),
        ([f'Basic realm="a", {RFC_2617}'], "digest", "MD5"),
        ([RFC_7616.format("MD5"), RFC_7616.format("SHA-256")], "digest", "SHA-256"),
        ([RFC_7616.format("SHA-512-256"), 'Basic realm="a"'], "basic", "MD5"),
        (['Digest realm="a", nonce="n", qop="auth-int"', "Basic"], "basic", "MD5"),
        (['Digest realm="a"', "Basic"], "basic", "MD5"),
        (["Negotiate, Basic realm=x"], "basic", "MD5"),
    ],
)
def test_chooses_what_gives_least_away(headers: list[str], scheme: str, algorithm: str) -> None:
    chosen = strongest(parse_challenges(headers))

    assert chosen is not None
    assert (chosen.scheme, chosen.algorithm) == (scheme, algorithm)


@pytest.mark.parametrize(
    "header", ["Bearer", "", 'Digest realm="a', 'Digest nonce="a\rb"', '"""', "=,=,="]
)
def test_refuses_what_it_cannot_answer(header: str) -> None:
    reason = Authorizer(MUFASA).refusal([header])

    assert reason is not None
    assert "not supported" in reason


def test_has_nothing_to_say_before_a_challenge_or_without_credentials() -> None:
    assert Authorizer(MUFASA).header("GET", "/") is None
    assert "none are known" in (Authorizer(None).refusal([RFC_2617]) or "")


def test_never_repeats_a_refused_answer() -> None:
    authorizer = challenged(RFC_2617)
    authorizer.header("GET", "/")

    assert "refuses the user name" in (authorizer.refusal([RFC_2617]) or "")
    assert authorizer.header("GET", "/") is None
    assert "refuses the user name" in (authorizer.refusal(['Digest nonce="new"']) or "")


def test_renews_a_stale_nonce_once() -> None:
    stale = 'Digest realm="cam", nonce="{}", stale=TRUE'
    authorizer = challenged('Digest realm="cam", nonce="1"')
    authorizer.header("GET", "/")

    assert authorizer.refusal([stale.format(2)]) is None
    assert 'nonce="2"' in (authorizer.header("GET", "/") or "")
    assert "again and again" in (authorizer.refusal([stale.format(3)]) or "")
    assert authorizer.header("GET", "/") is None


def test_renews_a_nonce_that_once_worked_even_where_the_device_forgets_to_say_stale() -> None:
    authorizer = challenged('Digest realm="cam", nonce="1"')
    authorizer.header("GET", "/")
    authorizer.accepted()

    assert authorizer.refusal(['Digest realm="cam", nonce="2"']) is None
    assert "refuses" in (authorizer.refusal(['Digest realm="cam", nonce="3"']) or "")


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="x", nonce="n"'])
def test_what_was_accepted_and_is_refused_now_is_not_sent_again(challenge: str) -> None:
    """The password was changed while a stream was open: the same challenge asks for no renewal."""
    authorizer = Authorizer(Credentials("admin", "canary"))
    assert authorizer.refusal([challenge]) is None
    assert authorizer.header("PLAY", "/")
    authorizer.accepted()
    assert authorizer.header("GET_PARAMETER", "/")
    assert authorizer.refusal([challenge]) == "refuses the user name and password known for it"
    assert authorizer.header("TEARDOWN", "/") is None
