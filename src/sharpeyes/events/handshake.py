"""Asking a receiver whether it wants our events, before the first one is sent.

The validation of CloudEvents' "HTTP 1.1 Web Hooks for Event Delivery", 4: whoever can point us at
an address must not be able to flood it.
"""

import asyncio

import aiohttp


async def refusal(
    session: aiohttp.ClientSession, url: str, origin: str, timeout_s: float
) -> str | None:
    """Ask a receiver for consent.

    Args:
        session: From `sharpeyes.events.address.open_session`.
        url: Where events would be sent.
        origin: The DNS name by which receivers know us.
        timeout_s: How long it may take in all.

    Returns:
        None when it consents; otherwise what happened, in words.
    """
    try:
        async with (
            asyncio.timeout(timeout_s),
            session.options(
                url, headers={"WebHook-Request-Origin": origin}, allow_redirects=False
            ) as answer,
        ):
            allowed = answer.headers.get("WebHook-Allowed-Origin", "").strip()
            answer.close()
    except TimeoutError:
        return f"it did not answer within {timeout_s:g} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error) or type(error).__name__
    if answer.status // 100 != 2:  # noqa: PLR2004  # the class of status codes that mean success
        return f"it answered {answer.status}"
    if allowed not in ("*", origin):
        return f"it allows {allowed!r}" if allowed else "it sent no WebHook-Allowed-Origin"
    return None
