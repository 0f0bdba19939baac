"""From which address a request comes, also where a proxy stands in front."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from sharpeyes.service.api.context import CONTEXT

Network = IPv4Network | IPv6Network
_HOPS_READ = 20


def caller_address(request: web.Request) -> str | None:
    """Return the address that tries are counted by, and the audit is told."""
    return forwarded_address(
        request.remote,
        ",".join(request.headers.getall("X-Forwarded-For", ())),
        request.app[CONTEXT].settings.http.trusted_proxies,
    )


def forwarded_address(remote: str | None, forwarded: str, trusted: Sequence[Network]) -> str | None:
    """Return whom a chain of proxies speaks for, as far as it can be believed.

    Each proxy adds at the end whom it was asked by. So the chain is read from its end, and the
    first address that is no proxy of ours is the caller: what stands before it, he may have written
    himself. Where an entry is no address, the last one that could be believed counts.

    Args:
        remote: Who is connected to us.
        forwarded: The entries of `X-Forwarded-For`, with commas between them.
        trusted: Our proxies.
    """
    found = _address(remote or "")
    if found is None:
        return remote
    for entry in reversed(forwarded.split(",")[-_HOPS_READ:]):
        if not any(found in network for network in trusted):
            break
        before = _address(entry.strip())
        if before is None:
            break
        found = before
    return str(found)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # What listens on IPv6 sees an IPv4 address as ::ffff:10.0.0.1.
    return getattr(address, "ipv4_mapped", None) or address
