"""May it be served? Guards of the candidate's package and of what the look saw; only where every one holds is it promoted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.errors import CeterisError
from ceteris.measuring.slicing import FEWEST, sliced
from ceteris.release.calibration import calibration_of
from ceteris.release.folder import ACCEPTANCE, CANDIDATE, GATE, GROUPS, JUDGED, read_terms
from ceteris.release.gate_terms import Gate
from ceteris.release.guards import (
    NOT_APPLICABLE,
    UNKNOWN,
    Guard,
    at_most,
    load_guards,
    opens,
    package_guard,
    slice_guards,
    verdict_guard,
)
from ceteris.release.judged import CANDIDATE as OF_CANDIDATE
from ceteris.release.judged import GROUP_OF, LABEL, column_of, pred_probs_of
from ceteris.release.pace import latency_ms
from ceteris.release.slices import by_group
from ceteris.release.under_load import load_of
from ceteris.serving.commands import refuse_without_libraries
from ceteris.serving.packaged import NOTHING, Packaged, open_package
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, write_json, write_table

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Measure every guard, and write release/groups.csv and release/gate.json."""
    root, terms = stage.root, read_terms(stage.root)
    acceptance = read_json(root / ACCEPTANCE)
    reason = _reason(root / CANDIDATE)
    package = None if reason else open_package(root / CANDIDATE, terms.package.trusted or ())
    judged = read_parquet(root / JUDGED)
    classes = tuple(read_json(stage.path("split", "classes.json")))
    groups = by_group(judged, _groups(stage, judged, terms.gate), numbers=not classes)
    guards = [verdict_guard(acceptance), package_guard(reason), *slice_guards(groups, terms.gate, numbers=not classes)]
    guards += [_calibration(judged, classes, terms.gate), *_of_package(root, package, terms.gate)]
    passed = opens(guards)
    write_table(root / GROUPS, groups)
    write_json(
        root / GATE,
        {
            "candidate": acceptance["question"]["candidate"],
            "guards": [_rounded(one) for one in guards],
            "look": acceptance["look"],
            "package": "" if package is None else package.fingerprint,
            "passed": passed,
        },
    )
    failed = ", ".join(guard.name for guard in guards if not opens([guard]))
    stage.tell(f"{acceptance['question']['candidate']}: {f'these do not hold: {failed}' if failed else 'every guard holds'}")


def _reason(folder: Path) -> str:
    """Return why there is no package; "" where there is one."""
    note = folder / NOTHING
    return str(read_json(note)["reason"]) if note.is_file() else ""


def _groups(stage: Stage, judged: pd.DataFrame, gate: Gate) -> Mapping[str, np.ndarray]:
    """Return the group of each test row by column; without any that is named, the class of its label."""
    if gate.groups is None:
        return {LABEL: np.array([str(label) for label in judged[LABEL]], dtype=object)}
    train, group = Dataset.from_frame(read_parquet(stage.path("split", "train.parquet"))), stage.params.ingest.group
    return {
        column: sliced(judged[f"{GROUP_OF}{column}"].rename(column), column_of(train, column, group), "gate.groups")
        for column in gate.groups
    }


def _calibration(judged: pd.DataFrame, classes: tuple[str, ...], gate: Gate) -> Guard:
    probabilities = pred_probs_of(judged, classes)
    if probabilities is None:
        told = "calibration, as the model gives no probabilities"
        return Guard("calibration", NOT_APPLICABLE, told, None, gate.calibration)
    what = "the calibration error of the predicted label"
    if len(judged) < FEWEST:
        return at_most("calibration", what, None, gate, more=f"fewer than {FEWEST} test rows")
    codes = {name: place for place, name in enumerate(classes)}
    predicted = np.array([codes[str(label)] for label in judged[OF_CANDIDATE]])
    right = (judged[OF_CANDIDATE] == judged[LABEL]).to_numpy(dtype=bool)
    found = calibration_of(probabilities[np.arange(len(judged)), predicted], right)
    return at_most("calibration", what, found.error, gate, more=f"95 % interval {found.low:.3g} to {found.high:.3g}")


def _of_package(root: Path, package: Packaged | None, gate: Gate) -> list[Guard]:
    """Return what the package weighs and how fast it answers, measured here."""
    names = ("size_mb", "latency_ms")
    if package is None:
        told = "cannot be told of a model that is not packaged"
        unknown = [Guard(name, UNKNOWN, f"{name} {told}", None, getattr(gate, name)) for name in names]
        return [*unknown, *load_guards(None, gate, f"it {told}")]
    size = sum(path.stat().st_size for path in package.folder.iterdir()) / 1e6
    rows = package.reference()[[one.name for one in package.schema.features]].tail(100).reset_index(drop=True)
    return [
        at_most(names[0], "the size of the package", size, gate, " MB"),
        at_most(names[1], "the 95th percentile of one prediction", latency_ms(package.predict, rows), gate, " ms"),
        *_under_load(root, package, gate),
    ]


def _under_load(root: Path, package: Packaged, gate: Gate) -> list[Guard]:
    try:
        refuse_without_libraries()
        return load_guards(load_of(root, package, gate.load_clients, gate.load_seconds), gate)
    except CeterisError as refusal:
        return load_guards(None, gate, str(refusal))


def _rounded(guard: Guard) -> dict[str, Any]:
    line = asdict(guard)
    return line | {"seen": None if guard.seen is None else float(f"{guard.seen:.4g}")}


if __name__ == "__main__":
    run(main)
