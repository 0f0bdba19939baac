"""Python's search for garbage, in a process that keeps millions of objects for good.

As it comes, it looks through all of them now and then: at a quarter of a million cameras that took
a third of the poller's processor time, and found nothing. Nearly all of our garbage is freed by
counting, at once.
"""

import gc


def keep_what_is_there() -> None:
    """Look no more through what is there now: it stays, or is freed by counting."""
    gc.freeze()
