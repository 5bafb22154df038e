"""What canvas.yaml may say: ten blocks, each a section; whatever is null was not said."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, field_validator

from ceteris.params import parse_as
from ceteris.sections import Section

__all__ = ["BLOCKS", "FILE", "Canvas", "parse_canvas"]

FILE = "canvas.yaml"
Text = Annotated[str, Field(min_length=1, max_length=400)]
Texts = tuple[Text, ...]
Amount = Annotated[float, Field(ge=0.0, le=1e15, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]


class Value(Section):
    """The value proposition, in Moore's template: for whom, who need what, our product, is what, that does what."""

    for_: Text | None = Field(None, alias="for")
    who: Text | None = None
    our: Text | None = None
    is_: Text | None = Field(None, alias="is")
    that: Text | None = None


class DataSources(Section):
    """Where rows come from, and what they cost that nobody sees."""

    source: Text | None = None
    where: Texts | None = None
    hidden_costs: Texts | None = None


class PredictionTask(Section):
    """What goes in, what comes out, and which models say how probable each class is."""

    labels: Literal["classes", "numbers"] | None = None
    probabilities: Texts | None = None
    input: Text | None = None
    output: Text | None = None


class Features(Section):
    """What the model sees of a row, and what it must not see."""

    seen: Texts | None = None
    left_out: Texts | None = None


class OfflineEvaluation(Section):
    """How a model is judged before anybody uses it; a guard that is null is not asked."""

    metric: Text | None = None
    guards: dict[str, FiniteFloat | None] | None = None
    how: Texts | None = None


class Decisions(Section):
    """What is done with a prediction, how fast, how often, and what a wrong one costs."""

    how: Texts | None = None
    latency_ms: Amount | None = None
    volume: Amount | None = None
    error_cost: Amount | None = None
    currency: Text | None = None


class CollectingData(Section):
    """Where labels come from, and what they may cost."""

    how: Texts | None = None
    version: Text | None = None
    labels: Count | None = None
    label_cost: Amount | None = None
    label_minutes: Amount | None = None
    check_labels: Count | None = None


class BuildingModels(Section):
    """Which models, and when they are made anew."""

    models: Texts | None = None
    how: Texts | None = None


class LiveEvaluation(Section):
    """What tells, once it is used, whether it is worth it: the metric of the business beside the model's."""

    business_metric: Text | None = None
    model_metric: Text | None = None
    how: Texts | None = None


class Canvas(Section):
    """All of canvas.yaml, a section a block."""

    value: Value = Value()
    data_sources: DataSources = DataSources()
    prediction_task: PredictionTask = PredictionTask()
    features: Features = Features()
    offline_evaluation: OfflineEvaluation = OfflineEvaluation()
    decisions: Decisions = Decisions()
    collecting_data: CollectingData = CollectingData()
    building_models: BuildingModels = BuildingModels()
    live_evaluation: LiveEvaluation = LiveEvaluation()
    when_not: Texts | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _an_empty_block_says_nothing(cls, block: Any, info: Any) -> Any:
        return {} if block is None and info.field_name != "when_not" else block

    @property
    def filled(self) -> bool:
        """Whether anything was said at all; a form that nobody filled in is no canvas."""
        return self != Canvas()


BLOCKS = tuple(Canvas.model_fields)


def parse_canvas(content: object) -> Canvas | None:
    """Return what a parsed canvas.yaml says, None where it says nothing; refusals as of `ceteris.params.parse`."""
    canvas = Canvas() if content is None else parse_as(Canvas, content, FILE)
    return canvas if canvas.filled else None
