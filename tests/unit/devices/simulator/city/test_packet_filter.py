import random
from collections.abc import Sequence

import pytest

from sharpeyes.devices.simulator.city.packet_filter import (
    MAX_RANGES,
    Instruction,
    TooManyRangesError,
    filter_program,
    ranges,
)

MAX_INSTRUCTIONS = 4_096  # BPF_MAXINSNS


def decide(program: Sequence[Instruction], address: int) -> bool:
    """Run a program as the kernel does, as far as ours go; whether the packet is kept."""
    at = 1  # the first loads the address
    while True:
        operation, if_true, if_false, operand = program[at]
        match operation:
            case 0x35:  # jump if not below
                at += 1 + (if_true if address >= operand else if_false)
            case 0x05:  # jump
                at += 1 + operand
            case 0x06:  # return
                return operand > 0
            case _:
                pytest.fail(f"operation {operation}")


def test_neighbours_are_one_stretch() -> None:
    assert ranges([]) == []
    assert ranges([3, 4, 5, 9, 11, 12]) == [(3, 5), (9, 9), (11, 12)]


@pytest.mark.parametrize("stretches", [0, 1, 2, 3, 40, MAX_RANGES])
def test_the_program_keeps_the_city_without_its_gaps(stretches: int) -> None:
    rng = random.Random(stretches)
    first, last = 1_000, 1_000 + 10 * MAX_RANGES
    edges = sorted(rng.sample(range(first, last, 2), 2 * stretches))
    dropped = list(zip(edges[::2], edges[1::2], strict=True))
    program = filter_program(first, last, dropped)
    assert len(program) <= MAX_INSTRUCTIONS
    for address in range(first - 2, last + 3):
        in_gap = any(low <= address <= high for low, high in dropped)
        assert decide(program, address) == (first <= address <= last and not in_gap), address


def test_gaps_may_begin_and_end_with_the_city() -> None:
    program = filter_program(10, 20, [(10, 12), (19, 20)])
    assert [address for address in range(30) if decide(program, address)] == list(range(13, 19))


def test_too_many_gaps_are_refused() -> None:
    with pytest.raises(TooManyRangesError, match="601 separate stretches"):
        filter_program(0, 10_000, [(2 * n, 2 * n) for n in range(MAX_RANGES + 1)])
