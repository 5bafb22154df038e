"""What a file of the user's own holds, and the params that suit it. Pure: `onboarding` reads, writes and tells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import LABEL, META, row_digests
from ceteris.errors import counted
from ceteris.kinds import ARRAYS, kinds_of
from ceteris.metrics import CLASSES, METRICS, NUMBERS
from ceteris.params import Params
from ceteris.sections import CROWDLAB
from ceteris.tables.columns import has_decimal_comma
from ceteris.tables.labels import spelling_key

__all__ = ["Findings", "inspect", "suspicious", "plan", "classes_to_declare", "LOGISTIC", "FOREST", "SVC", "BOOSTING"]

LOGISTIC = {"estimator": "sklearn.linear_model.LogisticRegression", "prepare": "scaled", "params": {"C": 1.0, "max_iter": 1000}}
FOREST = {"estimator": "sklearn.ensemble.RandomForestClassifier", "prepare": "coded", "params": {"n_estimators": 100}}
SVC = {"estimator": "sklearn.svm.SVC", "prepare": "scaled", "params": {"C": 1.0}}
LINEAR_SVM = {"estimator": "sklearn.svm.LinearSVC", "prepare": "scaled", "params": {"C": 1.0}}
RIDGE = {"estimator": "sklearn.linear_model.Ridge", "prepare": "scaled", "params": {"alpha": 1.0}}
FOREST_OF_NUMBERS = {"estimator": "sklearn.ensemble.RandomForestRegressor", "prepare": "coded", "params": {"n_estimators": 100}}
BOOSTING_OF_NUMBERS = {
    "estimator": "sklearn.ensemble.HistGradientBoostingRegressor", "prepare": "coded", "params": {"max_iter": 100}
}  # fmt: skip
BOOSTING = {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "prepare": "coded", "params": {"max_iter": 100}}
_SMALL, _LARGE, _HUGE = 5_000, 20_000, 200_000  # rows: up to which svc, up to which forest, from which fewer seeds
_DATE = re.compile(r"^\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})([T ].*)?$")
_ID_NAME = re.compile(r"(^|[_\s])(id|ids|uuid|guid|key|index|rownames?|row|unnamed_\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Findings:
    """What was found in a table.

    Attributes
    ----------
    rows : int
    classes : dict of str to int
        Rows of each given label, most frequent first.
    kinds : dict of str to str
        The kind of each feature.
    missing : dict of str to float
        Share of missing values, in (0, 1], of each feature that has any.
    suspicious : tuple of str
        A sentence each.
    copies : int
        Rows whose features equal those of an earlier row.
    spread : float
        Standard deviation of labels that are all numbers, NaN where they are not.
    """

    rows: int
    classes: dict[str, int]
    kinds: dict[str, str]
    missing: dict[str, float]
    suspicious: tuple[str, ...]
    copies: int
    spread: float = math.nan

    @property
    def smallest_class(self) -> int:
        """Rows of the rarest class."""
        return min(self.classes.values())


def inspect(frame: pd.DataFrame, declared: Mapping[str, str] | None = None) -> Findings:
    """Return what a table in the form of `sources.read` holds, its columns of the kinds that are declared."""
    features = frame[[name for name in frame.columns if name not in META]]
    digests = pd.Series(row_digests(features))
    labels = frame[LABEL].astype(object)
    missing = features.isna().mean()
    return Findings(
        rows=len(frame),
        classes={str(label): int(count) for label, count in labels.value_counts().items()},
        kinds=kinds_of(features, declared),
        missing={str(name): float(share) for name, share in missing.items() if share > 0},
        suspicious=tuple(suspicious(features, labels, declared)),
        copies=int(digests.duplicated().sum()),
        spread=float(pd.to_numeric(labels, errors="coerce").std(skipna=False)),
    )


def suspicious(features: pd.DataFrame, labels: pd.Series, declared: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each column that is an id, a copy of the label, free text, a date, or never changes."""
    codes, kinds = pd.factorize(labels)[0], kinds_of(features, declared)
    found = []
    for name in features.columns:
        reason = "" if kinds[str(name)] in ARRAYS else _suspicion(str(name), features[name], codes, kinds[str(name)])
        if reason:
            found.append(f"{str(name)!r} {reason}")
    return found


