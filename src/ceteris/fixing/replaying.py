"""The door to re-splits: what a recipe of params.yaml is worth as a kind of fix, on the train rows of this repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ceteris.dataset import ID, TRUE_LABEL, Dataset
from ceteris.errors import BadInputError, LeakageError, nearest
from ceteris.layout import read_layout
from ceteris.measuring.resampled import Chain, Resampled, replay
from ceteris.store import read_json, read_params, read_parquet
from ceteris.training.learners import learner

__all__ = ["replay_version"]

MOST_SPLITS = 1000


def replay_version(
    root: Path,
    version: str,
    model: str | None = None,
    splits: int = 15,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Resampled:
    """Return what a version's recipe is worth against `given`, made anew in each of many re-splits of the train rows.

    Parameters
    ----------
    version : a version of fix.recipes that a rule or a simulated reviewer makes
    model : a model of train.models; default: that of the first planned data contrast, else the first
    splits : int in [2, 1000]
    tell : called with (splits done, splits)

    Raises
    ------
    LeakageError
        The recipe applies edits of people, which were made once, from all rows; or the split is by time.
    BadInputError, ParamsError
        An unknown version or model, labels that a simulated reviewer would need, or too few rows.
    """
    params, layout = read_params(root), read_layout(root)
    recipes, models = params.fix.steps(), params.train.models
    if version not in recipes:
        raise BadInputError(f"{version!r} is no version of fix.recipes.{nearest(version, recipes)}", "Name one of them.")
    if not recipes[version]:
        raise BadInputError(f"{version!r} is what a fix is compared with, and holds none.", "Name another version.")
    name = model or params.held_model
    if name not in models:
        raise BadInputError(f"{name!r} is no model of params.yaml.{nearest(name, models)}", "Name one of train.models.")
    if not 2 <= splits <= MOST_SPLITS:
        raise BadInputError(f"{splits} re-splits were asked for.", f"Ask for 2 to {MOST_SPLITS:,}; 15 is the default.")
    split = root / layout["split"]
    train = Dataset.from_frame(read_parquet(split / "train.parquet"))
    if train.times is not None:
        raise LeakageError(
            "Rows are split by time, and re-splits at random would train on what comes after the rows that judge.",
            "Measure the version on the validation part (dvc repro), or replay it where `split.by` is hash.",
        )
    truth = read_parquet(split / "truth-train.parquet").set_index(ID)[TRUE_LABEL].reindex(train.ids)
    classes = tuple(read_json(split / "classes.json"))
    chain = Chain(
        train.by_id(),
        train.labels,
        classes,
        learner(models[name], train.features, root, classes, kind=params.model_kind),
        learner(params.audit.model, train.features, root, classes, kind=params.model_kind),
        recipes[version],
        folds=params.audit.folds,
        repeats=params.audit.repeats,
        filter_by=params.audit.filter_by,
        true=truth.to_numpy(dtype=object) if truth.notna().all() else None,
        groups=train.uncut(),
        metric=params.compare.metric,
    )
    region = params.compare.region_of(chain.metric)
    return replay(chain, splits=splits, seed=params.audit.seed, confidence=params.compare.confidence, region=region, tell=tell)
