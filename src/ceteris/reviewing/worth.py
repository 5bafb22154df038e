"""The door to what answers of people were worth when they were last measured: in the workspace, or by an experiment since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceteris.errors import CeterisError
from ceteris.metrics import METRICS
from ceteris.reviewing.meter import Measured
from ceteris.reviewing.running import ended
from ceteris.sections import SCORED_ON

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["last_measured"]


def last_measured(bench: Workbench) -> Measured | None:
    """Return what the answers of people were worth when most of them were measured, None where they never were.

    The effect of the first version that applies edits against `given`, with the first model of a planned data contrast, on the
    primary metric and the best labels there are. None for log-loss, which has no percentage points.
    """
    from ceteris.workbench import Workbench

    found = _measured(bench)
    for name in ended(bench.root):
        try:
            later = _measured(Workbench(bench.root, name))
        except CeterisError:
            continue  # removed meanwhile, or on another commit
        if later is not None and (found is None or later.changed >= found.changed):
            return later
    return found


def _measured(bench: Workbench) -> Measured | None:
    params = bench.params
    metric, recipes = params.compare.metric, params.fix.steps()
    name = next((name for name, steps in recipes.items() if any(step.step == "apply_edits" for step in steps)), None)
    if name is None or METRICS[metric].unit != "pp":
        return None
    made = bench.versions().set_index("version")
    changed = int(made.loc[[name], ["dropped", "relabelled"]].to_numpy().sum()) if name in made.index else 0
    effects = bench.effects(axis="data")
    effects = effects[
        (effects["candidate_version"] == name) & (effects["baseline_version"] == "given") & (effects["metric"] == metric)
    ]
    if not changed or effects.empty:
        return None
    planned = [contrast.model for contrast in params.compare.planned if contrast.axis == "data"]
    models = [*planned, *effects["candidate_model"]]
    mine = effects[effects["candidate_model"] == next(model for model in models if model in set(effects["candidate_model"]))]
    best = mine.iloc[mine["scored_on"].map(SCORED_ON.index).argmin()]
    if int(best["labels_reviewed"]) != int(made.loc[[name], "reviewed"].iloc[0]):
        return None  # a run ended between fix and compare: the effect is that of other answers
    return Measured(changed, float(best["difference"]), float(best["low"]), float(best["high"]), params.compare.region)
