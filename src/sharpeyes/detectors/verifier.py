"""A second look by an object model: is this candidate a vehicle?

The operator brings the model; it runs on candidates that are due, never on every frame. Read are
models of the NanoDet family (https://github.com/RangiLyu/nanodet) with COCO's 80 classes: for each
stride a table of class scores (n, 80) and one of box distances as distributions (n, 4 * bins).
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.errors import ModelError
from sharpeyes.detectors.picture import Plane

CLASSES: Final = 80
VEHICLES: Final = frozenset({2, 3, 5, 7})
"""COCO's car, motorcycle, bus, lorry."""
OTHERS: Final = frozenset({0, 1, *range(14, 29)})
"""People, bicycles, animals, bags and umbrellas."""
LEAST_SCORE: Final = 0.35
SURE_SCORE: Final = 0.5
"""A vehicle that is seen so well needs no wider crop."""
OTHER_SCORE: Final = 0.4
"""To refuse takes more than to confirm: the end of a bus was a person by 0.36."""
INPUT_SIDES: Final = (320, 416, 640)
STRIDES: Final = (8, 16, 32)
SURROUNDINGS: Final = (4.0, 8.0)
"""Crops, in sides of the candidate: near ones tell motorcycles, wider ones small blurred cars."""
LEAST_CROP_PX: Final = 64
LEAST_OVERLAP: Final = 0.5
"""Of the smaller box, since a candidate may be a part of a vehicle."""
LEAST_LIKENESS: Final = 0.12
"""Of the larger box, or a bag would be the lorry that it lies beside."""
_MEAN_BGR: Final = (103.53, 116.28, 123.675)
_DEVIATION_BGR: Final = np.array([57.375, 57.12, 58.395], np.float32).reshape(1, 3, 1, 1)

Floats = npt.NDArray[np.float32]


class Sighting(Enum):
    """What the model sees in a candidate's place."""

    VEHICLE = auto()
    OTHER = auto()
    """A person, an animal, a bag."""
    NOTHING = auto()
    """Nothing that it knows: too small, too dark, or no thing at all."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One object: COCO class counted from 0, score 0-1, box as xyxy source pixels."""

    label: int
    score: float
    box_xyxy: tuple[float, float, float, float]