def _suspicion(name: str, column: pd.Series, codes: np.ndarray, kind: str) -> str:
    held = column.dropna()
    distinct = held.nunique()
    numeric = pd.api.types.is_numeric_dtype(column)
    if distinct <= 1:
        return "has no values" if distinct == 0 else "is constant"
    if _told_by(column, codes) >= 0.99 and np.bincount(codes).max() <= 0.95 * len(codes):
        return "tells the label almost or wholly by itself: is it known before the label is? If not: --drop"
    if kind in ("text", "date"):
        return ""
    if not numeric and _share(held, has_decimal_comma) > 0.5:
        return ""  # numbers in truth, which one note tells for all such columns together
    unique = distinct == len(column)
    counting = numeric and unique and len(column) > 20 and held.max() - held.min() == len(column) - 1 and (held % 1 == 0).all()
    if unique and (counting or not numeric or _ID_NAME.search(name)):
        return "is different in every row, like an id: --id or --drop"
    if not numeric:
        if _share(held, lambda text: bool(_DATE.match(text))) > 0.9:
            return f"looks like dates, which are read as categories: --kind {name}=date, or --drop"
        if distinct > max(50, 0.5 * len(held)):
            return f"holds {distinct} different texts in {len(held)} rows: models see the 50 most frequent only"
    return ""


