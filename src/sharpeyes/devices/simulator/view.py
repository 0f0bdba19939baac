"""Where the drawn camera stands and how the street falls into its picture."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

_NEAREST_M = 0.3  # behind the lens there is no picture: such points are pushed in front of it


@dataclass(frozen=True, slots=True)
class View:
    """A pinhole camera on a pole, looking along the street.

    The street's axes are metres: x to the right across the road (0 = between the directions),
    y up from the ground, z along the road away from the pole.

    Args:
        x_m: where the pole stands across the road.
        height_m: of the lens above the ground.
        pitch_deg: how far it looks down.
        yaw_deg: how far it looks to the right of the road's direction.
        focal_px: focal length in pixels of the full picture.
        width_px: of the picture.
        height_px: of the picture.
    """

    x_m: float = 0.0
    height_m: float = 6.0
    pitch_deg: float = 13.0
    yaw_deg: float = 3.0
    focal_px: float = 520.0
    width_px: int = 640
    height_px: int = 360

    def project(self, points: Points) -> Points:
        """The picture positions of points of the street.

        Args:
            points: (N, 3) float64, x, y, z in metres.

        Returns:
            (N, 2) float64, x to the right and y down in pixels; may lie outside the picture.
        """
        pitch, yaw = math.radians(self.pitch_deg), math.radians(self.yaw_deg)
        across = points[:, 0] - self.x_m
        down = self.height_m - points[:, 1]
        along = points[:, 2]
        right = across * math.cos(yaw) - along * math.sin(yaw)
        ahead = across * math.sin(yaw) + along * math.cos(yaw)
        depth = np.maximum(ahead * math.cos(pitch) + down * math.sin(pitch), _NEAREST_M)
        below = down * math.cos(pitch) - ahead * math.sin(pitch)
        return np.column_stack(
            (
                self.width_px / 2 + self.focal_px * right / depth,
                self.height_px / 2 + self.focal_px * below / depth,
            ),
        )

    @property
    def horizon_px(self) -> float:
        """The picture row in which endless level ground ends."""
        return self.height_px / 2 - self.focal_px * math.tan(math.radians(self.pitch_deg))

    def nearest_visible_m(self, height_m: float) -> float:
        """How far along the road something of this height must be to show in the picture."""
        half_field = math.atan(self.height_px / 2 / self.focal_px)
        return (self.height_m - height_m) / math.tan(math.radians(self.pitch_deg) + half_field)
