"""ONVIF: what a device is, what time it has, its profiles and where they are, its recordings."""

from lxml import etree

from sharpeyes.devices.address import on_registered_host
from sharpeyes.devices.errors import DeviceUrlError
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_answers import (
    DeviceInformation,
    MediaProfile,
    read_device_information,
    read_profiles,
)
from sharpeyes.devices.onvif_exchange import OnvifExchange
from sharpeyes.devices.onvif_recordings import search_recordings
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.devices.wsdl import Service


class OnvifClient(OnvifExchange):
    """Asks one device; see `OnvifExchange` for how."""

    async def device_information(self) -> DeviceInformation | Fault:
        """Ask what the device is."""
        answer = await self.call(Service.DEVICE, "GetDeviceInformation")
        if isinstance(answer, Fault):
            return answer
        return read_device_information(answer)

    async def profiles(self) -> tuple[MediaProfile, ...] | Fault:
        """Ask which profiles the device offers."""
        answer = await self.call(Service.MEDIA, "GetProfiles")
        if isinstance(answer, Fault):
            return answer
        return read_profiles(answer)

    async def stream_uri(self, profile_token: str) -> str | Fault:
        """Ask for a profile's RTSP address, on the registered host."""
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        answer = await self.call(
            Service.MEDIA, "GetStreamUri", StreamSetup=setup, ProfileToken=profile_token
        )
        return self._returned_address(answer, "stream", {"rtsp"})

    async def snapshot_uri(self, profile_token: str) -> str | Fault:
        """Ask for a profile's snapshot address, on the registered host."""
        answer = await self.call(Service.MEDIA, "GetSnapshotUri", ProfileToken=profile_token)
        return self._returned_address(answer, "snapshot", {"http", "https"})

    async def recordings(self) -> RecordingsKept | Fault | None:
        """Ask which recordings it keeps; None: it does not say (no ONVIF Profile G)."""
        offered = await self.offers_search()
        if isinstance(offered, Fault):
            return offered
        return await search_recordings(self) if offered else None

    def _returned_address(
        self, answer: etree._Element | Fault, what: str, schemes: set[str]
    ) -> str | Fault:
        if isinstance(answer, Fault):
            return answer
        returned = answer.findtext("{*}MediaUri/{*}Uri") or ""
        try:
            return on_registered_host(returned, self.host, schemes)
        except DeviceUrlError as error:
            told = f"returns an unusable {what} address, which {error}"
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {told}")
