"""The default without ceteris' pipeline: one script, one process. Run as `python plain_pipeline.py FOLDER`.

Label errors are planted and figures drawn by ceteris, so that both sides work on the same; all else is what one would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ceteris import plots
from ceteris.fixing.noise import plant
from ceteris.sections import Plant

SEEDS = 10
REVIEWED = 300
MODELS = {
    "logistic": make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000)),
    "forest": make_pipeline(SimpleImputer(strategy="median"), RandomForestClassifier(100)),
    "svc": make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), SVC()),
}
AUDITOR = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
PLANNED = [
    ("data", ("logistic", "given"), ("logistic", "reviewed-simulated"), "random-reviewed-simulated"),
    ("data", ("logistic", "given"), ("logistic", "pruned"), "placebo-pruned"),
    ("data", ("logistic", "given"), ("logistic", "relabelled"), ""),
    ("model", ("logistic", "given"), ("svc", "given"), ""),
    ("model", ("logistic", "given"), ("forest", "given"), ""),
]


def audit(features: pd.DataFrame, given: np.ndarray) -> pd.DataFrame:
    """Return cleanlab's issues of the train rows."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    pred_probs = cross_val_predict(AUDITOR, features, given, cv=folds, method="predict_proba")
    return pd.DataFrame(
        {
            "id": [f"digit-{row:04d}" for row in features.index],
            "given_label": given.astype(str),
            "suggested_label": pred_probs.argmax(axis=1).astype(str),
            "label_quality": get_label_quality_scores(given, pred_probs),
            "is_label_issue": find_label_issues(given, pred_probs, filter_by="prune_by_noise_rate"),
        }
    )


def make_versions(given: np.ndarray, true: np.ndarray, issues: pd.DataFrame) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Return (rows, labels) of each version; one pair for each seed where a control is drawn anew."""
    rows = np.arange(len(given))
    flagged = issues["is_label_issue"].to_numpy()
    queue = issues.sort_values(["is_label_issue", "label_quality"], ascending=[False, True]).index[:REVIEWED]
    relabelled = np.where(flagged, issues["suggested_label"].astype(int), given)
    reviewed = given.copy()
    reviewed[queue] = true[queue]
    versions = {
        "given": [(rows, given)],
        "pruned": [(rows[~flagged], given[~flagged])],
        "relabelled": [(rows, relabelled)],
        "reviewed-simulated": [(rows, reviewed)],
        "true": [(rows, true)],
        "aa": [(rows, given)],
        "placebo-pruned": [],
        "random-reviewed-simulated": [],
    }
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        kept = np.ones(len(given), dtype=bool)
        for label in range(10):
            members = np.flatnonzero(given == label)
            kept[rng.permutation(members)[: flagged[members].sum()]] = False
        versions["placebo-pruned"].append((rows[kept], given[kept]))
        looked_at, labels = rng.permutation(rows)[:REVIEWED], given.copy()
        labels[looked_at] = true[looked_at]
        versions["random-reviewed-simulated"].append((rows, labels))
    return versions


def fit_all(folder: Path, features: pd.DataFrame, versions: dict, judging: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Return the predictions of every model on every version, shape (n_seeds, n_rows), and keep them on disk."""
    predicted = {}
    for name, model in MODELS.items():
        for version, draws in versions.items():
            # Two fits show that a model is deterministic; more of the same are not needed.
            fits = SEEDS if name == "forest" or len(draws) > 1 else 2
            found, probabilities = [], []
            for seed in range(fits):
                rows, labels = draws[seed % len(draws)]
                fitted = clone(model)
                fitted.set_params(**{f"{fitted.steps[-1][0]}__random_state": seed + SEEDS * (version == "aa")})
                fitted.fit(features.iloc[rows], labels)
                found.append(fitted.predict(judging))
                if hasattr(fitted, "predict_proba"):
                    probabilities.append(fitted.predict_proba(judging))
                if seed == 0 and version not in ("aa", "placebo-pruned", "random-reviewed-simulated"):
                    joblib.dump(fitted, folder / f"{name}-{version}.joblib")
            predicted[name, version] = np.stack(found)
            np.savez_compressed(folder / f"{name}-{version}.npz", predicted=predicted[name, version], pred_probs=probabilities)
    return predicted


