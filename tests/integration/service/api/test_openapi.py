import asyncio
import dataclasses
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sharpeyes.service.access import Scope
from sharpeyes.service.api.app import OPERATIONS
from sharpeyes.service.api.operation import openapi_document

CODE = "42010200001320000001"
# Without the revision that it must name, a change is refused with 428 (RFC 6585).
SETTINGS = f"""
[parameters]
"path.device_code" = "{CODE}"
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
"""


# A live stream has no end to check, and signing in is throttled.
PATHS = sorted({operation.path for operation in OPERATIONS} - {"/api/v1/stream", "/api/v1/session"})
# Neighbours are as slow as each other: dealt out, each part takes as long.
PARTS = 6


async def test_the_document_names_every_operation(api: Any) -> None:
    document = await (await api.client.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}


def test_two_records_of_one_name_are_no_document() -> None:
    one, other = (msgspec.defstruct("Same", [("field", kind)]) for kind in (int, str))
    operations = [dataclasses.replace(OPERATIONS[0], answer=record) for record in (one, other)]
    with pytest.raises(ValueError, match="one name: Same"):
        openapi_document(operations, "1")


async def test_every_reference_leads_somewhere(api: Any) -> None:
    text = await (await api.client.get("/openapi.json")).text()
    described = json.loads(text)["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= set(described)


@pytest.mark.parametrize("part", range(PARTS))
async def test_the_server_keeps_what_the_document_promises(
    api: Any, tmp_path: Path, part: int
) -> None:
    headers = await api.token(*Scope)
    # Of a camera that is not there, no answer says much.
    camera = {"device_code": CODE, "name": "a", "tier": "city", "poll_mode": "none"}
    await api.client.post("/api/v1/cameras", json=camera, headers=headers)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    seed = random.SystemRandom().randrange(2**32)
    print(f"schemathesis seed: {seed}")  # noqa: T201  # shown when the test fails
    run = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        *(str(api.client.make_url("/openapi.json")), f"--seed={seed}", "--max-examples=8"),
        *("--phases=examples,coverage,fuzzing", "--header"),
        f"Authorization: {headers['Authorization']}",
        *(f"--include-path={path}" for path in PATHS[part::PARTS]),
        # A schema cannot say which twenty digits make a device code, so some of what it allows
        # is refused, with a reason.
        "--exclude-checks=positive_data_acceptance",
        "--no-color",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    output, _ = await run.communicate()
    assert run.returncode == 0, output.decode()
