"""ONVIF requests as the standard's own service descriptions write them.

The descriptions come with the onvif-zeep package. They are parsed once for all devices: a document
for each, as that package's own client makes it, costs 10 MB and a third of a second every time.
"""

import threading
from enum import Enum
from importlib.metadata import files
from pathlib import Path
from typing import Any

import zeep
from lxml import etree
from zeep.transports import Transport
from zeep.wsdl.definitions import Binding

from sharpeyes.devices.errors import DevicesError


class Service(Enum):
    """The ONVIF services that are asked, by their description's file."""

    DEVICE = "devicemgmt.wsdl"
    MEDIA = "media.wsdl"
    SEARCH = "search.wsdl"
    EVENTS = "events.wsdl"

    @property
    def words(self) -> str:
        """What it is called in evidence."""
        return {"search.wsdl": "recording search"}.get(self.value, self.value.partition(".")[0])

    @property
    def capability(self) -> str:
        """What a device calls it among its capabilities."""
        return self.words.title()


# The requests of the event service are few and asked all the time: they are written by hand.
_DESCRIBED = (Service.DEVICE, Service.MEDIA, Service.SEARCH)


SEARCH_NAMESPACE = "http://www.onvif.org/ver10/search/wsdl"
"""By which a device names its recording search among its services."""


class WsdlMissingError(DevicesError):
    """The onvif-zeep package is installed without its service descriptions."""


_bindings: dict[Service, Binding] = {}
_loading = threading.Lock()


def load_descriptions() -> None:
    """Parse the descriptions, once; it takes a fifth of a second, so keep it off the event loop.

    Raises:
        WsdlMissingError: They are not installed.
    """
    with _loading:
        if _bindings:
            return
        # What a description refers to lies beside it; nothing may be fetched from elsewhere.
        settings = zeep.Settings(forbid_external=True, forbid_entities=True)
        parsed = {}
        for service in _DESCRIBED:
            path = description_path(service)
            document = zeep.wsdl.Document(str(path), _transport(), settings=settings)
            (parsed[service],) = document.bindings.values()
        _bindings.update(parsed)


def descriptions_are_loaded() -> bool:
    """Return whether ``write_request`` can be called."""
    return bool(_bindings)


def write_request(service: Service, operation: str, **arguments: Any) -> etree._Element:
    """Return an unsigned SOAP envelope.

    Args:
        service: Whose operation it is; not that of events.
        operation: Its name in the service's description.
        arguments: As the description names them.
    """
    found = _bindings[service].get(operation)  # type: ignore[no-untyped-call]  # zeep's
    envelope: etree._Element = found.create(**arguments).content
    return envelope


def _transport() -> Any:
    return Transport()  # type: ignore[no-untyped-call]  # zeep is half typed, and here wrongly


def description_path(service: Service) -> Path:
    """Return where a service's description is.

    Raises:
        WsdlMissingError: It is not installed.
    """
    # By the list of installed files, because the folder differs: some wheels of the package put
    # it under the path of the Python that built them.
    for file in files("onvif-zeep") or ():
        if file.name == service.value:
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return path
    raise WsdlMissingError(f"the onvif-zeep package is installed without {service.value}")
