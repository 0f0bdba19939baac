import errno
import socket

import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind, connection_fault, quoted


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), FaultKind.NETWORK, "refuses"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), FaultKind.NETWORK, "broke"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), FaultKind.NETWORK, "does not react"),
        (OSError(errno.EHOSTUNREACH, "no route"), FaultKind.NETWORK, "cannot be reached"),
        (OSError(errno.ENETUNREACH, "no net"), FaultKind.NETWORK, "cannot be reached"),
        (OSError(errno.EACCES, "Permission denied"), FaultKind.NETWORK, "Permission denied"),
        (OSError("odd"), FaultKind.NETWORK, "OSError"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), FaultKind.NETWORK, "resolved"),
    ],
)
def test_names_what_an_error_means(error: OSError, kind: FaultKind, word: str) -> None:
    fault = connection_fault("10.0.0.5:554", error)

    assert fault.kind is kind
    assert fault.evidence.startswith("10.0.0.5:554 ")
    assert word in fault.evidence


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL])
def test_never_blames_a_camera_for_our_own_limits(code: int) -> None:
    fault = connection_fault("10.0.0.5:554", OSError(code, "Too many"))

    assert fault.kind is FaultKind.LOCAL
    assert "on our side" in fault.evidence


def test_quotes_what_a_device_says_safely() -> None:
    assert (
        quoted("ok\x1b[31m\nbad") == '"ok\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}bad"'
    )
    assert len(quoted("x" * 10_000)) < 100
    assert quoted("\udcff") == '"\N{REPLACEMENT CHARACTER}"'


def test_a_fault_is_a_value() -> None:
    assert Fault(FaultKind.BUSY, "a") == Fault(FaultKind.BUSY, "a")


def test_credentials_hide_their_password() -> None:
    credentials = Credentials("admin", "canary")

    assert "canary" not in f"{credentials} {credentials!r} {[credentials]}"
