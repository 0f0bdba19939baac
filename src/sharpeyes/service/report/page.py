"""The report of a month as one HTML file: printable on A4, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from sharpeyes.health.availability import Standing
from sharpeyes.health.availability_figures import Availability, Value
from sharpeyes.health.month import GroupMonth
from sharpeyes.registry.figures import Figure
from sharpeyes.service.report.charts import rate_bars, rate_lines, time_bar
from sharpeyes.service.report.month_report import MonthReport
from sharpeyes.service.report.words import Language, words

INTACT_AIM: Final = 98.0
ALL_AIM: Final = 100.0

STYLE: Final = """
@page { size: A4; margin: 14mm; }
* { box-sizing: border-box; }
body { font: 13px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #1c2430;
  background: #fff; max-width: 190mm; margin: 0 auto; padding: 8mm 4mm; }
h1 { font-size: 22px; margin: 0 0 2px; }
h2 { font-size: 15px; margin: 22px 0 6px; border-bottom: 1px solid #c9d2dd; padding-bottom: 3px; }
p { margin: 4px 0; }
.quiet { color: #576272; font-size: 12px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 8px 4px 0; border-bottom: 1px solid #e4e9ef;
  vertical-align: top; }
th { font-weight: 600; color: #576272; font-size: 12px; }
td.big { font-weight: 600; white-space: nowrap; }
td.code { font-family: ui-monospace, monospace; font-size: 11.5px; }
.one-line { white-space: nowrap; }
.met { color: #17663a; white-space: nowrap; }
.missed { color: #a3261d; font-weight: 600; white-space: nowrap; }
section, table, figure { break-inside: avoid; }
thead { display: table-header-group; }
figure { margin: 6px 0; }
figcaption { font-size: 12px; color: #576272; }
svg { width: 100%; height: auto; display: block; }
svg .grid { stroke: #e4e9ef; }
svg text { font-size: 11px; fill: #576272; }
svg .name { fill: #1c2430; }
svg .end { text-anchor: end; }
svg .mid { text-anchor: middle; }
svg .line { fill: none; stroke-width: 2; }
svg .line.online { stroke: #1f5fa8; } svg .dot.online { fill: #1f5fa8; }
svg .line.intact { stroke: #b35c00; stroke-dasharray: 5 3; } svg .dot.intact { fill: #b35c00; }
svg .track { fill: #eef2f6; } svg .bar { fill: #b3322a; }
.key::before { content: ""; display: inline-block; width: 11px; height: 11px; margin-right: 5px; }
.key { margin-right: 14px; white-space: nowrap; }
.key.online::before { background: #1f5fa8; } .key.intact::before { background: #b35c00; }
svg .well { fill: #2e7d4f; } .key.well::before { background: #2e7d4f; }
svg .impaired { fill: #8ab86a; } .key.impaired::before { background: #8ab86a; }
svg .unseen { fill: #c9b458; } .key.unseen::before { background: #c9b458; }
svg .faulty { fill: #d98032; } .key.faulty::before { background: #d98032; }
svg .offline { fill: #b3322a; } .key.offline::before { background: #b3322a; }
svg .unreachable { fill: #7a4a74; } .key.unreachable::before { background: #7a4a74; }
svg .unknown { fill: #8b95a3; } .key.unknown::before { background: #8b95a3; }
svg .maintenance { fill: #5b8fc4; } .key.maintenance::before { background: #5b8fc4; }
svg .on_request { fill: #cdd5de; } .key.on_request::before { background: #cdd5de; }
svg .never { fill: #dfe4ea; } .key.never::before { background: #dfe4ea; }
svg .planned { fill: #eef1f4; } .key.planned::before { background: #eef1f4; }
@media print { body { padding: 0; max-width: none; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; } }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
"""The content security policy under which a browser shows it: its own style, and nothing else."""


_Name = Callable[[str | None], str]


class _Page:
    """Writes one report in one language."""

    def __init__(self, report: MonthReport, language: Language) -> None:
        self._report = report
        self._language = language
        self._words = words(language)

    def html(self) -> str:
        word, report = self._words, self._report
        zone = ZoneInfo(report.time_zone)
        scope = self._division(report.division.division_code) if report.division else word["city"]
        made = f"{report.as_of.astimezone(zone):%Y-%m-%d %H:%M} ({report.time_zone})"
        parts = [
            f"<h1>{escape(word['title'])}</h1>",
            f"<p>{escape(scope)} · {word['month']} {report.month} · {word['made']} {made}</p>",
        ]
        if not report.is_over:
            parts.append(f"<p class='missed'>{word['unfinished']}</p>")
        parts += [self._sheet(), self._trend(zone), self._time()]
        parts.append(self._groups("by_tier", report.availability.by_tier, self._tier))
        parts.append(self._groups("by_division", report.availability.by_division, self._division))
        parts += [self._clocks(), self._worst(), self._definitions()]
        return (
            f'<!DOCTYPE html>\n<html lang="{"zh-CN" if self._language == "zh" else "en"}"><head>'
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(word['title'])} {report.month}</title><style>{STYLE}</style></head>"
            f"<body>{''.join(parts)}</body></html>\n"
        )

    def _sheet(self) -> str:
        word, report = self._words, self._report
        total = report.availability.total
        figures = total.availability
        clocks = report.clocks.total
        rows = [
            self._figure_row("filing", report.filing.total.complete, ALL_AIM, "cameras"),
            self._figure_row("coverage", report.coverage.total, ALL_AIM, "places", "no_places"),
            self._figure_row("networked", report.filing.total.networked, ALL_AIM, "cameras"),
            self._value_row("intact", figures.intact_rate, "%", INTACT_AIM),
            self._value_row("online", figures.online_rate, "%"),
            self._value_row("faults", figures.faults, ""),
            self._value_row("mttr", figures.mean_time_to_repair_h, word["hours"]),
            self._figure_row("clock", clocks.within_5_s, None, "cameras"),
            self._value_row("clock_median", clocks.median_s, "s"),
            self._figure_row("recording_filed", report.recording_days_filed, None, "cameras"),
            self._figure_row("recording_measured", report.recording_days_measured, None, "cameras"),
            self._count_row("measured_base", total.cameras),
        ]
        head = ("item", "value", "aim", "result", "base")
        return self._section(
            "sheet",
            self._table([word[name] for name in head], rows)
            + f"<p class='quiet'>{escape(word['now_note'])}</p>",
        )

    def _figure_row(
        self, name: str, of: Figure, aim: float | None, unit: str, empty: str = "nobody"
    ) -> tuple[str, ...]:
        word = self._words
        base = f"{of.judged:,} {word[unit]}{self._reasons(of)}"
        if of.percent is None:
            why = empty if not of.total else next(iter(of.not_judged), "nobody")
            base = f"{word['because']}: {self._word(why)}" + (self._reasons(of) if of.total else "")
        return self._row(name, of.percent, "%", aim, base)

    def _value_row(
        self, name: str, of: Value, unit: str, aim: float | None = None
    ) -> tuple[str, ...]:
        word = self._words
        base = f"{of.base:,.0f} {word[of.base_unit]}"
        if of.value is None:
            base = f"{word['because']}: {self._word(of.why_not or '')}"
        return self._row(name, of.value, unit, aim, base)

    def _row(
        self, name: str, value: float | None, unit: str, aim: float | None, base: str
    ) -> tuple[str, ...]:
        word = self._words
        asked, result = word["no_aim"], word["no_aim"]
        if aim is not None:
            asked = "100 %" if aim == ALL_AIM else f"≥ {aim:g} %"
            result = word["open"]
            if value is not None:
                met = value >= aim
                result = f"<span class='{'met' if met else 'missed'}'>"
                result += f"{word['met' if met else 'missed']}</span>"
        shown = word["not_known"] if value is None else f"{_number(value)} {unit}".strip()
        cell = f"<td class='big'>{escape(shown)}</td>"
        return (
            f"<td>{escape(word[name])}</td>",
            cell,
            f"<td class='one-line'>{asked}</td>",
            f"<td class='one-line'>{result}</td>",
            self._quiet(base),
        )

    def _count_row(self, name: str, of: Figure) -> tuple[str, ...]:
        word = self._words
        return (
            f"<td>{escape(word[name])}</td>",
            f"<td class='big'>{of.fulfilled:,}</td>",
            f"<td>{word['no_aim']}</td>",
            f"<td>{word['no_aim']}</td>",
            self._quiet(f"{word['of']} {of.total:,} {word['cameras']}{self._reasons(of)}"),
        )

    def _trend(self, zone: ZoneInfo) -> str:
        word, report = self._words, self._report
        if not report.days:
            return self._section("trend", f"<p>{word['trend_none']}</p>")
        known = {row.key: row.availability for row in report.days}
        day = report.availability.since.astimezone(zone).date()
        last = (report.availability.until - timedelta(microseconds=1)).astimezone(zone).date()
        days = []
        while day <= last:
            days.append(day)
            day += timedelta(days=1)
        found = [known.get(day.isoformat()) for day in days]
        chart = rate_lines(
            [f"{day:%m-%d}" for day in days],
            [
                ("online", [of.online_rate.value if of else None for of in found]),
                ("intact", [of.intact_rate.value if of else None for of in found]),
            ],
            word["trend"],
        )
        keys = "".join(f"<span class='key {n}'>{word[n]} (%)</span>" for n in ("online", "intact"))
        return self._section("trend", f"<figure>{chart}<figcaption>{keys}</figcaption></figure>")

    def _time(self) -> str:
        word = self._words
        hours = self._report.availability.total.availability.hours
        if not hours:
            return ""
        total = sum(hours.values())
        shown = [(its.value, hours[its.value]) for its in Standing if its.value in hours]
        keys = "".join(
            f"<span class='key {name}'>{escape(word[name])} {length:,.0f} {word['hours']}"
            f" ({100 * length / total:.3g} %)</span> "
            for name, length in shown
        )
        return self._section(
            "time",
            f"<figure>{time_bar(shown, word['time'])}<figcaption>{keys}</figcaption></figure>"
            f"<p class='quiet'>{word['time_note']}</p>",
        )

    def _groups(self, title: str, groups: Sequence[GroupMonth], name_of: _Name) -> str:
        if not groups:
            return ""
        names = [name_of(group.key) for group in groups]
        bars = rate_bars(
            [
                (
                    name,
                    group.availability.online_rate.value,
                    self._short(group.availability.online_rate),
                )
                for name, group in zip(names, groups, strict=True)
            ],
            f"{self._words[title]}: {self._words['not_online']}",
        )
        table = self._availability_table(
            [
                (name, group.cameras, group.availability)
                for name, group in zip(names, groups, strict=True)
            ]
        )
        return self._section(
            title,
            f"<figure>{bars}<figcaption>{self._words['not_online']}</figcaption></figure>{table}",
        )

    def _availability_table(self, rows: Iterable[tuple[str, Figure | None, Availability]]) -> str:
        word = self._words
        head = ["", word["online"], word["intact"], word["faults"], word["mttr"], word["base"]]
        body = []
        for name, cameras, of in rows:
            base = f"{of.online_rate.base:,.0f} {word['camera_hours']}"
            if cameras is not None:
                base = (
                    f"{word['measured']} {cameras.fulfilled:,} / {cameras.total:,}"
                    f"{self._reasons(cameras)}"
                )
            body.append(
                (
                    f"<td>{escape(name)}</td>",
                    f"<td class='big'>{escape(self._short(of.online_rate))}</td>",
                    f"<td>{escape(self._short(of.intact_rate))}</td>",
                    f"<td>{escape(self._short(of.faults, ''))}</td>",
                    f"<td>{escape(self._short(of.mean_time_to_repair_h, word['hours']))}</td>",
                    self._quiet(base),
                )
            )
        return self._table(head, body)

    def _clocks(self) -> str:
        word = self._words
        rows = []
        for of in self._report.clocks.by_maker:
            maker = word["not_on_file"] if of.maker is None else str(of.maker)
            shares = (of.within_1_s, of.within_5_s, of.within_60_s)
            rows.append(
                (
                    f"<td>{escape(maker)}</td>",
                    *(
                        f"<td>{'—' if its.percent is None else f'{_number(its.percent)} %'}</td>"
                        for its in shares
                    ),
                    f"<td>{escape(self._short(of.median_s, 's'))}</td>",
                    f"<td>{of.mislabelled:,}</td>",
                    self._quiet(
                        f"{of.within_5_s.judged:,} {word['cameras']}{self._reasons(of.within_5_s)}"
                    ),
                )
            )
        names = ("maker", "within_1_s", "within_5_s", "within_60_s", "clock_median", "mislabelled")
        head = [word[name] for name in names]
        return self._section("by_maker", self._table([*head, word["base"]], rows)) if rows else ""

    def _worst(self) -> str:
        word, figures = self._words, self._report.availability
        parts = []
        for title, groups, name_of in (
            ("worst_streets", figures.worst_streets, self._division),
            ("worst_makers", figures.worst_makers, self._maker),
        ):
            rows = [(name_of(of.key), of.cameras, of.availability) for of in groups]
            table = self._availability_table(rows) if rows else f"<p>{word['none']}</p>"
            parts.append(self._section(title, table))
        cameras = [
            (f"{of.device_code} {of.name}", None, of.availability) for of in figures.worst_cameras
        ]
        table = self._availability_table(cameras) if cameras else f"<p>{word['none']}</p>"
        note = f"<p class='quiet'>{word['worst_note']}</p>"
        return "".join(parts) + self._section("worst_cameras", table + note)

    def _definitions(self) -> str:
        names = ("definition_online", "definition_intact", "definition_fault")
        lines = "".join(f"<p class='quiet'>{escape(self._words[name])}</p>" for name in names)
        return self._section("definitions", lines)

    def _quiet(self, text: str) -> str:  # beside the other cells
        return f"<td class='quiet'>{escape(text)}</td>"

    def _section(self, title: str, content: str) -> str:
        return f"<section><h2>{escape(self._words[title])}</h2>{content}</section>"

    def _table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        heads = "".join(f"<th>{escape(name)}</th>" for name in head)
        body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"

    def _short(self, of: Value, unit: str = "%") -> str:
        if of.value is None:
            return self._word(of.why_not or "")
        return f"{_number(of.value)} {unit}".strip()

    def _reasons(self, of: Figure) -> str:
        return "".join(
            f"; {number:,} {self._word(reason)}" for reason, number in of.not_judged.items()
        )

    def _word(self, name: str) -> str:
        return self._words.get(name, name.replace("_", " "))

    def _tier(self, key: str | None) -> str:
        return self._words[f"tier_{key}"]

    def _maker(self, key: str | None) -> str:
        return self._words["not_on_file"] if key is None else f"{self._words['maker']} {key}"

    def _division(self, key: str | None) -> str:
        if key is None:
            return self._words["filed_above"]
        both = self._report.names.get(key)
        return key if both is None else both[self._language == "en"]


def report_page(report: MonthReport, language: Language) -> str:
    """Write the report as one HTML file."""
    return _Page(report, language).html()


def _number(value: float) -> str:
    """Write a figure so that it can be read: never rounded up to all, nor down to none."""
    digits = 3 if abs(value) < 100 else 0  # noqa: PLR2004  # a percentage or some hours
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
