"""What can go wrong with a simulated fleet.

DevicesError
└── SimulatorError          the fleet cannot run
    ├── AddressError        an address or port cannot be listened on
    └── UnknownCameraError  no camera of that code
"""

from sharpeyes.devices.errors import DevicesError


class SimulatorError(DevicesError):
    """The fleet cannot run; the message says why."""


class AddressError(SimulatorError):
    """An address or port cannot be listened on."""


class UnknownCameraError(SimulatorError):
    """The fleet has no camera of that code."""
