from pathlib import Path

import pytest
from lxml import etree

from sharpeyes.devices import wsdl
from sharpeyes.devices.wsdl import Service, WsdlMissingError, load_descriptions, write_request


def test_writes_requests_of_the_standard() -> None:
    load_descriptions()

    envelope = write_request(Service.MEDIA, "GetSnapshotUri", ProfileToken="a&<b>")

    assert wsdl.descriptions_are_loaded()
    (request,) = envelope.iterfind(".//{http://www.onvif.org/ver10/media/wsdl}GetSnapshotUri")
    assert request.findtext("{*}ProfileToken") == "a&<b>"
    assert b"a&amp;&lt;b&gt;" in etree.tostring(envelope)


def test_requests_do_not_share_their_envelopes() -> None:
    load_descriptions()

    first = write_request(Service.DEVICE, "GetDeviceInformation")
    first.append(etree.Element("signature"))

    assert b"signature" not in etree.tostring(write_request(Service.DEVICE, "GetDeviceInformation"))


@pytest.mark.parametrize("installed", [None, [], [Path("wsdl/other.wsdl")]])
def test_missing_descriptions_are_named(
    monkeypatch: pytest.MonkeyPatch, installed: list[Path] | None
) -> None:
    monkeypatch.setattr(wsdl, "files", lambda _name: installed)
    monkeypatch.setattr(wsdl, "_bindings", {})

    with pytest.raises(WsdlMissingError, match=r"onvif-zeep .* without devicemgmt\.wsdl"):
        load_descriptions()
