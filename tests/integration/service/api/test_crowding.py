"""A crowd of heavy questions: some are answered, the next are told to come again."""

from http import HTTPStatus
from typing import Any

import pytest

from sharpeyes.service.api import crowding
from sharpeyes.service.api.crowding import TURNS, Crowd
from sharpeyes.service.roles import Scope

HEAVY = {
    Crowd.EXPORTS: ("/api/v1/cameras/export",),
    Crowd.REPORTS: ("/api/v1/coverage", "/api/v1/completeness", "/api/v1/duplicates"),
}


@pytest.mark.parametrize("crowd", HEAVY)
async def test_one_too_many_is_told_when_to_come_again(
    api: Any, monkeypatch: pytest.MonkeyPatch, crowd: Crowd
) -> None:
    monkeypatch.setattr(crowding, "WAIT_S", 0.05)
    headers = await api.token(Scope.CAMERAS_READ)
    turns = api.client.app[TURNS]
    held = [await turns.take(crowd) for _ in range(crowd.at_once)]
    for path in HEAVY[crowd]:
        answer = await api.client.get(path, headers=headers)
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE, path
        assert answer.headers["Retry-After"] == "10"
        assert "3 " in (await answer.json())["detail"]
    # Whoever may not ask at all waits for nothing, and nobody else does.
    assert (await api.client.get(HEAVY[crowd][0])).status == HTTPStatus.UNAUTHORIZED
    assert (await api.client.get("/api/v1/cameras", headers=headers)).status == HTTPStatus.OK
    for turn in held:
        turn.release()
    for path in HEAVY[crowd] * 3:
        answer = await api.client.get(path, headers=headers)
        assert answer.status == HTTPStatus.OK, path
        await answer.read()
