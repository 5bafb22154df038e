"""The canvas as a picture of ten blocks on one page, and the same as lines for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ceteris.canvas.parting import Parting
from ceteris.canvas.terms import Canvas
from ceteris.canvas.told import returns_told
from ceteris.metrics import CLASSES, NUMBERS
from ceteris.params import Params
from ceteris.telling.finding import Finding

__all__ = ["Block", "Drawing", "drawing", "lines_of"]

# As the ML canvas is drawn: what is predicted and decided on the left, the value between, what is learnt from on the right.
_TITLES = {
    "value": "Value proposition",
    "prediction_task": "Prediction task",
    "decisions": "Decisions",
    "offline_evaluation": "Offline evaluation",
    "data_sources": "Data sources and hidden costs",
    "collecting_data": "Collecting data",
    "features": "Features",
    "building_models": "Building models",
    "live_evaluation": "Live evaluation and monitoring",
    "when_not": "When not to use ML",
}
_NAMES = {
    "for_": "For", "who": "who", "our": "our", "is_": "is", "that": "that",
    "source": "Source", "where": "Where", "hidden_costs": "Hidden costs",
    "labels": "Labels", "probabilities": "Probabilities by", "input": "In", "output": "Out",
    "seen": "Seen", "left_out": "Left out",
    "metric": "Metric", "guards": "Guards", "how": "",
    "latency_ms": "Latency, at most", "volume": "Volume", "error_cost": "An error costs", "currency": "",
    "version": "Bought for the version", "label_cost": "A label costs", "label_minutes": "A label takes",
    "check_labels": "Labels to check", "models": "Models",
    "business_metric": "Metric of the business", "model_metric": "Metric of the model",
}  # fmt: skip
_UNITS = {"latency_ms": "ms", "volume": "predictions a month", "label_minutes": "minutes"}


@dataclass(frozen=True)
class Block:
    """One block: facts as (name, text, whether it parts), points, and what it does not say yet."""

    key: str
    title: str
    facts: tuple[tuple[str, str, bool], ...]
    points: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not self.facts and not self.points


@dataclass(frozen=True)
class Drawing:
    """The whole picture.

    Attributes
    ----------
    blocks : the ten blocks, in the order in which they are read
    parts : a sentence for each line that is not what params and the gate say
    returns : what the labels cost and return
    together : whether the metric of the business moves with the model's
    """

    blocks: tuple[Block, ...]
    parts: tuple[str, ...]
    returns: tuple[str, ...]
    together: str


def drawing(canvas: Canvas, found: Sequence[Parting], effects: list[Finding], params: Params, together: str) -> Drawing:
    """Return the canvas as it is drawn.

    Parameters
    ----------
    found : sequence of Parting
        From `parting.partings`.
    effects : list of Finding
        What the labels were measured to bring.
    together : str
        Whether the metric of the business moves with the model's, as `told` has it.
    """
    returns = returns_told(canvas, effects, NUMBERS if params.numbers else CLASSES, params.compare.confidence)
    parted = {(one.block, one.key) for one in found}
    blocks = tuple(_block(key, getattr(canvas, key), canvas.decisions.currency or "", parted) for key in _TITLES)
    return Drawing(blocks, tuple(one.told for one in found), tuple(returns), together)


def _block(key: str, held: Any, money: str, parted: set[tuple[str, str]]) -> Block:
    if key == "when_not":
        return Block(key, _TITLES[key], (), (("", held),) if held else ())
    facts, points = [], []
    for name in type(held).model_fields:
        value = getattr(held, name)
        if name == "guards":
            facts += _guards(value or {}, {path for block, path in parted if block == key})
        elif isinstance(value, tuple) and name not in ("models", "probabilities"):
            points.append((_NAMES[name], value))
        elif value is not None and name != "currency":
            facts.append((_NAMES[name], _text(name, value, money), (key, name) in parted))
    return Block(key, _TITLES[key], tuple(facts), tuple(points))


def _guards(said: Mapping[str, float | None], parted: Collection[str]) -> list[tuple[str, str, bool]]:
    return [(name, _text(name, bound, ""), f"guards.{name}" in parted) for name, bound in said.items()]


def _text(name: str, value: Any, money: str) -> str:
    if value is None:
        return "not asked"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return value
    unit = money if name in ("error_cost", "label_cost") else _UNITS.get(name, "")
    return f"{value:,.10g} {unit}".rstrip()


def lines_of(picture: Drawing) -> Iterator[str]:
    """Yield the check, the returns and the correlation, a line each."""
    if picture.parts:
        yield f"canvas.yaml and what is run part on {len(picture.parts)} line{'s' * (len(picture.parts) > 1)}:"
        yield from (f"  {told}" for told in picture.parts)
    else:
        yield "canvas.yaml and what is run say the same: metric, guards, budgets"
    yield from picture.returns
    yield picture.together
