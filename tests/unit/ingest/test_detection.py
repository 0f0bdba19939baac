import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from sharpeyes.ingest.detection import Detection


async def test_more_than_may_wait_is_refused_at_once() -> None:
    may_end = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        detection = Detection(executor, threads=1, waiting_limit=2)
        jobs = [asyncio.create_task(detection.run(lambda: may_end.wait(30))) for _ in range(3)]
        await asyncio.sleep(0)
        assert await detection.run(lambda: True) is None
        may_end.set()
        assert await asyncio.gather(*jobs) == [True, True, True]
        assert await detection.run(lambda: "room again") == "room again"


async def test_a_job_that_fails_gives_its_place_back() -> None:
    with ThreadPoolExecutor(1) as executor:
        detection = Detection(executor, threads=1, waiting_limit=0)
        for _ in range(3):
            (result,) = await asyncio.gather(detection.run(lambda: 1 // 0), return_exceptions=True)
            assert isinstance(result, ZeroDivisionError)
