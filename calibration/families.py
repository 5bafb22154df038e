"""Families of errors on real rows: how often is one found where no error was planted, and how often is a planted one?

Rows of 8 x 8 digits and of loans, dealt anew in each world, judged out of fold by logistic regression. Their labels are those
that came, or drawn anew from what a forest, another kind of model than the judge, makes of the rows. Then seven in ten labels
of one pattern are changed. It is no scenario of the study, whose thousand worlds would take hours: run it by
`python -m calibration.families [WORLDS]`, and bring its table into docs/families.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from calibration.monitor import SOURCES
from ceteris.dataset import ID, LABEL, Dataset
from ceteris.families.found import find_families, rows_of

__all__ = ["FOUND", "PLANTED", "RECOVERED", "families", "table"]

FOUND, RECOVERED = "a family is found", "it is found"
ROWS, WRONG, MOST = {"digits": 900, "loans": 2000}, 0.7, 0.5
PLANTED = {
    "digits": ("source = B", "source = C and shift = late", "weight is missing", "weight >= 70", "code is all digits"),
    "loans": ("Home = rent", "Income is missing", "Amount >= 1500"),
}


def families(world: int) -> dict[str, bool]:
    """One sample of each source without planted errors, with both kinds of labels; then with each planted family."""
    found: dict[str, bool] = {}
    for place, (name, (read, _)) in enumerate(SOURCES.items()):
        rng = np.random.default_rng([71, place, world])
        features, labels = read()
        rows = np.sort(rng.permutation(len(features))[: ROWS[name]])
        frame = features.iloc[rows].reset_index(drop=True)
        frame = _kept_beside(frame, rng) if name == "digits" else frame
        drawn = _drawn(name, rng)[rows]
        found[f"{name}, labels as they came/{FOUND}"] = len(_found(frame, labels[rows])[1]) > 0
        found[f"{name}, labels drawn anew/{FOUND}"] = len(_found(frame, drawn)[1]) > 0
        for pattern in PLANTED[name]:
            found[f"{name}, {pattern}/{RECOVERED}"] = _recovered(frame, drawn, pattern, rng)
    return found


def _kept_beside(pixels: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return digits with columns that tell nothing of them: who sent a picture, when, and what was written beside."""
    rows = len(pixels)
    texts = np.where(rng.random(rows) < 0.12, rng.integers(100, 999, rows).astype(str), rng.choice(["x1", "y2", "z3"], rows))
    return pixels.assign(
        source=rng.choice(np.array(list("ABCDE"), dtype=object), rows),
        shift=rng.choice(np.array(["early", "late"], dtype=object), rows),
        weight=np.where(rng.random(rows) < 0.12, np.nan, rng.normal(60, 10, rows)),
        code=texts.astype(object),
    )


def _recovered(frame: pd.DataFrame, labels: np.ndarray, pattern: str, rng: np.random.Generator) -> bool:
    """Return whether the first family shares with the planted one at least half of all rows of either."""
    planted = np.zeros(len(frame), dtype=bool)
    planted[rows_of(pattern, _dataset(frame, labels))] = True
    classes = np.unique(labels.astype(str)).astype(object)
    step = rng.integers(1, len(classes), len(labels))
    other = classes[(np.searchsorted(classes.astype(str), labels.astype(str)) + step) % len(classes)]
    wrong = planted & (rng.random(len(frame)) < WRONG)
    data, told = _found(frame, np.where(wrong, other, labels))
    if told.empty:
        return False
    first = np.isin(np.arange(len(frame)), rows_of(told["pattern"].iloc[0], data))
    return bool((first & planted).sum() >= MOST * (first | planted).sum())


def _found(frame: pd.DataFrame, labels: np.ndarray) -> tuple[Dataset, pd.DataFrame]:
    data, classes = _dataset(frame, labels), tuple(sorted(set(labels)))
    given = pd.Index(classes).get_indexer(pd.Index(labels))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    judge = _prepared(LogisticRegression(C=0.1, max_iter=500))
    pred_probs = cross_val_predict(judge, frame, given, method="predict_proba", cv=folds)
    quality = pred_probs[np.arange(len(given)), given]
    issues = pd.DataFrame({"id": data.ids, "label_quality": quality, "is_label_issue": pred_probs.argmax(axis=1) != given})
    return data, find_families(data, issues, pred_probs, classes)


def _dataset(frame: pd.DataFrame, labels: np.ndarray) -> Dataset:
    return Dataset.from_frame(frame.assign(**{ID: [f"r{row:05d}" for row in range(len(frame))], LABEL: labels}))


@cache
def _forest(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes, and what a forest makes of every row of a source."""
    features, labels = SOURCES[name][0]()
    fitted = _prepared(RandomForestClassifier(200, min_samples_leaf=5, random_state=0)).fit(features, labels)
    return fitted.classes_, fitted.predict_proba(features)


def _drawn(name: str, rng: np.random.Generator) -> np.ndarray:
    classes, pred_probs = _forest(name)
    codes = (pred_probs.cumsum(axis=1) > rng.random(len(pred_probs))[:, None]).argmax(axis=1)
    return np.asarray(classes, dtype=object)[codes]


def _prepared(model: LogisticRegression | RandomForestClassifier) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    others = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)
    prepare = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (others, make_column_selector(dtype_exclude="number"))
    )
    return make_pipeline(prepare, model)


def table(outcomes: Sequence[dict[str, bool]]) -> str:
    """Return how many worlds show each outcome, as Markdown."""
    lines = ["| rows | outcome | worlds |", "|---|---|---|"]
    for name in outcomes[0]:
        row, _, told = name.rpartition("/")
        lines.append(f"| {row} | {told} | {sum(one[name] for one in outcomes)} of {len(outcomes)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table([families(world) for world in range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)]))
