from sharpeyes.detectors.quality import PictureFault, PictureVerdict
from sharpeyes.detectors.quality.device import merge_device_verdicts

BLURRY = "tns1:VideoSource/ImageTooBlurry/ImagingService"
LOST = "tns1:VideoSource/SignalLoss"


def test_what_is_not_of_pictures_changes_nothing() -> None:
    ours = PictureVerdict()
    assert merge_device_verdicts(ours, ["tns1:Device/Trigger/DigitalInput"]) is ours


def test_a_camera_is_a_second_witness() -> None:
    ours = PictureVerdict(PictureFault.OCCLUSION, "half of the view is hidden")
    merged = merge_device_verdicts(ours, [BLURRY])
    assert merged is not None
    assert (merged.fault, merged.words) == (
        PictureFault.OCCLUSION,
        "half of the view is hidden; the camera itself calls its picture blurry",
    )


def test_of_a_picture_that_we_saw_to_be_well_only_a_lost_signal_is_believed() -> None:
    assert merge_device_verdicts(PictureVerdict(), [BLURRY]) == PictureVerdict()
    merged = merge_device_verdicts(PictureVerdict(), [BLURRY, LOST])
    assert merged is not None
    assert merged.fault is PictureFault.SIGNAL_LOSS


def test_before_we_have_a_verdict_the_camera_is_believed() -> None:
    merged = merge_device_verdicts(None, [BLURRY])
    assert merged is not None
    assert merged.fault is PictureFault.CLARITY
