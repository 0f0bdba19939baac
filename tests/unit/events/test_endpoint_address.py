"""Names and addresses of endpoints."""

import pytest

from sharpeyes.events.endpoint_address import check_name, check_url
from sharpeyes.events.errors import EndpointInvalidError
from sharpeyes.events.settings import EventSettings

SETTINGS = EventSettings()


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3:9000/events",
        "https://cases.police.example/hooks/sharpeyes",
        "http://[fd00::1]:8080/",
        "https://案件.example/事件",
        "http://case-system",
    ],
)
def test_plain_addresses_are_accepted(url: str) -> None:
    check_url(url, SETTINGS)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "cannot be read"),
        ("cases.example/hook", "cannot be read"),
        ("ftp://10.0.0.1/", "cannot be read"),
        ("file:///etc/passwd", "cannot be read"),
        ("http://", "cannot be read"),
        ("http:///path", "cannot be read"),
        ("http://10.0.0.1:0/", "cannot be read"),
        ("http://10.0.0.1:65536/", "cannot be read"),
        ("http://10.0.0.1:-1/", "cannot be read"),
        ("http://10.0.0.1:x/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://u:hunter2@10.0.0.1/", "user name or password"),
        ("http://u@10.0.0.1/", "user name or password"),
        ("http://@10.0.0.1/", "user name or password"),
        ("http://u:hunter2@10.0.0.1@evil/", "user name or password"),
        ("http://10.0.0.1/?token=hunter2", "query or fragment"),
        ("http://10.0.0.1/?", "query or fragment"),
        ("http://10.0.0.1/#hunter2", "query or fragment"),
        ("http://10.0.0.1/a b", "control characters"),
        ("http://10.0.0.1/\r\nX: 1", "control characters"),
        ("http://10.0.0.1/" + "a" * 2000, "longer than 2000"),
        ("http://127.0.0.1/", "denied"),
        ("http://[::ffff:127.0.0.1]/", "denied"),
        ("http://169.254.169.254/latest", "denied"),
    ],
)
def test_other_addresses_are_refused_and_secrets_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(EndpointInvalidError, match=reason) as caught:
        check_url(url, SETTINGS)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["case", "Case-2.b_c", "7", "a" * 63])
def test_names_that_can_be_typed_everywhere(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "-v", ".a", "a b", "a\n", "a\x1b[31m", "案件", "a" * 64])
def test_other_names_are_refused_printably(name: str) -> None:
    with pytest.raises(EndpointInvalidError) as caught:
        check_name(name)

    assert str(caught.value).isprintable()
