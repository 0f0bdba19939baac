"""What a camera says of its own picture, beside what we see in it."""

from collections.abc import Iterable
from typing import Final

from sharpeyes.detectors.quality.fault import PictureFault, PictureVerdict

TOPICS: Final = {
    "tns1:VideoSource/ImageTooBlurry": (PictureFault.CLARITY, "blurry"),
    "tns1:VideoSource/ImageTooDark": (PictureFault.BRIGHTNESS, "too dark"),
    "tns1:VideoSource/ImageTooBright": (PictureFault.BRIGHTNESS, "too bright"),
    "tns1:VideoSource/GlobalSceneChange": (PictureFault.SCENE_CHANGED, "changed as a whole"),
    "tns1:VideoSource/SignalLoss": (PictureFault.SIGNAL_LOSS, "without a signal"),
}
"""Topics of the ONVIF Imaging and Media services, without the last part that names the analyser."""


def merge_device_verdicts(
    ours: PictureVerdict | None, raised: Iterable[str]
) -> PictureVerdict | None:
    """Put a camera's own verdicts beside ours.

    A camera sees every frame and we one in minutes, but makers' limits differ and many never take
    a verdict back. So where we say what is wrong, ours stands, and the camera's is added as a
    second witness; where we found nothing wrong, a lost signal alone overrules us.

    Args:
        ours: None while it is too early for one.
        raised: ONVIF topics whose state is true now; those that say nothing of pictures are left
            out.
    """
    said = [
        known for topic in raised for prefix, known in TOPICS.items() if topic.startswith(prefix)
    ]
    if not said:
        return ours
    words = (
        f"the camera itself calls its picture {' and '.join(sorted({word for _, word in said}))}"
    )
    if ours is not None and ours.fault is not PictureFault.NORMAL:
        return PictureVerdict(ours.fault, f"{ours.words}; {words}", ours.measured)
    if any(fault is PictureFault.SIGNAL_LOSS for fault, _ in said):
        return PictureVerdict(PictureFault.SIGNAL_LOSS, words)
    return PictureVerdict(said[0][0], words) if ours is None else ours
