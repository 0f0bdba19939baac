"""Encoded keyframes to pictures."""

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from sharpeyes.devices.rtp import EncodedKeyframe

_DECODERS = {"H264": "h264", "H265": "hevc"}


class UndecodableKeyframeError(ValueError):
    """A keyframe gives no whole picture; the message says why, after "keyframes that"."""


def decode_keyframe(encoded: EncodedKeyframe, *, max_pixels: int) -> NDArray[np.uint8]:
    """Decode one keyframe by itself.

    A decoder is made for each: that costs less than a tenth of decoding, keeps no pictures in
    memory between keyframes, and gives the picture now rather than with the next one.

    Args:
        encoded: The keyframe with its parameter sets.
        max_pixels: Most pixels of a picture that is decoded.

    Returns:
        The picture: uint8 of shape (H, W, 3), BGR.

    Raises:
        UndecodableKeyframeError: There is no whole picture in it, or too large a one.
    """
    decoder = av.CodecContext.create(_DECODERS[encoded.codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_type = "NONE"
    decoder.options = {"max_pixels": str(max_pixels)}
    try:
        frames = [*decoder.decode(av.Packet(encoded.data)), *decoder.decode(None)]
    except FFmpegError as error:
        # Only the reason: FFmpeg's own words may quote what it was given.
        raise UndecodableKeyframeError(f"cannot be decoded ({error.strerror})") from None
    if not frames or frames[0].is_corrupt:
        raise UndecodableKeyframeError("hold no whole picture")
    if frames[0].width * frames[0].height > max_pixels:
        raise UndecodableKeyframeError(f"have more than {max_pixels} pixels")
    return np.asarray(frames[0].to_ndarray(format="bgr24"), dtype=np.uint8)
