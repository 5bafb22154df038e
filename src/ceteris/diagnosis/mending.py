"""Steps of recipes that mend issues beyond labels: rows dropped, or weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ceteris.diagnosis.kinds import GROUP, flag
from ceteris.errors import ParamsError, counted, some
from ceteris.fixing.versions import Evidence, Version, extended
from ceteris.sections import Step

__all__ = ["drop_issues", "reweigh", "weigh_issues"]

DIAGNOSIS = "diagnosis"


def drop_issues(version: Version, step: Step, evidence: Evidence) -> Version:
    """Drop every row that has one of the step's issues."""
    rows = np.flatnonzero(_issue_rows(version, step, evidence))
    kept = version.kept.copy()
    kept[:, rows] = False
    note = f"without {counted(len(rows), 'row')} found as {some(step.issues or ())}"
    patch = extended(version.patch, rows, "drop", evidence, None, DIAGNOSIS)
    return replace(version, kept=kept, patch=patch, note="; ".join(filter(None, (version.note, note))))


def weigh_issues(version: Version, step: Step, evidence: Evidence) -> Version:
    """Give every row that has one of the step's issues its weight."""
    rows = _issue_rows(version, step, evidence)
    note = f"weight {step.weight:g} for {counted(int(rows.sum()), 'row')} found as {some(step.issues or ())}"
    return _weighed(version, np.where(rows, float(step.weight or 1.0), 1.0), note)


def reweigh(version: Version, step: Step, evidence: Evidence) -> Version:
    """Weigh rows so that every class weighs the same, or so that a property and the label are independent.

    Source: Kamiran & Calders (2012), Data preprocessing techniques for classification without discrimination.
    """
    if not evidence.classes:
        raise ParamsError(f"fix.recipes.{version.name}: reweigh is for classes, and labels are numbers.", "Take it out.")
    labels, kept = pd.Series(version.labels[0]), version.kept[0]
    if step.by == "class":
        share, within = pd.Series(1 / len(evidence.classes), index=labels.index), labels
    else:
        groups = _diagnosed(version.name, GROUP + str(step.by), evidence).reset_index(drop=True)
        share = labels.map(labels[kept].value_counts(normalize=True)) * groups.map(groups[kept].value_counts(normalize=True))
        within = groups + "\x00" + labels
    weights = share / within.map(within[kept].value_counts(normalize=True))
    return _weighed(version, weights.fillna(1.0).to_numpy(dtype=float), f"weighed by {step.by}")


def _issue_rows(version: Version, step: Step, evidence: Evidence) -> np.ndarray:
    """Return which rows have one of the issues of a step, shape (n_rows,)."""
    which = np.zeros(len(evidence.ids), dtype=bool)
    for name in step.issues or ():
        which |= _diagnosed(version.name, flag(name), evidence).to_numpy(dtype=bool)
    return which


def _diagnosed(name: str, column: str, evidence: Evidence) -> pd.Series:
    """Return a column of the table of issues beyond labels."""
    if evidence.diagnosis is None or column not in evidence.diagnosis:
        raise ParamsError(
            f"fix.recipes.{name} asks for {column}, of which the stage diagnose found nothing that it could judge.",
            "results/diagnose/issues.csv says why; or take the step out.",
        )
    return evidence.diagnosis[column]


def _weighed(version: Version, weights: np.ndarray, note: str) -> Version:
    standing = np.ones(version.kept.shape) if version.weights is None else version.weights
    return replace(version, weights=standing * weights, note="; ".join(filter(None, (version.note, note))))
