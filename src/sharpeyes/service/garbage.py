"""How often Python looks for garbage that refers to itself."""

import gc

_NEW_OBJECTS = 50_000


def collect_seldom() -> None:
    """Look for garbage after 50,000 new objects, not after 700; called once by each process.

    We make many small records that live for a batch or for good and never refer to themselves:
    looking through them all the time took a fifth of an import's time.
    """
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
