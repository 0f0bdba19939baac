"""Charts as SVG, drawn without any script: rates in percent, and how a time is made up."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH = 660
_LEFT = 44
_BAR = 18
_NAMES = 190


def rate_lines(
    labels: Sequence[str], lines: Sequence[tuple[str, Sequence[float | None]]], title: str
) -> str:
    """Draw rates over time; where there is no value, the line is broken.

    Args:
        labels: below the points.
        lines: a class of CSS, which gives the colour, and a value for each label.
        title: read out to who does not see it.
    """
    height, top, bottom = 190, 10, 160
    known = [value for _, values in lines for value in values if value is not None]
    least = min([99.0, *known])
    floor = max(0.0, least - (100 - least) * 0.15)
    step = (_WIDTH - _LEFT - 10) / max(1, len(labels) - 1)

    def x(place: int) -> float:
        return _LEFT + step * place

    def y(value: float) -> float:
        return top + (100 - value) / (100 - floor) * (bottom - top)

    parts = []
    for share in range(5):
        value = 100 - (100 - floor) * share / 4
        parts.append(
            f'<path class="grid" d="M{_LEFT} {y(value):.1f}H{_WIDTH}"/>'
            f'<text class="axis end" x="{_LEFT - 5}" y="{y(value) + 3.5:.1f}">{value:.4g}</text>'
        )
    every = max(1, len(labels) // 10)
    for place, label in enumerate(labels):
        if place % every == 0:
            parts.append(
                f'<text class="axis mid" x="{x(place):.1f}" y="{bottom + 16}">'
                f"{escape(label)}</text>"
            )
    for name, values in lines:
        for run in _runs(values):
            points = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in run)
            parts.append(f'<polyline class="line {name}" points="{points}"/>')
            parts += [
                f'<circle class="dot {name}" cx="{x(place):.1f}" cy="{y(value):.1f}" r="2"/>'
                for place, value in run
            ]
    return _svg(height, title, parts)


def rate_bars(rows: Sequence[tuple[str, float | None, str]], title: str) -> str:
    """Draw for each rate what is missing to all, so that good ones can be told apart.

    Args:
        rows: a name, a rate in percent, and what stands beside it: the rate in words, or why there
            is none.
        title: read out to who does not see it.
    """
    parts = []
    span = _WIDTH - _NAMES - 170
    most = max((100 - value for _, value, _ in rows if value is not None), default=0) or 1
    for place, (name, value, words) in enumerate(rows):
        y = place * (_BAR + 6) + 4
        parts.append(f'<text class="name" x="0" y="{y + 13}">{escape(name)}</text>')
        parts.append(f'<rect class="track" x="{_NAMES}" y="{y}" width="{span}" height="{_BAR}"/>')
        if value is not None:
            parts.append(
                f'<rect class="bar" x="{_NAMES}" y="{y}" width="{span * (100 - value) / most:.1f}"'
                f' height="{_BAR}"/>'
            )
        parts.append(
            f'<text class="axis" x="{_NAMES + span + 8}" y="{y + 13}">{escape(words)}</text>'
        )
    return _svg(len(rows) * (_BAR + 6) + 6, title, parts)


def time_bar(parts_of_it: Sequence[tuple[str, float]], title: str) -> str:
    """Draw how a time is made up, as one bar.

    Args:
        parts_of_it: a class of CSS and a length, in the order of drawing.
        title: read out to who does not see it.
    """
    total = sum(length for _, length in parts_of_it) or 1.0
    x, parts = 0.0, []
    for name, length in parts_of_it:
        width = _WIDTH * length / total
        parts.append(
            f'<rect class="time {name}" x="{x:.1f}" y="0" width="{width:.1f}" height="22"/>'
        )
        x += width
    return _svg(24, title, parts)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, value))
    return [run for run in runs if run]


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
