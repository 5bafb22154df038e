"""What params.yaml says of a new batch: its file, a version without it, and the contrast that tells what it is worth. Pure."""

from __future__ import annotations

from typing import Any

from ceteris.errors import BadInputError
from ceteris.params import Params
from ceteris.sections import batch_name

__all__ = ["BEFORE", "changes_for"]

BEFORE = "before-"


def changes_for(params: Params, path: str, cell: str) -> tuple[str, dict[tuple[str, ...], Any]]:
    """Return the version that leaves the batch out, and the values to change in params.yaml, by path.

    The version has the steps of the served one, and leaves the batch out at their end. Versions and contrasts that an earlier
    retrain added go: that batch is part of the data by now.

    Parameters
    ----------
    path : str
        The file of the batch.
    cell : str
        The served MODEL/VERSION.

    Raises
    ------
    BadInputError
        params.yaml knows no such cell.
    """
    model, _, version = cell.partition("/")
    recipes = params.fix.steps()
    if model not in params.train.models or version not in recipes:
        raise BadInputError(
            f"The served model is {cell}, and params.yaml has no such cell.", "Name another package: --package FOLDER"
        )
    batch, old = batch_name(path), {name for name in recipes if name.startswith(BEFORE)}
    baseline = f"{BEFORE}{batch}"
    kept = {
        name: [step.model_dump(exclude_none=True) for step in steps] or None
        for name, steps in recipes.items()
        if name not in old
    }
    left_out = [*(kept[version] or []), {"step": "leave_out", "batches": [batch]}]
    planned = [
        contrast.model_dump(exclude_none=True)
        for contrast in params.compare.planned
        if not old & {name for _, name in contrast.arms}
    ]
    planned.append({"axis": "data", "model": model, "baseline": baseline, "candidate": version})
    return baseline, {
        ("ingest", "batches"): [*(params.ingest.batches or ()), path],
        ("fix", "recipes"): _plain(kept | {baseline: left_out}),
        ("compare", "planned"): planned,
    }


def _plain(recipes: dict[str, Any]) -> dict[str, Any]:
    """Return the recipes with lists for tuples, as YAML has them."""
    return {
        name: steps
        and [{key: list(value) if isinstance(value, tuple) else value for key, value in step.items()} for step in steps]
        for name, steps in recipes.items()
    }
