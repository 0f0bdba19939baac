"""`sharpeyes camera topics`: of what a camera could tell itself."""

from __future__ import annotations

from typing import NamedTuple

from sharpeyes.devices.fault import Fault
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif_events import EventClient
from sharpeyes.ingest.camera_topics import fate_of
from sharpeyes.ingest.heard_topics import TopicFate
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.asking import why_not_ask
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, find_camera


class _Offered(NamedTuple):
    topic: str
    becomes: TopicFate


def topics(device_code: CodeArgument, as_json: JsonOption = False) -> None:
    """Ask a camera of what it could tell (ONVIF events), and say what would become of it.

    Exit code 1 when it does not answer or has no event service.
    """

    async def ask() -> tuple[str, ...]:
        async with open_database() as database:
            camera = await find_camera(CameraStore(database.pool), device_code)
            if camera.host is None:
                raise CliError(f"camera {camera.device_code} has no host on file")
            if reason := why_not_ask(camera):
                raise CliError(f"camera {camera.device_code} may be asked {reason}")
            credentials = await CredentialStore(database.pool, database.sealer).get(
                camera.camera_id
            )
            devices = database.settings.devices
            async with open_device_session() as session:
                client = EventClient(
                    session,
                    camera.host,
                    camera.http_port,
                    credentials,
                    timeout_s=devices.http_timeout_s,
                    limits=devices.http,
                )
                answer = await client.topics()
            if isinstance(answer, Fault):
                raise CliError(f"camera {camera.device_code}: {answer.evidence}")
            return answer

    offered = [_Offered(topic, fate_of(topic)) for topic in run(ask())]
    if as_json:
        for one in offered:
            print_json(one._asdict())
    else:
        print_table(("topic", "becomes"), offered, empty="It names no topics.")
