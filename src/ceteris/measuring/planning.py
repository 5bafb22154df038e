"""What a validation part can see, told before any work: the smallest effects, the rows that would show more, and the plan."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ceteris.errors import BadInputError
from ceteris.measuring.verdicts import FEWEST_DISCORDANT, smallest_visible_before
from ceteris.metrics import CLASSES, METRICS
from ceteris.sections import SCORED_ON, Compare

__all__ = [
    "ASSUMED_SHARES",
    "TARGETS",
    "made_otherwise",
    "plan_changes",
    "plan_hash",
    "plan_name",
    "reviews_needed",
    "rows_needed",
    "visible_table",
]

ASSUMED_SHARES = (0.02, 0.05, 0.10)
TARGETS = (0.01, 0.02, 0.03)
_JUDGED = ("metric", "confidence", "region", "region_log_loss", "region_error")
_OF_CLASSES = _JUDGED[:-1]


def rows_needed(effect: float, discordant_share: float) -> int:
    """Return the validation rows that show an effect of this size four times in five.

    n = psi (2.8 / effect)^2, the inverse of `smallest_visible_before`, and no fewer than hold 10 rows on which arms differ.

    Parameters
    ----------
    effect : float in (0, 1]
        In the unit of accuracy: 0.01 = 1 pp.
    discordant_share : float in [0, 1]
        The share psi of rows on which the two arms differ; no effect can be larger than it.
    """
    if not 0 < effect <= 1 or not 0 <= discordant_share <= 1:
        raise BadInputError(
            f"An effect of {effect} with a discordant share of {discordant_share} cannot be.", "Pass an effect in (0, 1]."
        )
    fewest = FEWEST_DISCORDANT / discordant_share if discordant_share else 0.0
    return math.ceil(round(max(discordant_share * (2.8 / effect) ** 2, fewest), 9))


def visible_table(n_rows: int, shares: Sequence[float] = ASSUMED_SHARES, targets: Sequence[float] = TARGETS) -> pd.DataFrame:
    """Return, for each assumed discordant share, the smallest effect that shows and the rows that would show each target.

    Columns: discordant_share, smallest_visible (blank where too few rows differ), and `rows for 1 pp` and so on; blank where
    arms that differ on so few rows cannot differ by that much.
    """
    lines = []
    for share in shares:
        line: dict[str, float] = {"discordant_share": share, "smallest_visible": smallest_visible_before(n_rows, share)}
        for target in targets:
            line[f"rows for {100 * target:g} pp"] = rows_needed(target, share) if target <= share else math.nan
        lines.append(line)
    return pd.DataFrame(lines)


def plan_hash(compare: Compare, rows: str) -> str:
    """Return the sha256 of what was planned: the contrasts in their order, metric, region and confidence, and what judges them.

    Parameters
    ----------
    rows : str
        The fingerprint of the validation rows, ids, features and given labels: the same contrasts on other data are another
        plan. What people answer later is no part of it.
    """
    stated = {"compare": _stated(compare), "rows": rows}
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def plan_name(compare: Compare, rows: str) -> str:
    """Return the short form of a plan's hash that stands in each result: "plan-" and its first 12 digits."""
    return f"plan-{plan_hash(compare, rows)[:12]}"


def _stated(compare: Compare) -> dict[str, Any]:
    return compare.model_dump(include={"planned", *(_OF_CLASSES if METRICS[compare.metric].labels == CLASSES else _JUDGED)})


def plan_changes(before: Compare, after: Compare) -> list[str]:
    """Return what one plan says otherwise than another, in words: contrasts first, then how they are judged."""
    one, other = ({f"{contrast.axis}: {contrast.name}": None for contrast in plan.planned} for plan in (before, after))
    words = [f"{name} planned" for name in other if name not in one]
    words += [f"{name} no longer planned" for name in one if name not in other]
    judged = [(name, getattr(before, name), getattr(after, name)) for name in _JUDGED]
    words += [f"{name} {old} -> {new}" for name, old, new in judged if old != new]
    return words or ["the order of the planned contrasts"] * (_stated(before) != _stated(after))


def made_otherwise(effects: pd.DataFrame, plan: str) -> str:
    """Return, where results were made under another plan than that of now, a sentence that says so; else "".

    Parameters
    ----------
    effects : DataFrame
        results/compare/effects.csv; one of an older ceteris names no plan.
    plan : str
        The name of the plan of now: what params.yaml says, on the rows that split made.
    """
    made = str(effects["plan"].iloc[0]) if "plan" in effects and len(effects) else ""
    if made in ("", plan):
        return ""
    return f"These results were made under {made}, and params.yaml and the validation rows are now {plan}: dvc repro"


def reviews_needed(effects: pd.DataFrame, metric: str, targets: Sequence[float] = TARGETS) -> pd.DataFrame:
    """Return how many reviewed labels would bring each target, at the rate that each measured review has gained so far.

    A straight line through nothing: later labels gain less than the first, so these are the fewest. Blank where the interval
    of the rate holds no gain.

    Parameters
    ----------
    effects : DataFrame
        results/compare/effects.csv.
    """
    rows = effects[(effects["axis"] == "data") & (effects["metric"] == metric) & (effects["labels_reviewed"] > 0)]
    rows = rows[rows["planned"] & rows["difference"].notna() & (rows["baseline_version"] == "given")]
    best = rows.assign(trust=rows["scored_on"].map(SCORED_ON.index)).sort_values("trust", kind="stable")
    lines = []
    for row in best.drop_duplicates(["candidate_model", "candidate_version"]).to_dict("records"):
        n_labels, gain, low = (float(row[name]) for name in ("labels_reviewed", "difference", "low"))
        line = {"review": f"{row['candidate_model']}/{row['candidate_version']}", "labels": int(n_labels)}
        for target in targets:
            likely, most = (math.ceil(target * n_labels / rate) if rate > 0 else 0 for rate in (gain, low))
            bound = f"at most {most:,}" if most else "no bound"
            line[f"labels for {100 * target:g} pp"] = f"{likely:,} ({bound})" if likely else ""
        lines.append(line | {"scored on": row["scored_on"]})
    return pd.DataFrame(lines)