def measure(predicted: dict[tuple[str, str], np.ndarray], labels: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the effects and the grid."""
    right = {cell: (found == labels).mean(axis=0) for cell, found in predicted.items()}
    grid = pd.DataFrame(
        [
            {"model": model, "version": version, "metric": "accuracy", "scored_on": "true", "value": hits.mean(),
             "n_rows": len(labels), "n_seeds": SEEDS}
            for (model, version), hits in right.items()
        ]
    )  # fmt: skip
    effects = []
    for axis, baseline, candidate, control in PLANNED:
        effects.append(contrast(right, axis, baseline, candidate, control) | {"planned": True})
        if control:
            effects.append(contrast(right, axis, baseline, (candidate[0], control), ""))
    effects.append(contrast(right, "aa", ("forest", "given"), ("forest", "aa"), ""))
    return pd.DataFrame(effects), grid


def contrast(right: dict, axis: str, baseline: tuple[str, str], candidate: tuple[str, str], control: str) -> dict[str, object]:
    """Return one contrast with a normal interval over rows."""
    paired = right[candidate] - right[baseline]
    difference, half = paired.mean(), 1.96 * paired.std(ddof=1) / np.sqrt(len(paired))
    verdict = "helps" if difference > half else "harms" if difference < -half else "cannot tell"
    row = {"axis": axis, "metric": "accuracy", "scored_on": "true", "difference": difference, "low": difference - half}
    row |= {"high": difference + half, "verdict": verdict, "control": control, "n_seeds": SEEDS, "n_rows": len(paired)}
    row |= {"baseline_model": baseline[0], "baseline_version": baseline[1]}
    row |= {"candidate_model": candidate[0], "candidate_version": candidate[1], "n_discordant": (paired != 0).sum()}
    if control:
        row["net"] = difference - (right[candidate[0], control] - right[baseline]).mean()
    return row


def draw(folder: Path, effects: pd.DataFrame, grid: pd.DataFrame, issues: pd.DataFrame, images: np.ndarray) -> None:
    """Write every figure in both themes."""
    for theme in plots.THEMES:
        figures = {
            "effects": plots.effects_forest(effects, theme=theme),
            "effects-narrow": plots.effects_forest(effects, theme=theme, compact=True),
            "grid": plots.grid_heatmap(grid, theme=theme),
            "quality": plots.label_quality(issues, theme=theme),
            "confused": plots.confused_labels(issues, theme=theme),
            "images": plots.doubted_images(issues, issues["id"].to_numpy(dtype=object), images, theme=theme),
        }
        for name, figure in figures.items():
            (folder / f"{name}-{theme.name}.svg").write_text(plots.to_svg(figure), encoding="utf-8")


def main(folder: Path) -> None:
    """Do all of it, once."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = load_digits(as_frame=True)
    features, true = digits.data, digits.target.to_numpy()
    given = plant(true.astype(str).astype(object), features, Plant(kind="confusable", rate=0.2, seed=0)).astype(int)
    train, rest = train_test_split(np.arange(len(true)), test_size=0.4, stratify=true, random_state=0)
    judged, _ = train_test_split(rest, test_size=0.5, stratify=true[rest], random_state=0)
    rows = features.iloc[train]
    issues = audit(rows, given[train])
    issues.to_csv(folder / "issues.csv", index=False)
    versions = make_versions(given[train], true[train], issues)
    effects, grid = measure(fit_all(folder, rows, versions, features.iloc[judged]), true[judged])
    effects.to_csv(folder / "effects.csv", index=False)
    grid.to_csv(folder / "grid.csv", index=False)
    draw(folder, effects, grid, issues, rows.to_numpy().reshape(-1, 8, 8))
    print(effects[["axis", "candidate_model", "candidate_version", "difference", "low", "high", "verdict"]].to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