def _share(held: pd.Series, test: Callable[[str], bool]) -> float:
    """Return the share of texts that pass a test, from 500 of them or so."""
    return float(held.iloc[:: max(1, len(held) // 500)].map(test).mean())


def _told_by(column: pd.Series, codes: np.ndarray) -> float:
    """Return the share of rows whose label is the most frequent one of their value (of their quantile, for many numbers)."""
    values = pd.factorize(column, use_na_sentinel=False)[0]
    bins = min(100, len(column) // 20)
    if values.max() >= bins:
        if not pd.api.types.is_numeric_dtype(column) or bins < 2:
            return 0.0
        values = np.asarray((column.rank(pct=True).fillna(-0.01) * bins).astype(int)) + 1
    table = np.zeros((values.max() + 1, codes.max() + 1))
    np.add.at(table, (values, codes), 1)
    return float(table.max(axis=1).sum() / len(codes))


def plan(
    found: Findings,
    params: Params,
    ingest: dict[str, Any],
    planted: float = 0.0,
    models: Mapping[str, Any] | None = None,
) -> tuple[dict[tuple[str, ...], Any], list[str]]:
    """Return the lines of params.yaml to change, by their path, and what to say about them.

    Parameters
    ----------
    found : Findings
    params : Params
        As they stand.
    ingest : dict
        The keys of the section `ingest` that the user's file calls for.
    planted : float
        Share of rows in which label errors are to be planted; 0: none.
    models : mapping, optional
        What to train; default: what the number of rows allows.
    """
    verified = ingest.get("true_label") is not None or planted > 0
    numbers = ingest.get("label_type") == "number"
    words = bool({"text", "sparse"} & set(found.kinds.values()))
    models = dict(models or (_models_of_numbers(found.rows) if numbers else _models(found.rows, words)))
    train_rows = found.rows * (1 - params.split.validation - params.split.test)
    folds = 5 if numbers else int(min(5, max(2, found.smallest_class * train_rows / found.rows)))
    told = [f"models for {counted(found.rows, 'row')}: {', '.join(models)}"]
    if folds < 5:
        told.append(f"audit.folds is {folds}: the smallest class has {counted(found.smallest_class, 'row')} in all")
    if found.smallest_class < 10 and not numbers:
        told.append(
            f"the smallest class has {counted(found.smallest_class, 'row')}: a split may leave a part without it,"
            " which is refused; label more of it, or leave it out of the file"
        )
    voted = bool(ingest.get("annotators") or ingest.get("votes"))
    if not verified:
        judges = "labels that most of three or more people gave, where they decide, else on given labels"
        told.append(
            "no column of true labels: recipes that need one are left out; what is measured is scored on"
            f" {judges if voted else 'given labels'}"
        )
    changes: dict[tuple[str, ...], Any] = {("ingest", key): value for key, value in ingest.items()}
    kind = ("uniform" if numbers else "confusable") if planted else "none"
    changes |= {("ingest", "plant", "kind"): kind, ("ingest", "plant", "rate"): float(planted)}
    changes |= _metric(found, params, numbers)
    changes[("split", "copies")] = "together" if found.copies else "refuse"
    changes |= {("audit", "model"): _audit_model(found.rows, words, numbers), ("audit", "folds"): folds}
    changes[("fix", "recipes")] = _recipes(verified, voted, max(1, min(300, int(train_rows) // 4)))
    changes |= {("train", "models"): models, ("train", "seeds"): 5 if found.rows > _HUGE else 10}
    changes[("compare", "planned")] = _planned(list(models), verified, voted)
    if found.rows > _HUGE:
        told.append("train.seeds is 5, the fewest with which seed noise is known: so many rows make for long fits")
    if found.copies:
        told.append(
            "split.copies is together: copies of one row stay on one side of the split; a row's part follows from what it"
            " holds, so that a repair of cells (ingest.sentinels, units, decimal) can move rows to another part"
        )
    return changes, told


def classes_to_declare(found: Findings, declared: tuple[str, ...], known: bool) -> tuple[list[str] | None, str]:
    """Return what `validate.classes` is to hold, and what to say about it.

    Classes that look alike were declared to differ, and stay declared. Others are kept only for the file that they were
    declared for, where they still fit.
    """
    if len({spelling_key(label) for label in found.classes}) < len(found.classes):
        return sorted(found.classes), "validate.classes lists all classes, since some of them look alike"
    if not declared or (known and set(found.classes) <= set(declared)):
        return list(declared) or None, ""
    return None, "validate.classes named the classes of other data, and is null now"


def _models(rows: int, words: bool) -> dict[str, Any]:
    if words:
        return {"logistic": LOGISTIC, "linear_svm": LINEAR_SVM, "boosting": BOOSTING}
    if rows > _LARGE:
        return {"logistic": LOGISTIC, "boosting": BOOSTING}
    return {"logistic": LOGISTIC, "forest": FOREST} | ({"svc": SVC} if rows <= _SMALL else {})


def _models_of_numbers(rows: int) -> dict[str, Any]:
    return {"ridge": RIDGE} | ({"boosting": BOOSTING_OF_NUMBERS} if rows > _LARGE else {"forest": FOREST_OF_NUMBERS})


def _metric(found: Findings, params: Params, numbers: bool) -> dict[tuple[str, ...], Any]:
    """Return the lines on the metric: kept where it fits the labels, and what of an error is of no practical meaning."""
    changes: dict[tuple[str, ...], Any] = {}
    if METRICS[params.compare.metric].labels != (NUMBERS if numbers else CLASSES):
        changes[("compare", "metric")] = "mae" if numbers else "accuracy"
    region = float(f"{0.01 * found.spread:.1g}") if numbers and math.isfinite(found.spread) else 0.0
    return changes | {("compare", "region_error"): region}


def _audit_model(rows: int, words: bool, numbers: bool) -> dict[str, Any]:
    if numbers:
        return BOOSTING_OF_NUMBERS if rows > _LARGE else FOREST_OF_NUMBERS
    if words:
        return LOGISTIC  # TF-IDF weights are small: what is C = 0.1 to standardised numbers would let no word speak
    return BOOSTING if rows > _LARGE else {**LOGISTIC, "params": {"C": 0.1, "max_iter": 1000}}


def _recipes(verified: bool, voted: bool, reviews: int) -> dict[str, Any]:
    recipes: dict[str, Any] = {
        "given": None,
        "pruned": [{"step": "drop_flagged"}],
        "relabelled": [{"step": "relabel_flagged"}],
        "reviewed": [{"step": "apply_edits"}],
    }
    if voted:
        recipes["crowdlab"] = [{"step": "take_votes", "rule": CROWDLAB}]
    if verified:
        recipes["reviewed-simulated"] = [{"step": "simulate_review", "rows": reviews}]
        recipes["true"] = [{"step": "restore_true"}]
    return recipes


def _planned(models: list[str], verified: bool, voted: bool) -> list[dict[str, str]]:
    reviewed = "reviewed-simulated" if verified else "reviewed"
    data = [
        {"axis": "data", "model": models[0], "baseline": "given", "candidate": version}
        for version in (*(["crowdlab"] if voted else []), reviewed, "pruned", "relabelled")
    ]
    return data + [{"axis": "model", "version": "given", "baseline": models[0], "candidate": other} for other in models[1:]]
