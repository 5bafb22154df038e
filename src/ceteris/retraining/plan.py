"""What params.yaml says of a new batch: its file, a version without it, its contrast, and how to keep all that. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import Any

from ceteris.errors import BadInputError
from ceteris.params import Params
from ceteris.sections import batch_name

__all__ = ["BEFORE", "changes_for", "kept_by"]

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


def kept_by(batch: str, file: str, changed: Collection[str], before: Collection[str], tag: str | None) -> str:
    """Return what to do with a project that a retrain changed: how to keep it, and where nothing was promoted how to go back.

    Parameters
    ----------
    file : str
        That of the batch.
    changed, before : collection of str
        What the retrain changed, and what was not as the last commit holds it before.
    tag : str, optional
        The command that tags what was promoted; None where nothing was.
    """
    keep = f"git add {shlex.join(changed)} && git commit -m {shlex.quote(f'Batch {batch}')}"
    if tag is not None:
        return f"Keep it: {keep}{tag}"
    params = "git checkout HEAD -- params.yaml"
    if "params.yaml" in before:
        params = f"take {batch} and {BEFORE}{batch} out of params.yaml, which held other changes before, then"
    else:
        params += " &&"
    return (
        f"What is served stays, and the project trains with the batch {batch} from now on: params.yaml names it.\n"
        f"  Keep it: {keep}\n"
        f"  Go back: {params} rm {shlex.quote(file)} && dvc repro"
    )


def _plain(recipes: dict[str, Any]) -> dict[str, Any]:
    """Return the recipes with lists for tuples, as YAML has them."""
    return {
        name: steps
        and [{key: list(value) if isinstance(value, tuple) else value for key, value in step.items()} for step in steps]
        for name, steps in recipes.items()
    }
