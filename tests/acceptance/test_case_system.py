"""The guide's own receivers, as an integrator starts them: they close what the service tells of."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "case-system.md"
TIERS = {"javascript": "city", "python": "district"}


def interpreter(language: str) -> str:
    """What runs it; where that is missing, no test passes silently."""
    found = sys.executable if language == "python" else shutil.which("node")
    if found is None and "CI" in os.environ:
        pytest.fail("node is missing, with which the guide's receiver is tried")
    return found or pytest.skip("node is missing: the guide's receiver was not tried")


@asynccontextmanager
async def receiving(folder: Path, language: str, **variables: str) -> AsyncIterator[None]:
    """Run the receiver in the guide until it listens, and for as long as the test needs it."""
    folder.mkdir(exist_ok=True)
    (text,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    (folder / "receiver").write_text(text)
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(interpreter(language), "receiver"),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        assert b"Running" in await asyncio.wait_for(process.stdout.readline(), 60)
        yield
    finally:
        process.terminate()
        print((await process.communicate())[0].decode())  # noqa: T201  # shown when the test fails


@pytest.mark.timeout(180)
async def test_the_receivers_in_the_guide_acknowledge_and_close(
    installation: Any, vehicle_stands: Any, free_port: Any, no_process_left: None
) -> None:
    codes, ports, secrets = dict[str, str](), dict[str, int](), dict[str, str]()
    for number, (language, tier) in enumerate(TIERS.items(), 1):
        codes[language] = f"4201020000132000000{number}"
        await installation.done(
            *("camera", "add", codes[language], "--name", language, "--tier", tier),
            *("--host", f"127.0.0.{number}", "--main", "/main"),
        )
    made = await installation.done("token", "create", "cases", "--role", "delivery", "--json")
    env = {"SHARPEYES_URL": installation.url, "SHARPEYES_TOKEN": made.json()["token"]}
    for language, tier in TIERS.items():
        ports[language] = free_port()
        # It consents before there is a secret, and is then given the one that was made.
        not_yet = env | {"WEBHOOK_SECRET": "whsec_" + "A" * 32, "PORT": str(ports[language])}
        async with receiving(installation.folder / language, language, **not_yet):
            added = await installation.done(
                *("endpoint", "add", language, f"http://127.0.0.1:{ports[language]}/events"),
                *("--tier", tier, "--json"),
            )
        secrets[language] = added.json()["secret"]

    def receiver(language: str) -> Any:
        own = env | {"WEBHOOK_SECRET": secrets[language], "PORT": str(ports[language])}
        return receiving(installation.folder / language, language, **own)

    async def until(event_id: str, state: str) -> dict[str, Any]:
        ask = installation.get(f"/api/v1/events/{event_id}/case")
        case = await installation.until(ask, lambda it: it["state"] == state, within_s=60)
        return dict(case)

    async def say(language: str, case: dict[str, Any], step: str, **said: str) -> None:
        number = case["case_number"].removeprefix("CASE-")
        url = f"http://127.0.0.1:{ports[language]}/cases/{number}/{step}"
        async with aiohttp.ClientSession() as session, session.post(url, json=said) as answer:
            assert answer.status == 202

    async with installation.serving(), receiver("python"):
        async with receiver("javascript"):
            stands = {name: [await vehicle_stands(codes[name]) for _ in range(2)] for name in TIERS}
            taken = {
                name: [await until(event_id, "acknowledged") for event_id in stands[name]]
                for name in TIERS
            }
            for first, second in taken.values():
                assert first["case_number"] != second["case_number"]
        # Started anew, it still knows which event its case is of.
        async with receiver("javascript"):
            for language, (first, second) in taken.items():
                await say(language, first, "handle", words="towed")
                await say(language, first, "close", feedback=f"拖走 {language}")
                await say(language, second, "close", feedback="too early: is refused for good")
                await say(language, second, "reject", reason="树影")
            for language, (towed, shadow) in stands.items():
                closed, rejected = await until(towed, "closed"), await until(shadow, "rejected")
                assert closed["case_number"] == taken[language][0]["case_number"]
                assert [step["words"] for step in closed["history"]][1:] == [
                    "towed",
                    f"拖走 {language}",
                ]
                assert {step["actor"] for step in closed["history"]} == {"cases"}
                assert rejected["history"][-1]["words"] == "树影"
