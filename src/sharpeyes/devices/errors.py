"""What callers of this package may do wrong.

DevicesError
├── DeviceUrlError          an address that is not one
│   ├── RtspUrlError
│   └── HttpUrlError
└── RtspMessageError        bytes that are not RTSP; inside this package only
"""


class DevicesError(Exception):
    """Base of this package's errors."""


class DeviceUrlError(DevicesError, ValueError):
    """An address cannot be used. The message never repeats the address: it may hold a secret."""


class RtspUrlError(DeviceUrlError):
    """An RTSP address cannot be used."""


class HttpUrlError(DeviceUrlError):
    """An HTTP address cannot be used."""


class RtspMessageError(DevicesError):
    """Bytes from a device are not RTSP, or more than we take; the message says which."""
