"""SOAP 1.2 as a simulated camera reads and writes it."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
SEARCH = "http://www.onvif.org/ver10/search/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NOTIFICATION = "http://docs.oasis-open.org/wsn/b-2"
TOPICS = "http://www.onvif.org/ver10/topics"
TOPIC_SET = "http://docs.oasis-open.org/wsn/t-1"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
SCHEMA = "http://www.onvif.org/ver10/schema"
ERRORS = "http://www.onvif.org/ver10/error"
CONTENT_TYPE = "application/soap+xml"


class NotSoapError(Exception):
    """What was sent is no SOAP 1.2 request; the message says why not."""


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """A request that could be read.

    Args:
        namespace: of the operation.
        operation: its local name.
        body: the operation's element.
        header: the envelope's header; None if there is none.
    """

    namespace: str
    operation: str
    body: etree._Element
    header: etree._Element | None


def read_request(data: bytes) -> SoapRequest:
    """Read a request.

    No entity, outside reference or document type is accepted, so that nobody learns from us that
    such requests work.

    Raises:
        NotSoapError: it cannot be used.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        envelope = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise NotSoapError("the request is not well-formed XML") from error
    if envelope.getroottree().docinfo.internalDTD is not None:
        raise NotSoapError("a document type is not accepted")
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise NotSoapError("the request is not a SOAP 1.2 envelope")
    body = envelope.find(f"{{{SOAP}}}Body")
    operation = None if body is None else next(body.iterchildren("{*}*"), None)
    if operation is None:
        raise NotSoapError("the SOAP body is missing or empty")
    name = etree.QName(operation)
    return SoapRequest(
        namespace=name.namespace or "",
        operation=name.localname,
        body=operation,
        header=envelope.find(f"{{{SOAP}}}Header"),
    )


def envelope(body: str) -> bytes:
    """An answer around the XML of its body, which knows the prefixes tds, trt, tse, tev, tns1, tt.

    And those of notifications: wsnt, wstop, wsa.
    """
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<env:Envelope xmlns:env="{SOAP}" xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}"'
        f' xmlns:tse="{SEARCH}" xmlns:tt="{SCHEMA}" xmlns:ter="{ERRORS}" xmlns:tev="{EVENTS}"'
        f' xmlns:wsnt="{NOTIFICATION}" xmlns:tns1="{TOPICS}" xmlns:wstop="{TOPIC_SET}"'
        f' xmlns:wsa="{ADDRESSING}">'
        f"<env:Body>{body}</env:Body></env:Envelope>"
    ).encode()


def fault(code: str, subcode: str, reason: str) -> bytes:
    """A SOAP fault.

    Args:
        code: "Sender" or "Receiver": who is to blame.
        subcode: ONVIF's own, such as "NotAuthorized".
        reason: for people.
    """
    return envelope(
        f"<env:Fault><env:Code><env:Value>env:{code}</env:Value><env:Subcode>"
        f"<env:Value>ter:{subcode}</env:Value></env:Subcode></env:Code>"
        f'<env:Reason><env:Text xml:lang="en">{escape(reason)}</env:Text></env:Reason></env:Fault>'
    )
