"""What every part of the report is written with: cells, tables, names, figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sharpeyes.health.availability_figures import Value
from sharpeyes.registry.figures import Figure
from sharpeyes.service.report.month_report import MonthReport
from sharpeyes.service.report.words import Language, words


class Writing:
    """Writes parts of one report in one language.

    Args:
        report: what is told.
        language: of its words and names.
    """

    def __init__(self, report: MonthReport, language: Language) -> None:
        self.report = report
        self.language = language
        self.words = words(language)

    def quiet(self, text: str) -> str:
        """Write a cell that stands beside the others."""
        return f"<td class='quiet'>{escape(text)}</td>"

    def section(self, title: str, content: str) -> str:
        """Write a part of the page under its title."""
        return f"<section><h2>{escape(self.words[title])}</h2>{content}</section>"

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """Write a table of cells that are written already."""
        heads = "".join(f"<th>{escape(name)}</th>" for name in head)
        body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"

    def short(self, of: Value, unit: str = "%") -> str:
        """Write a value, or why there is none."""
        if of.value is None:
            return self.word(of.why_not or "")
        return f"{number(of.value)} {unit}".strip()

    def reasons(self, of: Figure) -> str:
        """Write what was not judged, and why."""
        return "".join(
            f"; {count:,} {self.word(reason)}" for reason, count in of.not_judged.items()
        )

    def word(self, name: str) -> str:
        """Return a word; what the service names and has none is written as it is."""
        return self.words.get(name, name.replace("_", " "))

    def tier(self, key: str | None) -> str:
        """Name a tier."""
        return self.words[f"tier_{key}"]

    def maker(self, key: str | None) -> str:
        """Name a maker."""
        return self.words["not_on_file"] if key is None else f"{self.words['maker']} {key}"

    def division(self, key: str | None) -> str:
        """Name a division in the language of the report."""
        if key is None:
            return self.words["filed_above"]
        both = self.report.names.get(key)
        return key if both is None else both[self.language == "en"]


def number(value: float) -> str:
    """Write a figure so that it can be read: never rounded up to all, nor down to none."""
    digits = 3 if abs(value) < 100 else 0  # noqa: PLR2004  # a percentage or some hours
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
