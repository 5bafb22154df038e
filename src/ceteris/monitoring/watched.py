"""All that is asked of one window, in one answer: what drifted, what alarms, how accurate the model is, how fast, for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, PART, row_digests
from ceteris.errors import counted
from ceteris.measuring.estimates import Estimate
from ceteris.monitoring.alarms import FAMILIES, Judged, judged, share_of
from ceteris.monitoring.derived import Values, values_of
from ceteris.monitoring.drift import Test, missing_test, psi_reading, shift_test
from ceteris.monitoring.expected import calibrated, confidence, expected_accuracy
from ceteris.monitoring.measured import Labelled, fairness, labelled, percentiles
from ceteris.monitoring.settings import FEWEST_IN_GROUP, FEWEST_ROWS, Monitor
from ceteris.monitoring.together import classifier_test
from ceteris.monitoring.windows import Window
from ceteris.serving.schema import InputSchema
from ceteris.splitting.splits import VALIDATION

__all__ = ["FORM", "NEEDED", "PREDICTED", "PROBABILITY", "known_probabilities", "replayed", "watch"]

FORM = 1
PREDICTED, PROBABILITY = "ceteris:predicted", "ceteris:prob:"
NEEDED = (ID, LABEL, PART, PREDICTED)  # of a reference, beside the features


def watch(window: Window, reference: pd.DataFrame, schema: InputSchema, settings: Monitor) -> dict[str, Any]:
    """Return what a window says, as JSON holds it: the same for the same window, reference and settings.

    Parameters
    ----------
    window : Window
    reference : DataFrame
        `Packaged.reference()`.
    """
    again = replayed(window, reference)
    new = window.take(~again)
    rule = {"alarms": settings.alarms, "least_shift": settings.least_shift, "least_drop": settings.least_drop}
    head = _head(window, new, int(again.sum())) | rule
    if len(new.lines) < FEWEST_ROWS:
        told = f"{counted(len(new.lines), 'row')} to judge, and under {FEWEST_ROWS} nothing is told"
        return head | {"enough": False, "alarm": False, "because": [told]}
    validation = reference[reference[PART] == VALIDATION]
    marked = labelled(new.lines["true"].notna().to_numpy(), new.lines["asked"].to_numpy(dtype=object), _pi(new))
    scored = _scored(new, validation, schema, marked)
    found = judged(
        _tests(new, reference, validation, schema, settings, scored["tests"]), settings, labels=bool(scored["tests"])
    )
    alarms = _weightiest_first(one for one in found if one.alarms)
    groups = _fair(new, schema, settings, marked)
    return head | {
        "enough": True,
        "alarm": bool(alarms),
        "because": [_sentence(one) for one in alarms],
        "tests": [_line(one) for one in found],
        "accuracy": {name: scored[name] for name in ("metric", "reference", "expected", "expected_told", "real")},
        "latency_ms": percentiles(new.lines["latency_ms"].to_numpy(dtype=np.float64)),
        "groups": groups,
        "gap": _gaps(groups, settings),
        "business": {
            str(metric): {"mean": float(part["value"].mean()), "rows": len(part)}
            for metric, part in new.outcomes.groupby("metric", sort=True)
        },
    }


def replayed(window: Window, reference: pd.DataFrame) -> np.ndarray:
    """Return which rows of a window are rows of the reference, replayed: the same id and the same values."""
    shared = window.lines["row_id"].isin(reference[ID]).to_numpy(copy=True)
    if shared.any():
        names = [one.name for one in window.watched]
        known = reference[reference[ID].isin(window.lines["row_id"])]
        digests = dict(zip(known[ID], row_digests(known[names].reset_index(drop=True)), strict=True))
        here = zip(window.lines["row_id"][shared], row_digests(window.features[shared].reset_index(drop=True)), strict=True)
        shared[shared] = [digests[name] == digest for name, digest in here]
    return shared


def _head(window: Window, new: Window, again: int) -> dict[str, Any]:
    lines = window.lines
    return {
        "form": FORM, "window": window.name, "first": int(lines["seq"].iloc[0]), "last": int(lines["seq"].iloc[-1]),
        "from": float(lines["at"].iloc[0]), "to": float(lines["at"].iloc[-1]), "rows": len(new.lines), "replayed": again,
        "asked_again": window.asked_again, "unwatched": list(window.unwatched), "notes": list(window.notes),
    }  # fmt: skip


def _pi(window: Window) -> np.ndarray:
    return window.lines["pi"].to_numpy(dtype=np.float64)


def _tests(
    window: Window,
    reference: pd.DataFrame,
    validation: pd.DataFrame,
    schema: InputSchema,
    settings: Monitor,
    more: Sequence[Test],
) -> list[Test]:
    names = [one.name for one in window.watched]
    before = reference[names].reset_index(drop=True)
    values = values_of(window.watched, before, window.features)
    absent = [missing_test(Values(name, *_cells(before[name], window.features[name])), name) for name in names]
    level = share_of(settings.alarms, labels=bool(more))
    return [
        *(shift_test(one, "features") for one in values),
        *(one for one in absent if one is not None),
        *_predictions(window, validation, schema),
        classifier_test(
            window.watched, before, window.features, level=level, sample=settings.sample, seed=settings.seed
        ),
        *more,
    ]  # fmt: skip


def _cells(*parts: pd.Series) -> list[np.ndarray]:
    return [part.to_numpy(dtype=np.float64 if part.dtype.kind == "f" else object) for part in parts]


def _predictions(window: Window, validation: pd.DataFrame, schema: InputSchema) -> list[Test]:
    """Return the tests of what was predicted against what the model says of validation rows, which it was not fitted on."""
    kind = object if schema.classes else np.float64
    sides = [part.to_numpy(dtype=kind) for part in (validation[PREDICTED], window.lines["label"])]
    tests = [shift_test(Values("predicted label" if schema.classes else "predicted number", *sides), "predictions")]
    if window.pred_probs is not None and (known := known_probabilities(validation, schema)) is not None:
        sure = [part.max(axis=1) for part in (known, window.pred_probs)]
        tests.append(shift_test(Values("probability of the predicted label", *sure), "predictions"))
    return tests


def known_probabilities(validation: pd.DataFrame, schema: InputSchema) -> np.ndarray | None:
    """Return what the model says of validation rows, shape (n_rows, n_classes); None where it gives no probabilities."""
    columns = [f"{PROBABILITY}{one}" for one in schema.classes]
    return validation[columns].to_numpy(dtype=np.float64) if set(columns) <= set(validation.columns) else None


def _scored(window: Window, validation: pd.DataFrame, schema: InputSchema, marked: Labelled) -> dict[str, Any]:
    """Return the accuracy (of numbers: the mean absolute error) on validation, as expected, and as measured."""
    true, said = (
        window.lines["true"].to_numpy(dtype=object)[marked.rows],
        window.lines["label"].to_numpy(dtype=object)[marked.rows],
    )
    real: dict[str, Any] = {"rows": len(marked.rows), "told": marked.told}
    if not schema.classes:
        errors = np.abs(validation[PREDICTED].to_numpy(dtype=np.float64) - validation[LABEL].to_numpy(dtype=np.float64))
        if len(true) > 1:
            real |= asdict(marked.mean(np.abs(true.astype(np.float64) - said.astype(np.float64))))
        told = "labels are numbers: no probabilities to expect an error by"
        return {
            "metric": "mae",
            "reference": float(errors.mean()),
            "expected": None,
            "expected_told": told,
            "real": real,
            "tests": [],
        }
    right = (validation[PREDICTED] == validation[LABEL]).to_numpy()
    hits = true == said
    if len(hits):
        real |= asdict(marked.share(hits))
    expected, told = _expected(window, validation, schema, right)
    tests = [_loss(right, marked, hits)] if marked.effective >= FEWEST_IN_GROUP else []
    return {
        "metric": "accuracy", "reference": float(right.mean()), "expected": expected and asdict(expected),
        "expected_told": told, "real": real, "tests": tests,
    }  # fmt: skip


def _expected(window: Window, validation: pd.DataFrame, schema: InputSchema, right: np.ndarray) -> tuple[Estimate | None, str]:
    known = known_probabilities(validation, schema)
    if window.pred_probs is None or known is None:
        return None, "not every row has probabilities"
    found = expected_accuracy(calibrated(confidence(known), right), confidence(window.pred_probs))
    return found, "by calibrated probabilities, which do not see concept drift"


def _loss(right: np.ndarray, marked: Labelled, hits: np.ndarray) -> Test:
    """Return the one-sided exact test of a loss of accuracy against validation, on as many rows as the labels are worth."""
    from scipy.stats import fisher_exact

    n, share = int(marked.effective), marked.share(hits).value
    k = round(share * n)
    p = float(fisher_exact([[int(right.sum()), int((~right).sum())], [k, n - k]], alternative="greater").pvalue)
    told = f"accuracy {100 * right.mean():.1f} % on given labels of validation rows, {100 * share:.1f} % on labelled rows"
    return Test("accuracy", "Fisher", "accuracy", max(0.0, float(right.mean()) - share), p, told=told)


def _fair(window: Window, schema: InputSchema, settings: Monitor, marked: Labelled) -> list[dict[str, Any]]:
    if not schema.classes or not len(marked.rows):
        return []
    columns = [name for name in settings.groups or () if name in window.features]
    groups = {name: window.features[name].to_numpy(dtype=object)[marked.rows] for name in columns}
    lines = window.lines.iloc[marked.rows]
    table = fairness(groups, lines["true"].to_numpy(dtype=object), lines["label"].to_numpy(dtype=object), marked.weights)
    return [{**row, "accuracy": _number(row["accuracy"])} for row in table.to_dict("records")]  # type: ignore[dict-item]


def _gaps(groups: Sequence[dict[str, Any]], settings: Monitor) -> dict[str, float | None]:
    """Return the largest difference of accuracy between groups, by column; None where fewer than two are known."""
    found: dict[str, float | None] = {}
    for name in settings.groups or ():
        known = [one["accuracy"] for one in groups if one["column"] == name and one["accuracy"] is not None]
        found[name] = max(known) - min(known) if len(known) > 1 else None
    return found


def _number(value: float) -> float | None:
    return None if value is None or value != value else float(value)


def _line(one: Judged) -> dict[str, Any]:
    test = one.test
    return {
        "name": test.name, "test": test.kind, "family": test.family, "shift": float(test.shift), "p": _number(test.p),
        "p_holm": _number(one.p_holm), "level": one.level, "psi": _number(test.psi), "psi_reads": psi_reading(test.psi),
        "alarm": one.alarms, "told": test.told,
    }  # fmt: skip


def _weightiest_first(alarms: Iterable[Judged]) -> list[Judged]:
    """Return a loss of accuracy before all else, as many features may hide it, and of a family what moved farthest first."""
    families = ("accuracy", *FAMILIES)
    return sorted(alarms, key=lambda one: (families.index(one.test.family), -one.test.shift))


def _sentence(one: Judged) -> str:
    moved = f"moved by {100 * one.test.shift:.1f} % of rows" if one.test.family != "accuracy" else "fell"
    return f"{one.test.name} {moved} ({one.test.told})" if one.test.told else f"{one.test.name} {moved}"
