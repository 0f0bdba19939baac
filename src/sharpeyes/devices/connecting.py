"""The cheapest check: does the device take a connection?"""

import asyncio

from sharpeyes.devices.address import endpoint
from sharpeyes.devices.deadline import Deadline
from sharpeyes.devices.fault import Fault, FaultKind, connection_fault


async def check_connection(host: str, port: int, *, timeout_s: float) -> Fault | None:
    """Open a TCP connection and end it.

    Args:
        host: Host name or IP address.
        port: Where it listens.
        timeout_s: Longest time.

    Returns:
        None if it stood; that says nothing yet of what is behind it.
    """
    place = endpoint(host, port)
    try:
        with Deadline(timeout_s):
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, host, port
            )
    except TimeoutError as error:
        # The kernel's own patience may end before ours.
        if error.errno is not None:
            return connection_fault(place, error)
        told = f"did not accept a connection within {timeout_s:g} s"
        return Fault(FaultKind.NETWORK, f"{place} {told}")
    except OSError as error:
        return connection_fault(place, error)
    transport.abort()
    return None
