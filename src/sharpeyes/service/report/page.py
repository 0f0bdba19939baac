"""The report of a month as one HTML file: printable on A4, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from html import escape
from zoneinfo import ZoneInfo

from sharpeyes.health.availability import Standing
from sharpeyes.health.availability_figures import Availability
from sharpeyes.health.month import GroupMonth
from sharpeyes.registry.figures import Figure
from sharpeyes.service.report.charts import rate_bars, rate_lines, time_bar
from sharpeyes.service.report.month_report import MonthReport
from sharpeyes.service.report.sheet import Sheet
from sharpeyes.service.report.style import STYLE
from sharpeyes.service.report.words import Language
from sharpeyes.service.report.writing import Writing, number

_Name = Callable[[str | None], str]


class _Page(Writing):
    """Writes the whole of it."""

    def html(self) -> str:
        word, report = self.words, self.report
        zone = ZoneInfo(report.time_zone)
        scope = self.division(report.division.division_code) if report.division else word["city"]
        made = f"{report.as_of.astimezone(zone):%Y-%m-%d %H:%M} ({report.time_zone})"
        parts = [
            f"<h1>{escape(word['title'])}</h1>",
            f"<p>{escape(scope)} · {word['month']} {report.month} · {word['made']} {made}</p>",
        ]
        if not report.is_over:
            parts.append(f"<p class='missed'>{word['unfinished']}</p>")
        parts += [Sheet(report, self.language).html(), self._trend(zone), self._time()]
        parts.append(self._groups("by_tier", report.availability.by_tier, self.tier))
        parts.append(self._groups("by_division", report.availability.by_division, self.division))
        parts += [self._clocks(), self._worst(), self._definitions()]
        return (
            f'<!DOCTYPE html>\n<html lang="{"zh-CN" if self.language == "zh" else "en"}"><head>'
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(word['title'])} {report.month}</title><style>{STYLE}</style></head>"
            f"<body>{''.join(parts)}</body></html>\n"
        )

    def _trend(self, zone: ZoneInfo) -> str:
        word, report = self.words, self.report
        if not report.days:
            return self.section("trend", f"<p>{word['trend_none']}</p>")
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
        return self.section("trend", f"<figure>{chart}<figcaption>{keys}</figcaption></figure>")

    def _time(self) -> str:
        word = self.words
        hours = self.report.availability.total.availability.hours
        if not hours:
            return ""
        total = sum(hours.values())
        shown = [(its.value, hours[its.value]) for its in Standing if its.value in hours]
        keys = "".join(
            f"<span class='key {name}'>{escape(word[name])} {length:,.0f} {word['hours']}"
            f" ({100 * length / total:.3g} %)</span> "
            for name, length in shown
        )
        return self.section(
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
                    self.short(group.availability.online_rate),
                )
                for name, group in zip(names, groups, strict=True)
            ],
            f"{self.words[title]}: {self.words['not_online']}",
        )
        table = self._availability_table(
            [
                (name, group.cameras, group.availability)
                for name, group in zip(names, groups, strict=True)
            ]
        )
        return self.section(
            title,
            f"<figure>{bars}<figcaption>{self.words['not_online']}</figcaption></figure>{table}",
        )

    def _availability_table(self, rows: Iterable[tuple[str, Figure | None, Availability]]) -> str:
        word = self.words
        head = ["", word["online"], word["intact"], word["faults"], word["mttr"], word["base"]]
        body = []
        for name, cameras, of in rows:
            base = f"{of.online_rate.base:,.0f} {word['camera_hours']}"
            if cameras is not None:
                base = (
                    f"{word['measured']} {cameras.fulfilled:,} / {cameras.total:,}"
                    f"{self.reasons(cameras)}"
                )
            body.append(
                (
                    f"<td>{escape(name)}</td>",
                    f"<td class='big'>{escape(self.short(of.online_rate))}</td>",
                    f"<td>{escape(self.short(of.intact_rate))}</td>",
                    f"<td>{escape(self.short(of.faults, ''))}</td>",
                    f"<td>{escape(self.short(of.mean_time_to_repair_h, word['hours']))}</td>",
                    self.quiet(base),
                )
            )
        return self.table(head, body)

    def _clocks(self) -> str:
        word = self.words
        rows = []
        for of in self.report.clocks.by_maker:
            maker = word["not_on_file"] if of.maker is None else str(of.maker)
            shares = (of.within_1_s, of.within_5_s, of.within_60_s)
            rows.append(
                (
                    f"<td>{escape(maker)}</td>",
                    *(
                        f"<td>{'—' if its.percent is None else f'{number(its.percent)} %'}</td>"
                        for its in shares
                    ),
                    f"<td>{escape(self.short(of.median_s, 's'))}</td>",
                    f"<td>{of.mislabelled:,}</td>",
                    self.quiet(
                        f"{of.within_5_s.judged:,} {word['cameras']}{self.reasons(of.within_5_s)}"
                    ),
                )
            )
        names = ("maker", "within_1_s", "within_5_s", "within_60_s", "clock_median", "mislabelled")
        head = [word[name] for name in names]
        return self.section("by_maker", self.table([*head, word["base"]], rows)) if rows else ""

    def _worst(self) -> str:
        word, figures = self.words, self.report.availability
        parts = []
        for title, groups, name_of in (
            ("worst_streets", figures.worst_streets, self.division),
            ("worst_makers", figures.worst_makers, self.maker),
        ):
            rows = [(name_of(of.key), of.cameras, of.availability) for of in groups]
            table = self._availability_table(rows) if rows else f"<p>{word['none']}</p>"
            parts.append(self.section(title, table))
        cameras = [
            (f"{of.device_code} {of.name}", None, of.availability) for of in figures.worst_cameras
        ]
        table = self._availability_table(cameras) if cameras else f"<p>{word['none']}</p>"
        note = f"<p class='quiet'>{word['worst_note']}</p>"
        return "".join(parts) + self.section("worst_cameras", table + note)

    def _definitions(self) -> str:
        names = ("definition_online", "definition_intact", "definition_fault")
        lines = "".join(f"<p class='quiet'>{escape(self.words[name])}</p>" for name in names)
        return self.section("definitions", lines)


def report_page(report: MonthReport, language: Language) -> str:
    """Write the report as one HTML file."""
    return _Page(report, language).html()
