"""SOAP as devices speak it: signing requests, and reading answers that may be anything."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree
from zeep.wsse.username import UsernameToken

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import quoted

_ENVELOPES = frozenset(
    {
        "{http://www.w3.org/2003/05/soap-envelope}Envelope",
        "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
    }
)
NOT_AUTHORIZED = frozenset({"NotAuthorized"})
"""ONVIF's code of a refusal."""

_REFUSALS = NOT_AUTHORIZED | {"FailedAuthentication", "InvalidSecurity"}


class SoapError(ValueError):
    """An answer is not SOAP; the message follows the device's address."""


@dataclass(frozen=True, slots=True)
class SoapFault:
    """What a device says when it does not do what was asked.

    Args:
        codes: Its codes and subcodes without their prefixes.
        reason: Its words.
    """

    codes: frozenset[str]
    reason: str

    @property
    def is_refusal(self) -> bool:
        """Whether it is about who asks."""
        return not self.codes.isdisjoint(_REFUSALS)

    def __str__(self) -> str:
        return quoted(self.reason or ", ".join(sorted(self.codes)) or "no reason given")


def sign(envelope: etree._Element, credentials: Credentials, created: datetime) -> None:
    """Add a UsernameToken with a password digest to a request (WS-Security).

    Args:
        envelope: The request; it is changed.
        credentials: Of the device.
        created: The time by the device's clock, which judges how old the request is.
    """
    token = UsernameToken(  # type: ignore[no-untyped-call]  # zeep's
        credentials.username,
        credentials.password,
        use_digest=True,
        created=created,
        zulu_timestamp=True,
    )
    token.apply(envelope, {})  # type: ignore[no-untyped-call]  # zeep's


def read_answer(data: bytes) -> etree._Element | SoapFault:
    """Return what an envelope holds.

    Neither entities nor document types are taken, nothing is fetched, and libxml2's own limits of
    depth and size stay on.

    Raises:
        SoapError: It is not an envelope, or holds nothing.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root: etree._Element = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        if b"<html" in data[:4_096].lower():
            raise SoapError("sends a web page instead of an ONVIF answer") from None
        raise SoapError("sends XML that is not well formed") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[attr-defined]  # not in the stubs
        raise SoapError("sends a document type declaration, which SOAP forbids")
    body = root.find("{*}Body") if root.tag in _ENVELOPES else None
    content = None if body is None else next(body.iterchildren("*"), None)
    if content is None:
        raise SoapError("sends XML that is no SOAP answer")
    if etree.QName(content).localname == "Fault":
        return _read_fault(content)
    return content


def _read_fault(fault: etree._Element) -> SoapFault:
    # SOAP 1.2 nests Code/Subcode/Value and Reason/Text; SOAP 1.1 has faultcode and faultstring.
    values = [*fault.iterfind("{*}Code//{*}Value"), *fault.iterfind("{*}faultcode")]
    codes = {(value.text or "").strip().rpartition(":")[2] for value in values}
    # Faults of subscriptions are named by the element of their details.
    codes |= {etree.QName(detail).localname for detail in fault.iterfind("{*}Detail/{*}*")}
    reason = fault.findtext("{*}Reason/{*}Text") or fault.findtext("faultstring") or ""
    return SoapFault(frozenset(codes - {""}), reason)
