"""Where canvas.yaml parts from what params.yaml and the gate of release.yaml say: a sentence for each line. Pure.

A canvas hangs on a wall and params are changed: what is said of metric, guards and budgets is compared, line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import pandas as pd

from ceteris.canvas.terms import FILE, Canvas
from ceteris.errors import nearest
from ceteris.metrics import CLASSES, NUMBERS
from ceteris.params import Params
from ceteris.release.gate_terms import Gate

__all__ = ["Parting", "guards_of", "partings", "probabilities_of"]

_GATE, _LATENCY = "release/release.yaml: gate", "latency_ms"


@dataclass(frozen=True)
class Parting:
    """One line on which the canvas and what is run say different things.

    Attributes
    ----------
    block, key : str
        The line of canvas.yaml.
    told : str
        A sentence: what the one says, and what the other.
    """

    block: str
    key: str
    told: str


def partings(canvas: Canvas, params: Params, gate: Gate | None, giving: Mapping[str, bool] | None = None) -> list[Parting]:
    """Return every line on which they part, in the order of the blocks.

    Parameters
    ----------
    gate : Gate or None
        The section of release.yaml; None where there is no such file.
    giving : mapping of str to bool, optional
        From `probabilities_of`; without, nothing was measured.
    """
    wanted = [*_of_params(canvas, params), *_of_probabilities(canvas, giving or {}), *_of_the_gate(canvas, gate)]
    return sorted(wanted, key=lambda one: list(Canvas.model_fields).index(one.block))


def probabilities_of(grid: pd.DataFrame) -> dict[str, bool]:
    """Return of each model that was measured whether it gives probabilities: then it has a log loss."""
    known = grid[grid["metric"] == "log_loss"]
    return {str(model): bool(value) for model, value in known["value"].notna().groupby(known["model"]).any().items()}


def guards_of(gate: Gate | None) -> dict[str, float | None]:
    """Return the guards of a gate and their thresholds: its numbers that may be null, which is how a guard is not asked."""
    if gate is None:
        return {}
    fields = Gate.model_fields.items()
    asked = [name for name, field in fields if {float, type(None)} <= set(get_args(field.annotation))]
    return {name: getattr(gate, name) for name in asked}


def _of_params(canvas: Canvas, params: Params) -> Iterator[Parting]:
    compare, collecting = params.compare, canvas.collecting_data
    yield from _same("data_sources", "source", canvas.data_sources.source, "ingest.source", params.ingest.source)
    labels = NUMBERS if params.numbers else CLASSES
    said = canvas.prediction_task.labels
    if said != labels:
        as_they_are = f"with ingest.label_type {params.ingest.label_type!r} in params.yaml they are {labels}"
        yield Parting("prediction_task", "labels", _says("prediction_task", "labels", said, as_they_are))
    for block in ("offline_evaluation", "live_evaluation"):
        key = "metric" if block == "offline_evaluation" else "model_metric"
        yield from _same(block, key, getattr(getattr(canvas, block), key), "compare.metric", compare.metric)
    yield from _same("collecting_data", "check_labels", collecting.check_labels, "compare.review_rows", compare.review_rows)
    yield from _labels_bought(canvas, params)
    for model in canvas.building_models.models or ():
        if model not in params.train.models:
            told = f"{FILE}: building_models.models names {model!r}, and train.models in params.yaml does not."
            yield Parting("building_models", "models", told + nearest(model, params.train.models))


def _of_probabilities(canvas: Canvas, giving: Mapping[str, bool]) -> Iterator[Parting]:
    """Yield where a model is said to give probabilities and gives none, or the other way round."""
    block, key, said = "prediction_task", "probabilities", canvas.prediction_task.probabilities
    if said is None:
        return
    for model in said:
        if model not in giving and giving:
            yield Parting(block, key, f"{FILE}: {block}.{key} names {model!r}, which was not measured.{nearest(model, giving)}")
    for model, gives in giving.items():
        if gives != (model in said):
            one, other = ("names", "gives none") if not gives else ("does not name", "gives a probability for each class")
            yield Parting(block, key, f"{FILE}: {block}.{key} {one} {model!r}, and that model {other}")


def _labels_bought(canvas: Canvas, params: Params) -> Iterator[Parting]:
    """Yield where the version that labels were bought for, or how many, is not what params.yaml plans."""
    version, labels = canvas.collecting_data.version, canvas.collecting_data.labels
    planned = [contrast.candidate for contrast in params.compare.planned if contrast.axis == "data"]
    if version is None or version not in planned:
        among = f"compare.planned in params.yaml measures no data contrast of it.{nearest(str(version), planned)}"
        told = f"{FILE}: collecting_data.version is {_shown(version)}, and {among}"
        yield Parting("collecting_data", "version", told)
        return
    rows = [step.rows for step in params.fix.steps().get(version, ()) if step.step == "simulate_review"]
    if rows:
        yield from _same("collecting_data", "labels", labels, f"fix.recipes.{version}: rows", rows[0])


def _of_the_gate(canvas: Canvas, gate: Gate | None) -> Iterator[Parting]:
    block, asked, said = "offline_evaluation", guards_of(gate), dict(canvas.offline_evaluation.guards or {})
    if gate is None:
        if said:
            told = f"{FILE}: {block}.guards names {len(said)}, and there is no release/release.yaml to hold them"
            yield Parting(block, "guards", told)
        return
    yield from _thresholds(said, asked)
    latency = canvas.decisions.latency_ms
    if _LATENCY in asked and latency != asked[_LATENCY]:
        held = f"{_GATE}.{_LATENCY} is {_shown(asked[_LATENCY])}"
        yield Parting("decisions", _LATENCY, _says("decisions", _LATENCY, latency, held))


def _thresholds(said: Mapping[str, float | None], asked: Mapping[str, float | None]) -> Iterator[Parting]:
    block = "offline_evaluation"
    for name, threshold in said.items():
        if name not in asked:
            told = f"{FILE}: {block}.guards.{name} is no guard of {_GATE}.{nearest(name, asked)}"
            yield Parting(block, f"guards.{name}", told)
        elif threshold != asked[name]:
            held = f"{_GATE}.{name} is {_shown(asked[name])}"
            yield Parting(block, f"guards.{name}", _says(block, f"guards.{name}", threshold, held))
    for name, threshold in asked.items():
        if threshold is not None and name not in said and name != _LATENCY:
            told = f"{FILE}: {block}.guards does not name {name}, and {_GATE}.{name} is {_shown(threshold)}"
            yield Parting(block, f"guards.{name}", told)


def _same(block: str, key: str, said: object, line: str, stands: object) -> Iterator[Parting]:
    if said != stands:
        yield Parting(block, key, _says(block, key, said, f"{line} in params.yaml is {_shown(stands)}"))


def _says(block: str, key: str, said: object, other: str) -> str:
    return f"{FILE}: {block}.{key} is {_shown(said)}, and {other}"


def _shown(value: object) -> str:
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else repr(value)
