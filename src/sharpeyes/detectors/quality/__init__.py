"""Is the picture itself well: what the field's video quality diagnosis asks.

`measure` looks at one picture, `judge` compares it with fixed limits and with the camera's own
`Reference`, and `PictureWatch` waits until several samples agree.
"""

from sharpeyes.detectors.quality.fault import PictureFault, PictureVerdict
from sharpeyes.detectors.quality.freeze import is_frozen
from sharpeyes.detectors.quality.judging import judge
from sharpeyes.detectors.quality.measures import PictureMeasures, measure
from sharpeyes.detectors.quality.reference import Reference, learn
from sharpeyes.detectors.quality.thresholds import DAY, NIGHT, Thresholds
from sharpeyes.detectors.quality.watch import PictureWatch

__all__ = [
    "DAY",
    "NIGHT",
    "PictureFault",
    "PictureMeasures",
    "PictureVerdict",
    "PictureWatch",
    "Reference",
    "Thresholds",
    "is_frozen",
    "judge",
    "learn",
    "measure",
]
