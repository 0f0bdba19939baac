"""Python's search for garbage, in a process that keeps millions of objects for good.

As it comes, it looks through the young objects every 700 new ones and through all of them now and
then: at a quarter of a million cameras that took a third of the poller's processor time, and found
nothing. Nearly all of our garbage is freed by counting, at once.
"""

import gc

_YOUNG = 50_000
_YOUNG_TO_MIDDLE = 20
_MIDDLE_TO_OLD = 20


def look_seldom() -> None:
    """Look for garbage after many more new objects than usual; for the whole process."""
    gc.set_threshold(_YOUNG, _YOUNG_TO_MIDDLE, _MIDDLE_TO_OLD)


def keep_what_is_there() -> None:
    """Look no more through what is there now: it stays, or is freed by counting."""
    gc.freeze()
