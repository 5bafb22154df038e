"""The account of a repository: every revision measured, its tests counted, missing corners trained where asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError
from ceteris.experiments.comparison import Comparison, compared
from ceteris.experiments.extra import Extra, Training, kept
from ceteris.experiments.history import History
from ceteris.experiments.measured import Corner
from ceteris.experiments.records import read_seconds, read_spent, record
from ceteris.experiments.snapshot import Snapshot, setting
from ceteris.experiments.table import Line, Past, corners, judged, lines
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name
from ceteris.params import parse_recipe
from ceteris.store import read_params

__all__ = ["account", "both", "compare_revisions", "past_of", "train_corner"]


def account(root: Path, *, run_missing: bool = False, remark: Callable[[str], None] = lambda _: None) -> list[Line]:
    """Return a line for every commit and experiment, oldest first, with verdicts that no later one changes.

    Parameters
    ----------
    run_missing : bool
        Whether to train the corner cells that tell data from model where both moved.
    remark : called with each sentence that holds of the repository as a whole
    """
    settings = read_params(root).compare
    with History(root) as history:
        past = past_of(root, history)
        found = lines(history.snapshots, past, settings)
        absent = [one for line in found if line.against_parent for one in line.against_parent.missing]
        if run_missing and _train(history, absent):
            found = lines(history.snapshots, past, settings)
        for sentence in history.remarks():
            remark(sentence)
    found, fresh = judged(found, read_spent(root), settings)
    try:
        record(root, fresh)
    except CeterisError as refusal:
        print(refusal, file=sys.stderr)
    return found


def compare_revisions(
    root: Path,
    one: str,
    other: str,
    *,
    cells: tuple[Name, Name] | None = None,
    claimed: str | None = None,
    run_missing: bool = False,
) -> Comparison:
    """Return what stands between two revisions, by name or hash; refusals as of `compared` and `History.find`."""
    settings = read_params(root).compare
    with History(root) as history:
        past = past_of(root, history)
        baseline, candidate = both(history, one, other, cells)

        @cache
        def everywhere() -> Corner:
            return corners(history.snapshots, past)

        def side_by_side() -> Comparison:
            return compared(
                baseline,
                candidate,
                past,
                lambda wanted: everywhere()(wanted),
                settings,
                cells=cells,
                claimed=claimed,
                batches=history.batches(baseline) | history.batches(candidate),
                features=lambda snapshot: history.features(snapshot, "validation"),
            )

        found = side_by_side()
        return side_by_side() if run_missing and _train(history, found.measured.missing) else found


def past_of(root: Path, history: History) -> Past:
    """Return what the measurement asks of the door."""
    return Past(history.side, history.version, read_seconds(root), partial(kept, root))


def both(history: History, one: str, other: str, cells: tuple[Name, Name] | None) -> tuple[Snapshot, Snapshot]:
    """Return two revisions by their names, refusing a cell that its revision does not hold."""
    found = history.find(one), history.find(other)
    for snapshot, cell in zip(found, cells or (), strict=False):
        history.side(snapshot, cell)
    return found


def _train(history: History, absent: Iterable[Fingerprint]) -> int:
    """Train each of these cells once, telling of those that cannot be, and return how many were."""
    wanted = {one.fit_key: one for one in absent}
    trained = 0
    for place, one in enumerate(wanted.values(), start=1):
        print(f"experiments: training corner {place} of {len(wanted)}", file=sys.stderr, flush=True)
        try:
            train_corner(history, one)
            trained += 1
        except CeterisError as refusal:
            print(refusal, file=sys.stderr)
    return trained


def train_corner(history: History, wanted: Fingerprint) -> None:
    """Train the cell that a fingerprint describes, its model from one revision and its data from another.

    Raises
    ------
    CeterisError
        What trains here now is not what trained then: the code, the libraries, or the estimator's source.
    """
    model_of, model = _where(history.snapshots, wanted.model, "models")
    data_of, version = _where(history.snapshots, wanted.data, "versions")
    judge, cell = next(
        (one, name)
        for one in history.snapshots
        for name, known in one.cells.items()
        if (known.inputs, known.seeds) == (wanted.inputs, wanted.seeds)
    )
    train = history.rows(data_of, "train")
    rows = history.version(data_of, version)
    places = train.positions(rows["id"].to_numpy(dtype=object))
    training = Training((places,), (rows["label"].to_numpy(dtype=object),))
    kinds = setting(model_of.sections, "ingest", "kinds")
    recipe = parse_recipe(setting(model_of.sections, "train", "models", model), model, kinds)
    side = history.side(judge, cell)
    extra = Extra(history.root, train, history.rows(judge, "validation"), side.judging.classes, side.cell.n_seeds)
    if extra.fingerprint(recipe, training).fit_key != wanted.fit_key:
        raise CeterisError(
            f"{model} of {model_of.name} on {version} of {data_of.name} would not be trained as its neighbours were: the code, "
            "the libraries, the seeds, the weights or the source of the estimator are others here.",
            f"Go to that code first: git checkout {model_of.rev[:7] or 'HEAD'}",
        )
    extra.cells(recipe, [training])


def _where(snapshots: Sequence[Snapshot], digest: str, what: str) -> tuple[Snapshot, str]:
    """Return the revision that holds a model or a version with this fingerprint, and its name there."""
    for one in snapshots:
        for name, known in getattr(one, what).items():
            if known == digest:
                return one, name
    raise BadInputError("A corner would need a control, which is drawn anew for each seed.", "Compare versions of your own.")
