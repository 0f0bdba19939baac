import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sharpeyes.devices.soap import SoapError, SoapFault, read_answer

SOAP = 'xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
BILLION_LAUGHS = (
    '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("bcdefgh", "cdefghi", strict=True))
    + "]>"
)

# libxml2 may notice the expansion before we see the declaration.
REFUSED = "document type|well formed"


def envelope(body: str, before: str = "") -> bytes:
    return f"{before}<s:Envelope {SOAP}><s:Body>{body}</s:Body></s:Envelope>".encode()


def test_returns_what_an_envelope_holds() -> None:
    content = read_answer(envelope("<!-- a --><x>1</x>", '<?xml version="1.0"?>'))

    assert not isinstance(content, SoapFault)
    assert (content.tag, content.text) == ("x", "1")


def test_reads_faults_of_both_versions() -> None:
    modern = read_answer(
        envelope(
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized"
            "</s:Value></s:Subcode></s:Code><s:Reason><s:Text>26 attempts left</s:Text></s:Reason>"
            "</s:Fault>"
        )
    )
    old = read_answer(
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        b"<faultcode>wsse:FailedAuthentication</faultcode><faultstring>no\x07</faultstring>"
        b"</e:Fault></e:Body></e:Envelope>".replace(b"\x07", b"!")
    )

    assert modern == SoapFault(frozenset({"Sender", "NotAuthorized"}), "26 attempts left")
    assert modern.is_refusal
    assert str(modern) == '"26 attempts left"'
    assert isinstance(old, SoapFault)
    assert old.is_refusal
    assert str(old) == '"no!"'


def test_a_fault_without_words_has_its_codes() -> None:
    fault = read_answer(
        envelope("<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault>")
    )

    assert isinstance(fault, SoapFault)
    assert not fault.is_refusal
    assert str(fault) == '"Receiver"'


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (
            envelope("&x;", '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            "document type",
        ),
        (envelope("<x>&i;</x>", BILLION_LAUGHS), REFUSED),
        (envelope('<x a="&i;"/>', BILLION_LAUGHS), REFUSED),
        (envelope("<x/>", '<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">'), "document type"),
        (envelope("<x>\u20ac</x>").replace("\u20ac".encode(), b"\xff\xfe"), "well formed"),
        (b"<!DOCTYPE html><html><body><br>Log in", "web page"),
        (b"<!DOCTYPE html><HTML><p>Log in</HTML>", "web page"),
        (b"<html/>", "no SOAP"),
        (b"", "well formed"),
        (b"{}", "well formed"),
        (b"<x>" * 10_000, "well formed"),
        (envelope(""), "no SOAP"),
        (f"<s:Envelope {SOAP}/>".encode(), "no SOAP"),
        (b'<Envelope xmlns="urn:other"><Body><x/></Body></Envelope>', "no SOAP"),
    ],
    ids=[
        "hostile_45_entity",
        "hostile_46_billion laughs",
        "hostile_46_in an attribute",
        "hostile_45_document type",
        "hostile_50_invalid utf-8",
        "hostile_54_page",
        "hostile_54_page in capitals",
        *map(str, range(7, 14)),
    ],
)
def test_refuses_what_is_no_plain_envelope(data: bytes, word: str) -> None:
    with pytest.raises(SoapError, match=word):
        read_answer(data)


def test_hostile_47_an_import_in_an_answer_is_not_obeyed() -> None:
    content = read_answer(
        envelope(
            '<x:import xmlns:x="http://www.w3.org/2001/XMLSchema" schemaLocation="http://h/"/>'
        )
    )

    assert not isinstance(content, SoapFault)
    assert etree.QName(content).localname == "import"


@given(st.binary(max_size=200), st.integers(0, 120))
def test_bears_any_damage(damage: bytes, place: int) -> None:
    data = envelope("<x>text</x>")
    try:
        content = read_answer(data[:place] + damage + data[place:])
    except SoapError:
        return
    assert content is not None
