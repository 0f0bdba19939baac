"""What a frame costs, beside the references and beside its decoding.

Counted is the processor time of the thread, which a busy machine distorts little; the models take
turns of a second of footage, so that what distorts it meets all of them.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass

import av
import cv2
import numpy as np

from benchmarks.detectors.clips import clip
from benchmarks.detectors.models import MODELS, Plane
from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.ingest.sources import decode_snapshot

SIZE_WH = (320, 180)
BUSIEST = "cdnet-highway"
WARM_UP = 25
TURN = 25
SAMPLE_PERIOD_S = 5.0
MOST_PIXELS = 4_000_000
ROUNDS = 4
"""How often the pictures of a camera are shown."""


@dataclass(frozen=True)
class Cost:
    """Microseconds a frame, and bytes kept between frames."""

    mean_us: float
    median_us: float
    p99_us: float
    state_bytes: int


def model_costs(frames: int) -> dict[str, Cost]:
    """Time all models on the busiest clip as 320 x 180 luma, one thread."""
    models = {name: make() for name, make in MODELS.items()}
    times: dict[str, list[float]] = {name: [] for name in models}
    lumas = [
        (time_s, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
        for time_s, picture in _pictures(frames)
    ]
    for start in range(0, len(lumas), TURN):
        for name, model in models.items():
            for time_s, luma in lumas[start : start + TURN]:
                started = time.thread_time()
                model.apply(luma, time_s)
                times[name].append(time.thread_time() - started)
    return {name: _cost(times[name], model.state_bytes()) for name, model in models.items()}


def colour_cost(frames: int, period_s: float | None = None) -> Cost:
    """Time our detector on the same frames in colour, as if taken `period_s` apart."""
    detector = SceneDetector(dwell_s=60.0)
    times = []
    for index, (time_s, picture) in enumerate(_pictures(frames)):
        started = time.thread_time()
        detector.update(picture, time_s if period_s is None else index * period_s)
        times.append(time.thread_time() - started)
    return _cost(times, detector.state_bytes)


def _pictures(frames: int) -> list[tuple[float, Plane]]:
    pictures = []
    for frame in clip(BUSIEST).frames():
        small = cv2.resize(frame.picture, SIZE_WH, interpolation=cv2.INTER_AREA)
        pictures.append((frame.time_s, np.asarray(small, np.uint8)))
        if len(pictures) == frames:
            break
    return pictures


def _cost(seconds: list[float], state_bytes: int) -> Cost:
    taken = np.array(seconds[WARM_UP:]) * 1e6
    return Cost(
        mean_us=float(taken.mean()),
        median_us=float(np.median(taken)),
        p99_us=float(np.percentile(taken, 99)),
        state_bytes=state_bytes,
    )


@dataclass(frozen=True)
class CameraCost:
    """Decoding and detecting one sampled frame.

    Attributes:
        source: what the camera sends.
        decode_us: median microseconds to the picture that the detector is given.
        detect_us: median microseconds of the detector with its shrinking.
    """

    source: str
    decode_us: float
    detect_us: float

    @property
    def share(self) -> float:
        """Share of the detector in the whole, 0-1."""
        return self.detect_us / (self.decode_us + self.detect_us)

    @property
    def cameras_per_core(self) -> int:
        """Cameras that one core can watch at one frame in 5 s."""
        return int(SAMPLE_PERIOD_S * 1e6 / (self.decode_us + self.detect_us))


def camera_costs(frames: int) -> list[CameraCost]:
    """Time decoding and detecting for three kinds of cameras at a frame in 5 s.

    JPEGs twice: by OpenCV at a size that detectors were once given, and as `sharpeyes.ingest` does.
    """
    pictures = [picture for _, picture in _pictures(25 * frames)][::25]
    large = [_resized(picture, 1920, 1080) for picture in pictures]
    small = [_resized(picture, 640, 360) for picture in pictures]
    return [
        _camera_cost("1080p JPEG", [_jpeg(one) for one in large], decode_jpeg_reduced),
        _camera_cost("1080p JPEG in ingest", [_jpeg(one) for one in large], decode_as_ingest),
        _camera_cost("360p JPEG", [_jpeg(one) for one in small], decode_jpeg),
        _camera_cost("360p JPEG in ingest", [_jpeg(one) for one in small], decode_as_ingest),
        _camera_cost("1080p H.264 keyframe", [_h264(one) for one in large], decode_keyframe),
    ]


def decode_as_ingest(data: bytes) -> Frame:
    """Decode a JPEG as the service does: as small as a detector can do with."""
    frame = decode_snapshot(data, max_pixels=MOST_PIXELS)
    assert isinstance(frame, Frame)
    return frame


def decode_jpeg(data: bytes) -> Frame:
    """Decode a JPEG at its size."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return Frame.of(np.asarray(picture, np.uint8))


def decode_jpeg_reduced(data: bytes) -> Frame:
    """Decode a JPEG at a quarter of its sides."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_4)
    return Frame.of(np.asarray(picture, np.uint8))


def decode_keyframe(data: bytes) -> Frame:
    """Decode one H.264 keyframe and let swscale make the small BGR picture."""
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    (frame,) = [*context.decode(av.Packet(data)), *context.decode(None)]
    small = frame.reformat(*SIZE_WH, format="bgr24", interpolation="AREA")
    return Frame.of(np.asarray(small.to_ndarray(), np.uint8))


def _camera_cost(source: str, coded: list[bytes], decode: Callable[[bytes], Frame]) -> CameraCost:
    detector = SceneDetector(dwell_s=600.0)
    decode_s, detect_s = [], []
    for index, data in enumerate(coded * ROUNDS):
        started = time.thread_time()
        frame = decode(data)
        decoded = time.thread_time()
        detector.look(frame, index * SAMPLE_PERIOD_S)
        # The first round warms up.
        if index >= len(coded):
            detect_s.append(time.thread_time() - decoded)
            decode_s.append(decoded - started)
    return CameraCost(source, float(np.median(decode_s)) * 1e6, float(np.median(detect_s)) * 1e6)


def _resized(picture: Plane, width: int, height: int) -> Plane:
    large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    # Upscaled footage is smoother than a sensor; without grain its decoding would be too cheap.
    grain = np.random.default_rng(len(picture)).normal(0, 3, large.shape)
    return np.asarray(np.clip(large + grain, 0, 255), np.uint8)


def _jpeg(picture: Plane) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def _h264(picture: Plane) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=1, options={"crf": "23"})
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return target.getvalue()
