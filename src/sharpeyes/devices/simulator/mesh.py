"""Solid shapes of the street, drawn face by face."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.devices.simulator.view import Points, View

Colour = tuple[int, int, int]
Picture = npt.NDArray[np.uint8]
_FixedPoints = npt.NDArray[np.int32]

_SHIFT_BITS = 4  # corners are given to OpenCV in sixteenths of a pixel, so that slow cars glide


@dataclass(frozen=True, slots=True)
class Face:
    """A flat convex piece.

    Args:
        corners: indices of vertices, clockwise as seen from outside.
        shade: brightness of its material under the scene's light.
        colour: BGR 0-255 of the material; None means the owner's paint.
    """

    corners: tuple[int, ...]
    shade: float
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A shape: vertices (N, 3) float64 in metres, and faces in the order in which to draw them."""

    vertices: Points
    faces: tuple[Face, ...]

    def __add__(self, other: "Mesh") -> "Mesh":
        """Both shapes; the other is drawn over this one."""
        count = len(self.vertices)
        moved = tuple(
            Face(tuple(corner + count for corner in face.corners), face.shade, face.colour)
            for face in other.faces
        )
        return Mesh(np.vstack((self.vertices, other.vertices)), self.faces + moved)


def frustum(
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    *,
    inset_x: float = 0.0,
    inset_near: float = 0.0,
    inset_far: float = 0.0,
    colour: Colour | None = None,
) -> Mesh:
    """A box whose top may be smaller than its floor.

    Args:
        low: x, y, z of the corner with the smallest values, metres.
        high: x, y, z of the opposite corner, metres.
        inset_x: how much narrower the top is on the left and on the right, metres.
        inset_near: how far the top draws back at the near end, metres.
        inset_far: how far the top draws back at the far end, metres.
        colour: of all faces; None for the owner's paint.
    """
    (x1, y1, z1), (x2, y2, z2) = low, high
    vertices = np.array(
        [
            (x1, y1, z1),
            (x2, y1, z1),
            (x2, y1, z2),
            (x1, y1, z2),
            (x1 + inset_x, y2, z1 + inset_near),
            (x2 - inset_x, y2, z1 + inset_near),
            (x2 - inset_x, y2, z2 - inset_far),
            (x1 + inset_x, y2, z2 - inset_far),
        ],
    )
    return Mesh(
        vertices,
        (
            Face((7, 6, 5, 4), 1.15, colour),  # top
            Face((3, 7, 4, 0), 0.72, colour),  # left
            Face((1, 5, 6, 2), 0.80, colour),  # right
            Face((2, 6, 7, 3), 0.85, colour),  # far end
            Face((0, 4, 5, 1), 0.95, colour),  # near end
        ),
    )


def panes(shape: Mesh, keep: float, colour: Colour) -> Mesh:
    """Window panes on the four upright faces of a frustum, each shrunk towards its middle."""
    result = Mesh(np.empty((0, 3)), ())
    for face in shape.faces[1:]:
        corners = shape.vertices[list(face.corners)]
        middle = corners.mean(axis=0)
        pane = Mesh(
            middle + (corners - middle) * keep,
            (Face(tuple(range(len(corners))), face.shade, colour),),
        )
        result += pane
    return result


def draw(picture: Picture, view: View, mesh: Mesh, paint: Colour, at: Points) -> None:
    """Draw the faces of a shape that look towards the camera.

    Args:
        picture: (H, W, 3) uint8 BGR, drawn into.
        view: the camera.
        mesh: the shape.
        paint: BGR of the faces without a colour of their own.
        at: (3,) float64, where the shape's origin stands, metres.
    """
    pixels = _fixed_point(view.project(mesh.vertices + at))
    for face in mesh.faces:
        outline = pixels[list(face.corners)]
        if _turned_away(outline):
            continue
        colour = shaded(face.colour or paint, face.shade)
        cv2.fillConvexPoly(picture, outline, colour, cv2.LINE_AA, _SHIFT_BITS)


def fill(picture: Picture, outline: Points, colour: Colour) -> None:
    """Fill a convex outline, (N, 2) float64 pixels, in the picture."""
    cv2.fillConvexPoly(picture, _fixed_point(outline), colour, cv2.LINE_AA, _SHIFT_BITS)


def shaded(colour: Colour, shade: float) -> Colour:
    """A colour made darker (below 1) or brighter."""
    blue, green, red = (min(255, int(part * shade)) for part in colour)
    return blue, green, red


def _fixed_point(pixels: Points) -> _FixedPoints:
    return np.round(pixels * (1 << _SHIFT_BITS)).astype(np.int32)


def _turned_away(outline: _FixedPoints) -> bool:
    """Whether the corners turn to the left in the picture: a flat convex face seen from behind."""
    (x1, y1), (x2, y2), (x3, y3) = outline[:3].tolist()
    turn: int = (x2 - x1) * (y3 - y2) - (y2 - y1) * (x3 - x2)
    return turn <= 0
