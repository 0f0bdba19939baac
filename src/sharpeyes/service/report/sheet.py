"""The acceptance sheet: every figure that is asked for, what was asked, and whether it is met."""

from __future__ import annotations

from html import escape
from typing import Final

from sharpeyes.health.availability_figures import Value
from sharpeyes.registry.figures import Figure
from sharpeyes.service.report.writing import Writing, number

INTACT_AIM: Final = 98.0
ALL_AIM: Final = 100.0


class Sheet(Writing):
    """Writes the sheet."""

    def html(self) -> str:
        """Write it as one part of the page."""
        word, report = self.words, self.report
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
        return self.section(
            "sheet",
            self.table([word[name] for name in head], rows)
            + f"<p class='quiet'>{escape(word['now_note'])}</p>",
        )

    def _figure_row(
        self, name: str, of: Figure, aim: float | None, unit: str, empty: str = "nobody"
    ) -> tuple[str, ...]:
        word = self.words
        base = f"{of.judged:,} {word[unit]}{self.reasons(of)}"
        if of.percent is None:
            why = empty if not of.total else next(iter(of.not_judged), "nobody")
            base = f"{word['because']}: {self.word(why)}" + (self.reasons(of) if of.total else "")
        return self._row(name, of.percent, "%", aim, base)

    def _value_row(
        self, name: str, of: Value, unit: str, aim: float | None = None
    ) -> tuple[str, ...]:
        word = self.words
        base = f"{of.base:,.0f} {word[of.base_unit]}"
        if of.value is None:
            base = f"{word['because']}: {self.word(of.why_not or '')}"
        return self._row(name, of.value, unit, aim, base)

    def _row(
        self, name: str, value: float | None, unit: str, aim: float | None, base: str
    ) -> tuple[str, ...]:
        word = self.words
        asked, result = word["no_aim"], word["no_aim"]
        if aim is not None:
            asked = "100 %" if aim == ALL_AIM else f"≥ {aim:g} %"
            result = word["open"]
            if value is not None:
                met = value >= aim
                result = f"<span class='{'met' if met else 'missed'}'>"
                result += f"{word['met' if met else 'missed']}</span>"
        shown = word["not_known"] if value is None else f"{number(value)} {unit}".strip()
        cell = f"<td class='big'>{escape(shown)}</td>"
        return (
            f"<td>{escape(word[name])}</td>",
            cell,
            f"<td class='one-line'>{asked}</td>",
            f"<td class='one-line'>{result}</td>",
            self.quiet(base),
        )

    def _count_row(self, name: str, of: Figure) -> tuple[str, ...]:
        word = self.words
        return (
            f"<td>{escape(word[name])}</td>",
            f"<td class='big'>{of.fulfilled:,}</td>",
            f"<td>{word['no_aim']}</td>",
            f"<td>{word['no_aim']}</td>",
            self.quiet(f"{word['of']} {of.total:,} {word['cameras']}{self.reasons(of)}"),
        )
