"""What is wrong with the data, in the words of the report: what was found, what mends it, and what that was worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ceteris.diagnosis.kinds import COLUMNS, FOUND, KINDS, NONE, NOT_JUDGED
from ceteris.families.found import COLUMNS as OF_FAMILIES
from ceteris.families.line import share_text
from ceteris.families.unsure import COLUMNS as OF_UNSURE
from ceteris.telling.finding import Finding
from ceteris.telling.story import against_given
from ceteris.telling.wording import count

__all__ = ["diagnosis_told", "families_told", "no_families", "no_kinds", "none_unsure"]


def no_kinds() -> pd.DataFrame:
    """Return the table of kinds where nothing was looked for."""
    return pd.DataFrame(columns=list(COLUMNS))


def no_families() -> pd.DataFrame:
    """Return the table of families where none was looked for."""
    return pd.DataFrame(columns=list(OF_FAMILIES))


def none_unsure() -> pd.DataFrame:
    """Return the table of where the audit's model is unsure, where it was not looked for."""
    return pd.DataFrame(columns=list(OF_UNSURE))


def families_told(families: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the report shows of each family.

    Parameters
    ----------
    families : DataFrame
        results/diagnose/families.csv; may be empty.
    """
    return [
        {
            "pattern": str(family["pattern"]),
            "rows": int(family["rows"]),
            "doubted": share_text(family["doubted"]),
            "expected": share_text(family["expected"]),
            "given": f"{share_text(family['given_share'])} given {family['given_label']}" if family["given_label"] else "",
            "overlap": int(family["rows"] - family["new_rows"]),
            "examples": json.loads(str(family["examples"])),
        }
        for family in families.to_dict("records")
    ]


def diagnosis_told(
    kinds: pd.DataFrame, recipes: Mapping[str, Sequence[Any]], found: Sequence[Finding], metric: str, model: str
) -> dict[str, Any]:
    """Return what the report shows of issues beyond labels.

    Parameters
    ----------
    kinds : DataFrame
        results/diagnose/issues.csv; may be empty.
    recipes : mapping of str to steps
        `fix.recipes`: a version that mends one kind and does nothing else tells what that is worth.
    found : sequence of Finding
    metric, model : str
        The primary metric, and the model that is held fixed.
    """
    lines = kinds.fillna({"about": "", "why": "", "examples": "[]"}).to_dict("records")
    worth_of = [one for one in against_given(found, metric) if one.baseline_model == model]
    worth = {kind: [one for one in worth_of if one.candidate_version in _mending(kind, recipes)] for kind in KINDS}
    return {
        "found": [_line(row, worth[str(row["kind"])]) for row in lines if row["status"] == FOUND],
        "none": [_word(str(row["kind"])) for row in lines if row["status"] == NONE],
        "noted": [f"{_word(str(row['kind']))}: {row['about']}" for row in lines if row["status"] == NONE and row["about"]],
        "unjudged": [(_word(str(row["kind"])), row["why"]) for row in lines if row["status"] == NOT_JUDGED]
        + [
            (_word(str(row["kind"])), f"{count(row['of'] - row['judged'])} of {count(row['of'])} rows lie outside the sample")
            for row in lines
            if row["status"] != NOT_JUDGED and row["judged"] < row["of"]
        ],
    }


def _line(row: Mapping[Any, Any], worth: list[Finding]) -> dict[str, Any]:
    kind = KINDS[str(row["kind"])]
    return {
        "kind": _word(kind.name),
        "told": kind.told,
        "rows": f"{count(row['rows'])} of {count(row['judged'])}" if kind.of_rows else "all",
        "about": row["about"],
        "examples": json.loads(str(row["examples"])),
        "step": kind.step,
        "otherwise": kind.otherwise,
        "worth": worth,
    }


def _word(kind: str) -> str:
    return kind.replace("_", " ")


def _mending(kind: str, recipes: Mapping[str, Sequence[Any]]) -> set[str]:
    """Return the versions that mend this kind and do nothing else."""
    return {name for name, steps in recipes.items() if len(steps) == 1 and kind in _kinds_of(steps[0])}


def _kinds_of(step: Any) -> tuple[str, ...]:
    if step.issues:
        return tuple(step.issues) if len(step.issues) == 1 else ()
    if step.by is None:
        return ()
    return ("class_imbalance",) if step.by == "class" else ("spurious_correlation",)
