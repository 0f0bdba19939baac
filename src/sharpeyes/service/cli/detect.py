"""`sharpeyes detect`: the detectors over video files, for tuning zones and for trust."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from sharpeyes.detectors.errors import DetectorError
from sharpeyes.detectors.finding import Finding, Rejection
from sharpeyes.detectors.scene import DEFAULT_DWELL_S, SceneDetector
from sharpeyes.detectors.verifier import Verifier
from sharpeyes.detectors.zones import Zone
from sharpeyes.service.annotation import AnnotatedVideo, draw
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.zones_file import read_zones
from sharpeyes.service.footage import Footage, FootageFrame, find_videos

_REASONS = {
    "ghost": "its outline is in the scenery, not in the picture: something left",
    "light": "the same surface in another light",
    "unclear": "as much of its outline is in the scenery as in the picture",
    "shape": "no shape of a vehicle",
    "too_large": "too large for a vehicle",
    "caption": "it appeared at once, in the shape of a caption",
    "small_here": "too small for a vehicle here",
    "large_here": "too large for a vehicle here",
}


@dataclass(frozen=True, slots=True)
class _Run:
    """How videos are to be looked at."""

    zones: tuple[Zone, ...]
    dwell_s: float
    verifier: Verifier | None
    sample_fps: float | None
    explain: bool


def detect(  # noqa: PLR0917  # typer reads them by name
    video: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO",
            help="A video file, or a folder whose videos are looked at one by one.",
            exists=True,
        ),
    ],
    zones: Annotated[
        Path | None,
        typer.Option(help="JSON file of zones. Without it the whole picture is watched."),
    ] = None,
    sample_fps: Annotated[
        float | None,
        typer.Option(help="Frames looked at per second; every frame where it is not given."),
    ] = None,
    dwell_s: Annotated[
        float,
        typer.Option(help="Seconds that a vehicle may stay where its zone has no limit."),
    ] = DEFAULT_DWELL_S,
    model: Annotated[
        Path | None,
        typer.Option(help="ONNX model of the NanoDet family that looks at vehicles before alarm."),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(help="Folder for what moved in each frame looked at, as 000001.png."),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(help="Video file to write, with zones, moving pixels, boxes and dwell."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say on stderr what was rejected, and why.")
    ] = False,
) -> None:
    """Look for motion and abandoned vehicles in video files."""
    for option, value in (("--sample-fps", sample_fps), ("--dwell-s", dwell_s)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise typer.BadParameter("must be a number above 0", param_hint=option)
    if annotate is not None and video.is_dir():
        raise typer.BadParameter("takes one video, not a folder", param_hint="--annotate")
    run = _Run(
        zones=() if zones is None else read_zones(zones),
        dwell_s=dwell_s,
        verifier=None if model is None else _read_model(model),
        sample_fps=sample_fps,
        explain=explain,
    )
    # The passes are too small to share; threads would only take turns.
    cv2.setNumThreads(1)
    rows: list[dict[str, object]] = []
    for path in find_videos(video):
        mask_folder = masks if masks is None or path == video else masks / path.stem
        for finding in _look_at(path, run, mask_folder, annotate):
            named = {"video": str(path)} if video.is_dir() else {}
            rows.append(named | _row(finding))
            if as_json:
                print_json(rows[-1])
    if not as_json:
        print_table(*_table(rows), empty="Nothing was found.")


def _look_at(path: Path, run: _Run, masks: Path | None, annotate: Path | None) -> list[Finding]:
    """Run a detector over one video and return the last word on each thing, by start."""
    detector = SceneDetector(run.zones, dwell_s=run.dwell_s, verifier=run.verifier)
    last_words: dict[int, Finding] = {}
    time_s = 0.0
    with ExitStack() as stack:
        footage = stack.enter_context(Footage(path))
        writer = annotate and stack.enter_context(AnnotatedVideo(annotate))
        if masks is not None:
            _make_folder(masks)
        for frame in _with_progress(footage, path, run.sample_fps, stack):
            time_s = frame.time_s
            for finding in detector.update(frame.picture, time_s):
                last_words[finding.finding_id] = finding
            if run.explain:
                _explain(detector.rejections)
            if masks is not None:
                _write_mask(masks / f"{frame.number:06d}.png", frame, detector)
            if writer:
                writer.write(draw(frame.picture, run.zones, detector, time_s), time_s)
    findings = sorted(last_words.values(), key=lambda finding: finding.start_s)
    return [_as_of(finding, time_s) for finding in findings]


def _with_progress(
    footage: Footage, path: Path, sample_fps: float | None, stack: ExitStack
) -> Iterator[FootageFrame]:
    frames = footage.frames(sample_fps)
    if not sys.stderr.isatty():
        return frames
    progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    return _advancing(frames, progress, progress.add_task(path.name, total=footage.duration_s))


def _advancing(
    frames: Iterator[FootageFrame], progress: Progress, task: TaskID
) -> Iterator[FootageFrame]:
    for frame in frames:
        progress.update(task, completed=frame.time_s)
        yield frame


def _read_model(path: Path) -> Verifier:
    try:
        return Verifier(path.read_bytes())
    except OSError as error:
        raise CliError(f"model {path}: {error.strerror}") from None
    except DetectorError as error:
        raise CliError(f"model {path}: {error}") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"--masks {folder}: {error.strerror}") from None


def _write_mask(path: Path, frame: FootageFrame, detector: SceneDetector) -> None:
    height, width = frame.picture.shape[:2]
    if not cv2.imwrite(str(path), detector.foreground_at(height, width)):
        raise CliError(f"--masks {path}: cannot be written")


def _explain(rejections: list[Rejection]) -> None:
    for one in rejections:
        left, top, right, bottom = one.box_xyxy
        box = [left, top, right - left, bottom - top]
        note(f"{one.time_s:.1f} s, box {box}: no vehicle, {_REASONS[one.reason]}{_sizes(one)}")


def _sizes(one: Rejection) -> str:
    """Return what was expected where its size is the reason, to follow the reason."""
    if one.expected_px is None:
        return ""
    left, top, right, bottom = one.box_xyxy
    least, most = one.expected_px
    measured = f": {right - left} x {bottom - top} px"
    if one.by_width:
        return f"{measured}, its zone's vehicles are {least}-{most} px wide"
    return f"{measured}, by what passes from {least} x {least} to {most} x {most} px"


def _as_of(finding: Finding, time_s: float) -> Finding:
    """Return the finding with its dwell up to the last frame where it has not ended."""
    if finding.end_s is not None:
        return finding
    return msgspec.structs.replace(finding, dwell_s=time_s - finding.start_s)


def _row(finding: Finding) -> dict[str, object]:
    left, top, right, bottom = finding.box_xyxy
    return {
        "kind": finding.kind,
        "start_s": _rounded(finding.start_s),
        "end_s": _rounded(finding.end_s),
        "alert_s": _rounded(finding.alert_s),
        "box": [left, top, right - left, bottom - top],
        "zone": finding.zone,
        "dwell_s": _rounded(finding.dwell_s),
        "verified": finding.verified,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _table(rows: list[dict[str, object]]) -> tuple[list[str], list[list[object]]]:
    """Return the headings and the cells of what was found."""
    names = list(rows[0]) if rows else []
    cells = [
        ["still there" if row[name] is None and name == "end_s" else row[name] for name in names]
        for row in rows
    ]
    return names, cells
