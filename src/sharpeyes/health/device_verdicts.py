"""What cameras that are listened to hold against their own pictures, while they say so."""

from collections.abc import Collection


class DeviceVerdicts:
    """Keeps it in memory: a camera says how things are whenever somebody subscribes anew."""

    def __init__(self) -> None:
        self._said: dict[int, frozenset[str]] = {}

    def say(self, camera_id: int, topics: Collection[str]) -> None:
        """Note what a camera says now.

        Args:
            camera_id: which.
            topics: of ONVIF, whose state is true now; none: it says nothing, or nobody listens.
        """
        if topics:
            self._said[camera_id] = frozenset(topics)
        else:
            self._said.pop(camera_id, None)

    def said(self, camera_id: int) -> frozenset[str]:
        """Return what a camera says now."""
        return self._said.get(camera_id, frozenset())