class Verifier:
    """Runs the model on the surroundings of a candidate. Not for two threads at once."""

    def __init__(self, model: bytes) -> None:
        """Read an ONNX model.

        Raises:
            ModelError: it cannot be read, or does not answer like a NanoDet.
        """
        try:
            self._network = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
        except cv2.error as error:
            raise ModelError(f"not an ONNX model that OpenCV reads: {_first_line(error)}") from None
        self._outputs = list(self._network.getUnconnectedOutLayersNames())
        self._side = self._find_side()

    def look(self, picture: npt.NDArray[np.uint8], box_xyxy: BoxXyxy) -> Sighting:
        """Look at a candidate in ever wider crops, and believe the best score of all.

        Args:
            picture: (H, W, 3) BGR or (H, W) luma uint8, the source.
            box_xyxy: the candidate in source pixels.
        """
        vehicle = other = 0.0
        for window in _windows(box_xyxy, picture.shape):
            for one in self.detect(picture, window):
                if _same(one.box_xyxy, box_xyxy):
                    vehicle = max(vehicle, one.score if one.label in VEHICLES else 0.0)
                    other = max(other, one.score if one.label in OTHERS else 0.0)
            if vehicle >= SURE_SCORE and vehicle >= other:
                break
        if vehicle >= max(other, LEAST_SCORE):
            return Sighting.VEHICLE
        return Sighting.OTHER if other >= OTHER_SCORE else Sighting.NOTHING

    def detect(self, picture: npt.NDArray[np.uint8], window_xyxy: BoxXyxy) -> list[Detection]:
        """Return all objects that score enough in a window, overlapping ones included."""
        left, top, right, bottom = window_xyxy
        scale = self._side / max(right - left, bottom - top)
        blob = self._blob(picture[top:bottom, left:right], scale)
        found = []
        for scores, distances, stride in _paired(self._forward(blob), self._side):
            labels = scores.argmax(axis=1)
            best = scores[np.arange(len(scores)), labels]
            for cell in np.flatnonzero(best >= LEAST_SCORE):
                x0, y0, x1, y1 = _box(distances[cell], int(cell), stride, self._side) / scale
                box = (left + x0, top + y0, left + x1, top + y1)
                found.append(Detection(int(labels[cell]), float(best[cell]), box))
        return found

    def _find_side(self) -> int:
        """Find the input size by trying: the network does not tell."""
        for side in INPUT_SIDES:
            try:
                answer = self._forward(np.zeros((1, 3, side, side), np.float32))
            except cv2.error:
                continue
            if len(_paired(answer, side)) * 2 == len(answer) > 0:
                return side
        raise ModelError("the model does not answer like a NanoDet with COCO's 80 classes")

    def _forward(self, blob: Floats) -> list[Floats]:
        self._network.setInput(blob)
        answers = self._network.forward(self._outputs)
        return [np.asarray(one, np.float32).reshape(-1, one.shape[-1]) for one in answers]

    def _blob(self, crop: Plane, scale: float) -> Floats:
        """Letterbox at the top left, so that boxes only need scaling."""
        if crop.ndim == 2:  # noqa: PLR2004  # luma
            crop = np.asarray(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR), np.uint8)
        high, wide = (max(1, round(side * scale)) for side in crop.shape[:2])
        small = cv2.resize(crop, (wide, high), interpolation=cv2.INTER_LINEAR)
        framed = np.zeros((self._side, self._side, 3), np.uint8)
        framed[:high, :wide] = small[: self._side, : self._side]
        blob = cv2.dnn.blobFromImage(framed, mean=_MEAN_BGR)
        return np.asarray(blob / _DEVIATION_BGR, np.float32)


def _paired(answers: list[Floats], side: int) -> list[tuple[Floats, Floats, int]]:
    """Pair scores and distances by their number of cells: models order them differently."""
    pairs = []
    for stride in STRIDES:
        cells = (side // stride) ** 2
        scores = [one for one in answers if one.shape == (cells, CLASSES)]
        boxes = [one for one in answers if len(one) == cells and one.shape[1] < CLASSES]
        if len(scores) == len(boxes) == 1 and boxes[0].shape[1] % 4 == 0:
            pairs.append((scores[0], boxes[0], stride))
    return pairs


def _box(distribution: Floats, cell: int, stride: int, side: int) -> Floats:
    """Return a cell's box, xyxy in input pixels: each side's distance is an expectation."""
    sides = distribution.reshape(4, -1)
    weights = np.exp(sides - sides.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    left, top, right, bottom = weights @ np.arange(sides.shape[1], dtype=np.float32) * stride
    row, column = divmod(cell, side // stride)
    x, y = (index * stride + (stride - 1) / 2 for index in (column, row))
    return np.array([x - left, y - top, x + right, y + bottom], np.float32)


def _windows(box_xyxy: BoxXyxy, shape: tuple[int, ...]) -> list[BoxXyxy]:
    left, top, right, bottom = box_xyxy
    height, width = shape[:2]
    middle_x, middle_y = (left + right) // 2, (top + bottom) // 2
    windows = []
    for times in SURROUNDINGS:
        reach = round(max(LEAST_CROP_PX, times * max(right - left, bottom - top)) / 2)
        windows.append(
            (
                max(middle_x - reach, 0),
                max(middle_y - reach, 0),
                min(middle_x + reach, width),
                min(middle_y + reach, height),
            )
        )
    return [*windows, (0, 0, width, height)]


def _same(one: tuple[float, float, float, float], other: BoxXyxy) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return False
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    shared = across * down
    return shared >= LEAST_OVERLAP * min(areas) and shared >= LEAST_LIKENESS * max(areas)


def _first_line(error: cv2.error) -> str:
    return str(error).strip().splitlines()[0]
