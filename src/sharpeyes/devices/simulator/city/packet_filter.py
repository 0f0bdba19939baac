"""Making the kernel drop packets to devices that nobody would hear, and share out the others.

One socket listens for a whole city, so nobody in this process could leave an attempt to connect
unanswered. The kernel can: a classic BPF program on the socket (SO_ATTACH_FILTER, no privileges
needed) sees every packet before the handshake. Another program chooses among the sockets of several
processes by the switch that is called, so that what a device remembers is in one process.

The programs' machine: linux/filter.h; packets' destination addresses are found relative to the
network header (SKF_NET_OFF).
"""

import ctypes
import socket
import struct
from collections.abc import Iterable, Sequence

MAX_RANGES = 600
"""As many stretches of addresses as fit into a program of 4,096 instructions."""

_SO_ATTACH_FILTER = 26
_SO_ATTACH_REUSEPORT_CBPF = 51
_LOAD_DESTINATION = (0x20, 0, 0, 0x1_0000_0000 - 0x10_0000 + 16)  # BPF_LD | BPF_W | BPF_ABS
_JUMP_IF_NOT_BELOW = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_JUMP = 0x05  # BPF_JMP | BPF_JA
_SHIFT_RIGHT = 0x74  # BPF_ALU | BPF_RSH | BPF_K
_MODULO = 0x94  # BPF_ALU | BPF_MOD | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_RETURN_A = 0x16  # BPF_RET | BPF_A
_DROP = (_RETURN, 0, 0, 0)
_KEEP = (_RETURN, 0, 0, 0xFFFF_FFFF)
_SWITCH_BITS = 8

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, operand."""


class TooManyRangesError(ValueError):
    """The unanswered are in more separate stretches than the kernel's filter can hold."""


def ranges(addresses: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring numbers as stretches.

    Args:
        addresses: in their order.

    Returns:
        First and last of each stretch.
    """
    found: list[tuple[int, int]] = []
    for address in addresses:
        if found and address == found[-1][1] + 1:
            found[-1] = (found[-1][0], address)
        else:
            found.append((address, address))
    return found


def answer_only(
    listening: socket.socket,
    first: int,
    last: int,
    dropped: Sequence[tuple[int, int]],
) -> None:
    """Let a listening socket hear only what is sent to some addresses.

    Args:
        listening: bound to all addresses; thereby nobody from outside reaches it.
        first: lowest address that is heard, as a number.
        last: highest.
        dropped: stretches in between that are not heard, sorted and apart; first and last of each.

    Raises:
        TooManyRangesError: there are more than MAX_RANGES.
        OSError: the system has no such filter.
    """
    _attach(listening, _SO_ATTACH_FILTER, filter_program(first, last, dropped))


def share_by_switch(listening: socket.socket, processes: int) -> None:
    """Choose among sockets of the same port (SO_REUSEPORT) by the /24 network that is called.

    Args:
        listening: the first of them; all are listening, and their order is the processes'.
        processes: how many.

    Raises:
        OSError: the system has no such filter.
    """
    program = [
        _LOAD_DESTINATION,
        (_SHIFT_RIGHT, 0, 0, _SWITCH_BITS),
        (_MODULO, 0, 0, processes),
        (_RETURN_A, 0, 0, 0),
    ]
    _attach(listening, _SO_ATTACH_REUSEPORT_CBPF, program)


def filter_program(first: int, last: int, dropped: Sequence[tuple[int, int]]) -> list[Instruction]:
    """The program of `answer_only`: a search by halves for the stretch of an address."""
    if len(dropped) > MAX_RANGES:
        raise TooManyRangesError(
            f"{len(dropped)} separate stretches of addresses; the kernel's filter holds"
            f" {MAX_RANGES}"
        )
    # Where what happens to packets changes; below the first they are dropped.
    edges = [first]
    for low, high in dropped:
        edges += [low, high + 1]
    edges.append(last + 1)
    return [_LOAD_DESTINATION, *_search(edges, 0, len(edges))]


def _search(edges: Sequence[int], low: int, high: int) -> list[Instruction]:
    """Decide between edges of which `low` are known to be at or below the address."""
    if low == high:
        return [_KEEP if low % 2 else _DROP]
    middle = (low + high) // 2
    right = _search(edges, middle + 1, high)
    left = _search(edges, low, middle)
    # Conditional jumps reach no further than 255 instructions, the other kind does.
    return [
        (_JUMP_IF_NOT_BELOW, 1, 0, edges[middle]),
        (_JUMP, 0, 0, len(right)),
        *right,
        *left,
    ]


def _attach(listening: socket.socket, option: int, program: Sequence[Instruction]) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    listening.setsockopt(socket.SOL_SOCKET, option, described)
