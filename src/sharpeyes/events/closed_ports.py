"""Ports that no receiver is behind. Commands hold them, which load nothing that dials."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnPorts:
    """Our own ports, which no receiver is behind, whatever networks and ports are allowed.

    Attributes:
        anywhere: Denied at every address: the database's, whose address is a name that may lead
            to several.
        here: Denied at all addresses of this machine: those of the API, with its metrics.
    """

    anywhere: frozenset[int] = frozenset()
    here: frozenset[int] = frozenset()


NO_PORTS = OwnPorts()
