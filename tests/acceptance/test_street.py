"""One camera with real footage: registered, probed, sampled, lost and found again."""

from typing import Any

CODE = "42010600001320000007"


def camera(status: str) -> Any:
    return lambda view: view["status"] == status


async def test_a_real_camera_from_registration_to_return(
    installation: Any, rtsp_server: Any, no_process_left: None
) -> None:
    added = await installation.done(
        *("camera", "add", CODE, "--name", "停车标志路口", "--tier", "city"),
        *("--host", rtsp_server.host, "--rtsp-port", str(rtsp_server.port)),
        *("--main", "/street", "--sample", "keyframe", "--sample-interval-s", "0.5"),
        *("--username", rtsp_server.username, "--password-stdin", "--json"),
        text=rtsp_server.password,
    )
    assert added.json()["division_code"] == "420106"

    probe = await installation.done("camera", "probe", CODE)
    for shown in ("H264", "640", "360", "ms"):
        assert shown in probe.out
    assert rtsp_server.password not in probe.out + probe.err

    ask = installation.get(f"/api/v1/cameras/{CODE}")
    async with installation.serving():
        await installation.until(ask, camera("ok"), within_s=30)
        events = installation.get("/api/v1/events", type="org.sharpeyes.motion.v1")
        seen = await installation.until(events, lambda page: page["events"], within_s=60)
        assert seen["events"][0]["has_picture"]

        await rtsp_server.kill()
        lost = await installation.until(ask, camera("offline"), within_s=30)
        assert lost["cause"] == "network"
        assert f"{rtsp_server.host}:{rtsp_server.port}" in lost["evidence"]

        await rtsp_server.start()
        found = await installation.until(ask, camera("ok"), within_s=30)
        assert [t["to_status"] for t in found["transitions"]] == [
            "ok",
            "offline",
            "unreachable",
            "ok",
        ]


async def test_a_wrong_password_is_named(installation: Any, rtsp_server: Any) -> None:
    await installation.done(
        *("camera", "add", CODE, "--name", "停车标志路口", "--tier", "city"),
        *("--host", rtsp_server.host, "--rtsp-port", str(rtsp_server.port)),
        *("--main", "/street", "--username", rtsp_server.username, "--password-stdin"),
        text="canary-3Xw",
    )
    probe = await installation.command("camera", "probe", CODE)
    assert probe.code == 1
    assert "password" in probe.out + probe.err
    async with installation.serving():
        seen = await installation.until(
            installation.get(f"/api/v1/cameras/{CODE}"),
            lambda view: view["cause"] in {"auth", "auth_blocked"},
            within_s=30,
        )
    assert "password" in seen["evidence"]
    log = (installation.folder / "serve.log").read_text()
    assert "canary-3Xw" not in log + probe.out + probe.err + str(seen)
