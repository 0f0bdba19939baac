"""The threads that look at frames, shared by all cameras of a worker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

_Result = TypeVar("_Result")


class Detection:
    """Hands jobs to threads, and refuses them when too many wait.

    A decoded frame takes megabytes: what cannot be looked at soon is better dropped, and a newer
    one taken at the camera's next moment.

    Args:
        executor: the threads.
        threads: how many there are.
        waiting_limit: jobs that may wait for a thread.
    """

    def __init__(self, executor: Executor, *, threads: int, waiting_limit: int) -> None:
        self._executor = executor
        self._limit = threads + waiting_limit
        self._jobs = 0

    async def run(self, job: Callable[[], _Result]) -> _Result | None:
        """Run a job in a thread; None if it was refused."""
        if self._jobs >= self._limit:
            return None
        self._jobs += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        finally:
            self._jobs -= 1
