"""The account of a repository: every revision measured, its tests counted, missing corners trained where asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ceteris.errors import CeterisError
from ceteris.experiments.comparison import Comparison, compared
from ceteris.experiments.extra import Extra, Training, kept
from ceteris.experiments.history import History
from ceteris.experiments.records import read_seconds, read_spent, record
from ceteris.experiments.snapshot import Snapshot
from ceteris.experiments.table import Line, Past, corners, judged, lines
from ceteris.fingerprint import Fingerprint
from ceteris.pairs import Name
from ceteris.params import parse_recipe
from ceteris.store import read_params

__all__ = ["account", "compare_revisions", "train_corner"]


def account(root: Path, *, run_missing: bool = False) -> list[Line]:
    """Return a line for every commit and experiment, oldest first, with verdicts that no later one changes.

    Parameters
    ----------
    run_missing : bool
        Whether to train the corner cells that tell data from model where both moved.
    """
    settings = read_params(root).compare
    with History(root) as history:
        past = Past(history.side, history.version, read_seconds(root), partial(kept, root))
        found = lines(history.snapshots, past, settings)
        absent = {one for line in found if line.against_parent for one in line.against_parent.missing}
        if run_missing and absent:
            for place, wanted in enumerate(sorted(absent, key=lambda one: one.fit_key), start=1):
                print(f"experiments: training corner {place} of {len(absent)}", file=sys.stderr, flush=True)
                train_corner(history, wanted)
            found = lines(history.snapshots, past, settings)
        found, fresh = judged(found, read_spent(root), settings)
    try:
        record(root, fresh)
    except CeterisError as refusal:
        print(refusal, file=sys.stderr)
    return found


def compare_revisions(
    root: Path, one: str, other: str, *, cells: tuple[Name, Name] | None = None, claimed: str | None = None
) -> Comparison:
    """Return what stands between two revisions, by name or hash; refusals as of `compared` and `History.find`."""
    with History(root) as history:
        past = Past(history.side, history.version, {}, partial(kept, root))
        baseline, candidate = history.find(one), history.find(other)
        for snapshot, cell in zip((baseline, candidate), cells or (), strict=False):
            history.side(snapshot, cell)
        return compared(
            baseline,
            candidate,
            past,
            corners(history.snapshots, past),
            read_params(root).compare,
            cells=cells,
            claimed=claimed,
            batches=history.batches(candidate) | history.batches(baseline),
            features=lambda snapshot: history.features(snapshot, "validation"),
        )


def train_corner(history: History, wanted: Fingerprint) -> None:
    """Train the cell that a fingerprint describes, its model from one revision and its data from another.

    Raises
    ------
    CeterisError
        What trains here now is not what trained then: the code, the libraries, or the estimator's source.
    """
    model_of, model = _where(history.snapshots, wanted.model, "models")
    data_of, version = _where(history.snapshots, wanted.data, "versions")
    judge = next(one for one in history.snapshots if any(cell.inputs == wanted.inputs for cell in one.cells.values()))
    train = history.rows(data_of, "train")
    rows = history.version(data_of, version)
    places = train.positions(rows["id"].to_numpy(dtype=object))
    training = Training((places,), (rows["label"].to_numpy(dtype=object),))
    recipe = parse_recipe(model_of.sections["train"]["models"][model], model)
    assert judge.judging is not None
    seeds = int(judge.sections["train"].get("seeds", 10))
    extra = Extra(history.root, train, history.rows(judge, "validation"), judge.judging.classes, seeds)
    if extra.fingerprint(recipe, training).fit_key != wanted.fit_key:
        raise CeterisError(
            f"{model} of {model_of.name} on {version} of {data_of.name} would not be trained as its neighbours were: the code, "
            "the libraries, the weights or the source of the estimator are others here.",
            f"Go to that code first: git checkout {model_of.rev[:7]}",
        )
    extra.cells(recipe, [training])


def _where(snapshots: Sequence[Snapshot], digest: str, what: str) -> tuple[Snapshot, str]:
    """Return the revision that holds a model or a version with this fingerprint, and its name there."""
    return next((one, name) for one in snapshots for name, known in getattr(one, what).items() if known == digest)
