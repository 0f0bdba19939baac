"""Whether something comes and goes: the share of changes among its latest results; pure.

As Nagios does it ("Detection and Handling of State Flapping"): a change counts between 0.8 (the
oldest) and 1.2 (the newest) of the 20 that 21 results can hold, and what began above a high
threshold ends below a low one. Nagios asks every five minutes, we ask every minute, and again
after seconds when something has failed: its 20 % would be reached by two lost packets within twenty
minutes. So single results need more, and a change that several results have confirmed counts twice.
"""

from typing import Final

from sharpeyes.health.settings import HealthSettings

RESULTS: Final = 21
_KEPT: Final = (1 << RESULTS) - 1
_CHANGES: Final = RESULTS - 1
_WEIGHTS: Final = tuple(1.2 - 0.4 * age / (_CHANGES - 1) for age in range(_CHANGES))
# By then it has been asked for a quarter of an hour: whatever it was, it is down now.
_DOWN_FOR_GOOD: Final = 0xFF

ALTERNATING: Final = 0b101010101010101010101
"""Of what was flapping before a restart, of which nothing else is known."""


def remember(history: int, *, bad: bool) -> int:
    """Add a result to a history: one bit each, the newest the lowest, 1 for bad."""
    return (history << 1 | bad) & _KEPT


def change_share(history: int) -> float:
    """Return the weighted share of changes in a history, 0-1."""
    changed = history ^ (history >> 1)
    if not changed:
        return 0.0
    return sum(w for age, w in enumerate(_WEIGHTS) if changed >> age & 1) / _CHANGES


def changes(history: int) -> int:
    """Count the changes in a history."""
    return ((history ^ (history >> 1)) & (_KEPT >> 1)).bit_count()


def is_flapping(results: int, verdicts: int, settings: HealthSettings, *, before: bool) -> bool:
    """Tell whether a check comes and goes.

    Args:
        results: history of single results.
        verdicts: history of what was held to be so after each of them.
        settings: the thresholds.
        before: whether it did until now.
    """
    if not results and not verdicts:
        return False
    if results & _DOWN_FOR_GOOD == _DOWN_FOR_GOOD:
        return False
    share = max(change_share(results), 2 * change_share(verdicts))
    return share >= (settings.flapping_low_ratio if before else settings.flapping_high_ratio)
