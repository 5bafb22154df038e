"""The kinds of issues beyond labels: what each is called, what it says, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["COLUMNS", "FOUND", "GROUP", "KINDS", "NONE", "NOT_JUDGED", "OF_ROWS", "Kind", "flag", "score"]

GROUP = "group:"  # before the name of a property, in the table of rows
COLUMNS = ("kind", "status", "rows", "judged", "of", "about", "why", "examples")
FOUND, NONE, NOT_JUDGED = "found", "none", "not judged"


@dataclass(frozen=True)
class Kind:
    """One kind of issue.

    Attributes
    ----------
    name : str
        As recipes and tables have it.
    told : str
        What it says of a row, or of the data.
    of_rows : bool
        Whether single rows have it; else the data as a whole does.
    step : str
        The line of a recipe that mends it; "" where none can.
    otherwise : str
        What else mends it.
    """

    name: str
    told: str
    of_rows: bool = True
    step: str = ""
    otherwise: str = ""


def _dropped(name: str) -> str:
    return f"step: drop_issues, issues: [{name}]"


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "leakage", "nearly equal to a validation row", step=_dropped("leakage"), otherwise="split.near_copies: together"
            ),
            Kind("exact_duplicate", "equal to an earlier row in every feature", step=_dropped("exact_duplicate")),
            Kind("near_duplicate", "nearly equal to an earlier row, exact copies among them", step=_dropped("near_duplicate")),
            Kind("outlier", "far from every other row", step=_dropped("outlier")),
            Kind("missing", "without any value", step=_dropped("missing")),
            Kind("picture", "a picture that is dark, light, blurred, empty or of an odd form", step=_dropped("picture")),
            Kind(
                "underperforming_group",
                "in a group of like rows that the audit model is worst on",
                step="step: weigh_issues, issues: [underperforming_group], weight: 2",
                otherwise="more rows like these",
            ),
            Kind("class_imbalance", "of a rare class", step="step: reweigh, by: class", otherwise="more rows of the class"),
            Kind(
                "spurious_correlation",
                "the label can be told from what should not tell it",
                of_rows=False,
                step="step: reweigh, by: PROPERTY",
                otherwise="drop the column (ingest.drop), or collect rows without the correlation",
            ),
            Kind(
                "non_iid",
                "rows that stand near each other in order are alike",
                of_rows=False,
                otherwise="split.by: time, or ingest.group",
            ),
        )
    }
)
OF_ROWS = tuple(kind.name for kind in KINDS.values() if kind.of_rows)


def flag(kind: str) -> str:
    """Return the column of the issues table that says whether a row has it."""
    return f"is_{kind}_issue"


def score(kind: str) -> str:
    """Return the column of how good a row is in this respect, in [0, 1], low = bad, NaN = not judged."""
    return f"{kind}_score"
