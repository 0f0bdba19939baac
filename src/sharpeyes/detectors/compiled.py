"""Loops over the pixels of small pictures, compiled when the module that has them is imported.

A look at a picture of 160 x 90 is a hundred passes of OpenCV or numpy, each of which costs more to
be called than its pixels do; one loop that does the work of twenty takes the time of two.
"""

import pickle
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def compiled(
    signature: str,
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Compile a function for one signature; it runs on one thread, without the interpreter's lock.

    What was compiled is kept: in `NUMBA_CACHE_DIR`, else beside the module, else in the account's
    cache folder. Where none of them can be written, or what is kept is broken, it is compiled anew
    at every start, which takes some seconds.

    The function may use constants and compiled functions of its own module only, and those of
    `levels`, which never change: what is kept is thrown away when that module has changed, and not
    when another has.

    Args:
        signature: in Numba's words; arrays in it are contiguous, and can be written.
    """

    def compile_for(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        kernel: Callable[_Arguments, _Result]
        try:
            kernel = njit(signature, nogil=True, cache=True)(function)
        except (RuntimeError, OSError, EOFError, pickle.UnpicklingError):
            kernel = njit(signature, nogil=True)(function)
        return kernel

    return compile_for
