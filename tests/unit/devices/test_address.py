import pytest

from sharpeyes.devices.address import DeviceAddress, endpoint, on_registered_host
from sharpeyes.devices.errors import DeviceUrlError, HttpUrlError, RtspUrlError


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("rtsp://10.0.0.1/cam", "10.0.0.1", 554),
        ("rtsp://10.0.0.1:8554/cam?channel=1&subtype=0", "10.0.0.1", 8554),
        ("RTSP://Camera-7.video.example/", "camera-7.video.example", 554),
        ("rtsp://[fd00::7]:554/x", "fd00::7", 554),
        ("rtsp://10.0.0.1", "10.0.0.1", 554),
    ],
)
def test_takes_rtsp_addresses(url: str, host: str, port: int) -> None:
    address = DeviceAddress.of_rtsp(url)

    assert (address.url, address.host, address.port) == (url, host, port)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://10.0.0.1/", "rtsp://"),
        ("rtsps://10.0.0.1/", "rtsp://"),
        ("10.0.0.1/cam", "rtsp://"),
        ("rtsp://10.0.0.1:0/", "port"),
        ("rtsp://10.0.0.1:65536/", "port"),
        ("rtsp://10.0.0.1:-1/", "port"),
        ("rtsp://10.0.0.1:x/", "port"),
        ("rtsp:///cam", "host"),
        ("rtsp://10.0.0.999/", "host"),
        ("rtsp://10.0.0/", "host"),
        ("rtsp://a..b/", "host"),
        (f"rtsp://{'a' * 64}.example/", "host"),
        ("rtsp://[fd00::7/x", "read"),
        ("rtsp://10.0.0.1/a b", "spaces"),
        ("rtsp://10.0.0.1/a\r\nSession: 1", "spaces"),
        ("rtsp://10.0.0.1/武汉", "ASCII"),
        ("rtsp://10.0.0.1/" + "a" * 3_000, "longer"),
    ],
)
def test_refuses_what_is_no_rtsp_address(url: str, word: str) -> None:
    with pytest.raises(RtspUrlError, match=word):
        DeviceAddress.of_rtsp(url)


@pytest.mark.parametrize(
    "url", ["rtsp://admin:canary@10.0.0.1/", "rtsp://u:canary@10.0.0.1@evil/", "rtsp://canary@h/"]
)
def test_refuses_secrets_in_addresses_without_repeating_them(url: str) -> None:
    with pytest.raises(RtspUrlError, match="credentials") as caught:
        DeviceAddress.of_rtsp(url)

    assert "canary" not in str(caught.value)


def test_takes_http_addresses() -> None:
    assert DeviceAddress.of_http("https://10.0.0.1/snap").port == 443
    assert DeviceAddress.of_http("http://10.0.0.1/snap").endpoint == "10.0.0.1:80"
    with pytest.raises(HttpUrlError, match="http:// or https://"):
        DeviceAddress.of_http("file:///etc/passwd")


def test_names_an_endpoint() -> None:
    assert endpoint("10.0.0.1", 80) == "10.0.0.1:80"
    assert endpoint("fd00::7", 80) == "[fd00::7]:80"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("rtsp://192.168.1.64:554/cam?x=1", "rtsp://10.0.0.1:554/cam?x=1"),
        ("rtsp://192.168.1.64/cam", "rtsp://10.0.0.1/cam"),
        ("rtsp://admin:canary@192.168.1.64:8554/cam", "rtsp://10.0.0.1:8554/cam"),
        (" rtsp://127.0.0.1:5432/cam\n", "rtsp://10.0.0.1:5432/cam"),
        ("rtsp://[fe80::1]/cam#x", "rtsp://10.0.0.1/cam"),
    ],
)
def test_moves_returned_addresses_to_the_registered_host(returned: str, expected: str) -> None:
    assert on_registered_host(returned, "10.0.0.1", {"rtsp"}) == expected


def test_moves_returned_addresses_to_an_ipv6_host() -> None:
    assert on_registered_host("http://h/a", "fd00::7", {"http"}) == "http://[fd00::7]/a"
    assert on_registered_host("http://h:81/a", "fd00::7", {"http"}) == "http://[fd00::7]:81/a"


@pytest.mark.parametrize("returned", ["file:///etc/passwd", "", "gopher://x/", "rtsp://h:99999/"])
def test_refuses_returned_addresses_of_other_kinds(returned: str) -> None:
    with pytest.raises(DeviceUrlError):
        on_registered_host(returned, "10.0.0.1", {"rtsp"})
