"""Whom a chain of proxies speaks for, and who only says so."""

from ipaddress import ip_network

import pytest

from sharpeyes.service.api.caller import forwarded_address

TRUSTED = (ip_network("10.0.0.1"), ip_network("10.9.0.0/16"), ip_network("2001:db8::/64"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "caller"),
    [
        # Nobody is believed but our proxies.
        ("10.0.0.2", "192.0.2.7", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::5", "2001:db8:1::7", "2001:db8:1::7"),
        # What the caller wrote himself stands before what the proxy added.
        ("10.0.0.1", "203.0.113.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.1, 10.9.3.4, 192.0.2.7", "192.0.2.7"),
        # A proxy before a proxy.
        ("10.0.0.1", "192.0.2.7, 10.9.3.4", "192.0.2.7"),
        ("10.0.0.1", "10.9.3.5,10.9.3.4", "10.9.3.5"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, unknown, 10.9.3.4", "10.9.3.4"),
        ("10.0.0.1", "192.0.2.7:443", "10.0.0.1"),
        ("10.0.0.1", "10.9.3.4," * 100_000 + "10.9.3.4", "10.9.3.4"),
        (None, "192.0.2.7", None),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(
    remote: str | None, forwarded: str, caller: str | None
) -> None:
    assert forwarded_address(remote, forwarded, TRUSTED) == caller
    assert forwarded_address("192.0.2.9", forwarded, ()) == "192.0.2.9"
