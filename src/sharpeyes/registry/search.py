"""Which cameras are meant: what a list, a count or a page is narrowed down by."""

from __future__ import annotations

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.divisions import SUBTREE
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.fields import refuse_division_code, refuse_text

_IN_SUBTREE = (
    f"division_code IN (WITH RECURSIVE subtree AS ({SUBTREE.format(root='{0}')})"  # noqa: S608  # ours
    " SELECT division_code FROM subtree)"
)
_HAS_TEXT = (
    "(strpos(lower(name), {0}) > 0 OR strpos(device_code, {0}) > 0 OR strpos(host, {0}) > 0)"
)


class CameraQuery:
    """A query that names only what was asked for, so that the planner sees no more than that.

    Args:
        tier: Only this tier.
        division_code: Only this division and those below it.
        text: Only where the device code, the name or the host has this text in it.

    Attributes:
        arguments: The values of `$1`, `$2`, ... in the query.

    Raises:
        UnknownDivisionError: No division can have such a code.
    """

    def __init__(self, tier: Tier | None, division_code: str | None, text: str | None) -> None:
        self.arguments: list[object] = []
        self._conditions: list[str] = []
        if tier is not None:
            self.require("tier = {0}", tier)
        if division_code is not None:
            if refuse_division_code(division_code):
                raise UnknownDivisionError(division_code)
            self.require(_IN_SUBTREE, division_code)
        if text is not None and text.strip():
            if refuse_text(text):
                # Nothing on file has such characters; some the database would not even take.
                self._conditions.append("false")
            else:
                self.require(_HAS_TEXT, text.strip().lower())

    def require(self, condition: str, argument: object) -> None:
        """Narrow down further; `{0}` in the condition stands for the argument."""
        self.arguments.append(argument)
        self._conditions.append(condition.format(f"${len(self.arguments)}"))

    def sql(self, what: str) -> str:
        """Return the query for `what` of the cameras, open for ORDER BY and LIMIT."""
        conditions = " AND ".join(self._conditions) or "true"
        return f"SELECT {what} FROM camera WHERE {conditions}"  # noqa: S608  # ours
