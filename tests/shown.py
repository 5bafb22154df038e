"""Small tables of the shape that the stages write, for what draws and tells them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

HOSTILE = [
    "$\\frac{$", "<script>alert(1)</script>", "[/x]", "\U0001f600 grin", "\u05e2\u05d1\u05e8\u05d9\u05ea", "\x1b[31mred",
    "=1+1", "\u202egnp.exe", "a&b\"c'd", "forty characters long, and not one less.",
]  # fmt: skip
VERSIONS = ("given", "pruned", "reviewed", "reviewed-simulated", "true", "aa", "placebo-pruned", "random-reviewed-simulated")


def classes(k: int) -> list[str]:
    """Return k labels, the hostile ones first, the others 40 characters long."""
    return (HOSTILE + [f"class {number:02d} of the many that are named so".ljust(40, "-") for number in range(k)])[:k]


def effect(candidate: str, difference: float, half: float, **other: Any) -> dict[str, Any]:
    """Return one row of effects.csv: candidate against given, or (axis=model) a model against logistic."""
    low, high = difference - half, difference + half
    row: dict[str, Any] = {
        "axis": "data", "planned": True, "baseline_model": "logistic", "baseline_version": "given",
        "candidate_model": "logistic", "candidate_version": candidate, "metric": "accuracy", "scored_on": "true",
        "difference": difference, "low": low, "high": high, "p_holm": 0.0004, "n_seeds": 10, "n_rows": 360,
        "n_discordant": 41, "control": "", "net": np.nan, "net_low": np.nan, "net_high": np.nan,
        "verdict": "helps" if low > 0 else "harms" if high < 0 else "cannot tell", "reason": "as the interval lies",
        "labels_reviewed": 0, "p_value": 0.0002, "tipping": np.nan, "queue": "",
    }  # fmt: skip
    return row | other


def effects(*, model: bool = True, scored_on: str = "true") -> pd.DataFrame:
    """Return effects with their controls; `model` says whether a model contrast was planned."""
    quiet: dict[str, Any] = {"planned": False, "p_holm": np.nan}
    blank = dict.fromkeys(["difference", "low", "high", "n_seeds", "n_rows", "n_discordant"], np.nan)
    net = {"control": "random-reviewed-simulated", "net": 0.031, "net_low": 0.008, "net_high": 0.054}
    rows = [
        effect("pruned", 0.0142, 0.016, control="placebo-pruned", net=0.017, net_low=-0.001, net_high=0.035),
        effect("reviewed-simulated", 0.0589, 0.021, labels_reviewed=300, **net),
        effect("true", 0.08, 0.02, **quiet),
        effect("placebo-pruned", -0.003, 0.008, **quiet),
        effect("random-reviewed-simulated", 0.028, 0.015, labels_reviewed=300, **quiet),
        effect("reviewed-simulated", 0.031, 0.017, baseline_version="random-reviewed-simulated", labels_reviewed=300, **quiet),
        effect("aa", 0.0, 0.0, axis="aa", **quiet) | blank | {"verdict": "", "reason": "not applicable: deterministic"},
    ]
    if model:
        rows += [
            effect("given", 0.0361, 0.019, axis="model", candidate_model="svc"),
            effect("given", -0.021, 0.018, axis="model", candidate_model="forest"),
        ]
    table = pd.DataFrame(rows).assign(scored_on=scored_on)
    if scored_on == "given":
        first = table.index[:1]
        table.loc[first, "queue"] = "results/compare/queues/logistic.given.pruned.csv"
        table.loc[first, "tipping"] = 9
        table.loc[first, "reason"] = (
            "the interval holds 0. 9 of these 41 disagreement labels wrong would undo this verdict; about 4 minutes to check. "
            "To check: ceteris queue logistic.given.pruned"
        )
    return table


def grid(scored_on: str = "true") -> pd.DataFrame:
    """Return grid.csv of three models: accuracy, and log-loss where the model has probabilities."""
    rows = [
        {"model": model, "version": version, "metric": metric, "scored_on": scored_on, "n_rows": 360, "n_seeds": 10,
         "value": np.nan if (model, metric) == ("svc", "log_loss") else base + 0.01 * place}
        for model, base in (("logistic", 0.8), ("forest", 0.82), ("svc", 0.85))
        for place, version in enumerate(VERSIONS)
        for metric in ("accuracy", "log_loss")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def versions(reviewed: int = 0) -> pd.DataFrame:
    """Return versions.csv; `reviewed` answers of a person."""
    counts = {"reviewed-simulated": 300, "random-reviewed-simulated": 300, "reviewed": reviewed}
    rows = [
        {"version": name, "rows": 1077, "dropped": 0, "relabelled": 0, "reviewed": counts.get(name, 0),
         "simulated": "simulated" in name, "control": name.startswith(("aa", "placebo", "random")), "note": ""}
        for name in VERSIONS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def issues(k: int, n_rows: int = 300, flagged: bool = True) -> pd.DataFrame:
    """Return issues over k classes, every fifth row flagged (or none)."""
    rng, names = np.random.default_rng(0), classes(k)
    given = np.arange(n_rows) % k
    suspect = np.arange(n_rows) % 5 == 0
    suggested = np.where(suspect, (given + 1 + np.arange(n_rows) // 5 % max(k - 1, 1)) % k, given)
    return pd.DataFrame(
        {
            "id": [f"row-{row:04d}" for row in range(n_rows)],
            "given_label": pd.Series([names[code] for code in given], dtype=object),
            "suggested_label": pd.Series([names[code] for code in suggested], dtype=object),
            "label_quality": np.where(suspect, rng.beta(1, 5, n_rows), rng.beta(6, 1, n_rows)),
            "is_label_issue": suspect & flagged,
            "issue_type": "",
        }
    )
