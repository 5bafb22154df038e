"""What is messy in a file of the user's own: each kind of fault by its count, with the lines of `ingest` that repair it. Pure.

Nothing is repaired here, and nothing is found by the stages: `ceteris init` tells, and params.yaml decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ceteris.dataset import ID, LABEL, META
from ceteris.errors import counted, some
from ceteris.kinds import array_kind
from ceteris.sections import Ingest
from ceteris.tables.labels import number_text
from ceteris.tables.repairs import OTHER, rare_classes, sets_of

__all__ = ["Finding", "REPAIRS", "found_in_rows", "line", "override", "with_lines"]

REPAIRS = (
    "encoding", "header_rows", "ids", "sentinels", "units", "decimal", "duplicates", "conflicting", "rare_classes",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One fault of a file.

    Attributes
    ----------
    repair : str
        One of `REPAIRS`.
    what : str
        What was seen, with its count and where: for the terminal, never for a file that git keeps.
    lines : mapping of str
        The keys of `ingest` that repair it, as they are to be; none where only a person can say.
    sure : bool
        Whether it is hardly anything but a fault; else it is repaired only where it is asked for by name, not among all.
    """

    repair: str
    what: str
    lines: Mapping[str, Any]
    sure: bool = True


def line(finding: Finding) -> str:
    """Return the lines of params.yaml that repair a fault, as one text."""
    return ", ".join(f"`ingest.{key}: {_spelled(value)}`" for key, value in finding.lines.items())


def override(finding: Finding) -> str:
    """Return the words of `dvc exp run` that try a repair beside what stands; "" where two such runs cannot be compared.

    They cannot where ids change, where classes are merged, and where the file is hardly read without the repair.
    """
    comparable = finding.repair in ("duplicates", "conflicting", "rare_classes", "sentinels", "units", "decimal")
    if len(finding.lines) != 1 or not comparable or OTHER in finding.lines.values():
        return ""
    key, value = next(iter(finding.lines.items()))
    spelled = _spelled(value).replace(": ", ":").replace(", ", ",")
    return f"-S 'ingest.{key}={spelled}'" if _OVERRIDE.match(spelled) else ""


def with_lines(ingest: Ingest, finding: Finding) -> dict[str, Any]:
    """Return the keys of `ingest` after a repair: maps are added to, lists are joined, others replaced."""
    made: dict[str, Any] = {}
    for key, value in finding.lines.items():
        before = getattr(ingest, key)
        if isinstance(value, dict):
            made[key] = {**(before or {}), **value}
            if key == "sentinels":
                made[key] |= {name: _joined((before or {}).get(name), values) for name, values in value.items()}
        else:
            made[key] = list(_joined(before, value)) if isinstance(value, list) else value
    return made


def found_in_rows(frame: pd.DataFrame, ingest: Ingest) -> Iterator[Finding]:
    """Yield the faults of whole rows: those that equal others, those that contradict others, and classes of few rows."""
    sets = sets_of(frame)
    coarse = _is_coarse(frame)
    chance = "; so few values differ that rows may be equal by chance" if coarse else ""
    if sets.copies.any():
        ids = frame[ID][sets.copies]
        what = f"{counted(len(ids), 'row equals', 'rows equal')} another in all but the id{chance}: {some(ids)}"
        yield Finding("duplicates", what, {"duplicates": "drop"}, sure=not coarse)
    if ingest.label_type == "number":
        return
    if sets.conflicting.any():
        ids, n_sets = frame[ID][sets.conflicting], len(set(sets.features[sets.conflicting]))
        what = f"{len(ids):,} rows in {counted(n_sets, 'set')} are equal in all features and differ in their label{chance}"
        what = f"{what}: {some(ids)}"
        yield Finding("conflicting", what, {"conflicting": "majority"}, sure=not coarse)
    rare = rare_classes(frame[LABEL], ingest.rare_below)
    if rare and frame[LABEL].nunique() - len(rare) + 1 >= 2:
        rows = int(frame[LABEL].isin(rare).sum())
        enough = len(rare) > 1 and rows >= ingest.rare_below
        have = counted(len(rare), "class has", "classes have")
        what = f"{have} fewer than {ingest.rare_below} rows ({counted(rows, 'row')} in all): {some(rare)}"
        become = OTHER if enough or frame[LABEL].nunique() - len(rare) < 2 else "drop"
        already = int((frame[LABEL] == OTHER).sum())
        if already and become == OTHER:
            what = f"{what}; they would join the {counted(already, 'row')} of the class {OTHER!r} that is there"
        yield Finding("rare_classes", what, {"rare_classes": become})


def _is_coarse(frame: pd.DataFrame) -> bool:
    """Whether so few values differ that some rows are equal by chance: there are more pairs of rows than kinds of row."""
    features = frame.drop(columns=[*META], errors="ignore")
    if any(array_kind(features[name]) for name in features.columns):
        return False
    combinations = sum(math.log(max(features[name].nunique(dropna=False), 1)) for name in features.columns)
    return bool(combinations < math.log(max(len(frame), 2) ** 2 / 2))


def _joined(before: Any, more: Any) -> list[Any]:
    return list(dict.fromkeys([*(before or ()), *more]))


def _spelled(value: Any) -> str:
    """Return a value as YAML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_spelled(key)}: {_spelled(held)}" for key, held in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(one if number_text(one) == one else _spelled(one) for one in value) + "]"
    if value is None:
        return "null"
    text = str(value)
    plain = not isinstance(value, str) or (_WORD.match(text) and text.lower() not in _TAKEN)
    return text if plain else "'" + text.replace("'", "''") + "'"


_WORD = re.compile(r"^[A-Za-z_][A-Za-z0-9_ ]*$")
_OVERRIDE = re.compile(r"^[\w{}\[\]:,.+-]+$")  # what Hydra reads as we mean it, without quotes
_TAKEN = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"))
