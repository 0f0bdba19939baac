"""What is wrong on the command line of a whole installation, said in one clear line."""

from typing import Any

CODE = "42010600001320000007"
ADD = ("camera", "add")


async def test_an_unreachable_camera_is_named(installation: Any, free_port: Any) -> None:
    await installation.done(
        *(*ADD, CODE, "--name", "x", "--tier", "city", "--host", "127.0.41.1"),
        *("--rtsp-port", str(free_port()), "--main", "/s"),
    )
    answer = await installation.command("camera", "probe", CODE)
    assert answer.code == 1
    assert "127.0.41.1" in answer.out + answer.err
    assert "Traceback" not in answer.err


async def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(installation: Any) -> None:
    settings = installation.folder / "sharpeyes.toml"
    settings.write_text(settings.read_text().replace("[http]\nport", "[http]\nprot"))
    answer = await installation.command("serve")
    assert answer.code == 1
    assert "http.prot" in answer.err
    assert "did you mean http.port?" in answer.err
    assert "Traceback" not in answer.err


async def test_a_port_that_is_taken_is_named(installation: Any) -> None:
    async with installation.serving("api"):
        for command in ("api", "serve"):
            answer = await installation.command(command)
            assert answer.code == 1
            assert f"cannot serve on 127.0.0.1:{installation.port}" in answer.err
            assert "Traceback" not in answer.err
