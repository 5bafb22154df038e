"""The sections of params.yaml, one a stage: what each may say, and in which range."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ceteris.command_line import words_of
from ceteris.diagnosis.kinds import OF_ROWS
from ceteris.errors import nearest
from ceteris.metrics import METRICS

__all__ = [
    "Section", "Plant", "Ingest", "Validate", "Split", "ModelRecipe", "Audit", "Step", "Fix", "Train", "Contrast", "Compare",
    "Ranking", "Report", "Review", "SCORED_ON", "AA", "PLACEBO", "RANDOM", "MAJORITY", "CROWDLAB", "batch_name",
    "is_batch_name",
]  # fmt: skip

# What validation labels can be, the most trustworthy first.
SCORED_ON = ("true", "verified (all)", "verified (disagreements)", "given")
AA, PLACEBO, RANDOM = "aa", "placebo-", "random-"
MAJORITY, CROWDLAB = "majority", "crowdlab"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")


def batch_name(path: str) -> str:
    """Return what a batch of `ingest.batches` is called: its file's name without what follows the first point."""
    return path.rpartition("/")[2].partition(".")[0]


def is_batch_name(name: str) -> bool:
    """Return whether a batch may be called so."""
    return _NAME.fullmatch(name) is not None


Kind = Literal["number", "category", "text", "date", "vector", "sparse", "image"]


Ranking = Literal[
    "best", "label_quality", "combined", "by_class", "expected_gain", "confident_learning", "repaired_joint", "knn", "data_oob",
    "ensemble", "learned",
]  # fmt: skip


class Section(BaseModel):
    """Strict: unknown keys are refused, no value is coerced into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Plant(Section):
    """Label errors planted at ingest, so that what was planted can be found again; the label as it came is the true one."""

    kind: Literal["none", "uniform", "confusable"] = "none"
    rate: float = Field(0.0, ge=0.0, le=0.5)
    seed: int = Field(0, ge=0, lt=2**32)


class Ingest(Section):
    """Where the rows come from, and how their text is read."""

    source: str = "digits"
    batches: tuple[str, ...] | None = None
    label: str | None = "label"
    annotators: tuple[str, ...] | None = None
    votes: str | None = None
    given: str | None = Field(None, min_length=1)
    id: str | None = None
    true_label: str | None = None
    group: str | None = None
    time: str | None = None
    time_format: str | None = Field(None, min_length=1)
    time_feature: bool = False
    part: str | None = None
    verified: str | None = None
    drop: tuple[str, ...] | None = None
    label_type: Literal["text", "integer", "boolean", "number"] = "text"
    encoding: str = "utf-8"
    fallback_encoding: str | None = None
    delimiter: str = Field(",", min_length=1, max_length=1)
    header_rows: int = Field(1, ge=1, le=2)
    sheet: str | None = None
    image_size: int = Field(32, ge=4, le=256)
    image_mode: Literal["rgb", "gray"] = "rgb"
    unreadable: Literal["refuse", "drop"] = "refuse"
    features: str | None = None
    features_ids: str | None = None
    kinds: dict[str, Kind] | None = None
    dates: Literal["iso", "day_first", "month_first"] = "iso"
    missing: tuple[str, ...] | None = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None")
    sentinels: dict[str, tuple[str, ...]] | None = None
    decimal: Literal["point", "comma"] = "point"
    units: dict[str, str | dict[str, float]] | None = None
    infinite: Literal["refuse", "missing"] = "refuse"
    unlabelled: Literal["refuse", "drop"] = "refuse"
    normalise: Literal["none", "labels"] = "none"
    id_width: int | None = Field(None, ge=2, le=64)
    duplicates: Literal["keep", "drop"] = "keep"
    conflicting: Literal["keep", "drop", "majority"] = "keep"
    rare_classes: Literal["keep", "drop", "other"] = "keep"
    rare_below: int = Field(10, ge=2, le=1_000_000)
    plant: Plant = Plant()

    @field_validator("batches")
    @classmethod
    def _batches_have_names(cls, batches: tuple[str, ...] | None) -> tuple[str, ...] | None:
        names = [batch_name(path) for path in batches or ()]
        for name in names:
            if not is_batch_name(name):
                raise ValueError(f"a batch is called {name!r}: name its file with letters, digits, - and _, up to 40")
            if names.count(name) > 1:
                raise ValueError(f"two batches are called {name!r}")
        return batches

    @field_validator("sentinels", mode="before")
    @classmethod
    def _as_they_are_spelled(cls, sentinels: object) -> object:
        """-999 and 1900-01-01 need no quotes: YAML takes them for a number and a date, which spell themselves."""
        if not isinstance(sentinels, dict):
            return sentinels
        listed = {key: value if isinstance(value, tuple) else (value,) for key, value in sentinels.items()}
        plain = (int, float, datetime.date)
        return {
            key: tuple(str(value) if isinstance(value, plain) and not isinstance(value, bool) else value for value in values)
            for key, values in listed.items()
        }

    @field_validator("units")
    @classmethod
    def _factors_are_positive(cls, units: dict[str, str | dict[str, float]] | None) -> dict[str, str | dict[str, float]] | None:
        for column, unit in (units or {}).items():
            if isinstance(unit, dict) and not (unit and all(0 < factor < math.inf for factor in unit.values())):
                raise ValueError(f"{column!r} needs a factor above 0 for each unit, as {{kg: 1, lb: 0.45359237}}")
        return units

    @property
    def voted(self) -> bool:
        """Whether several people's labels of the same rows are declared."""
        return self.annotators is not None or self.votes is not None

    @model_validator(mode="after")
    def _people_are_told_once(self) -> Ingest:
        named = self.annotators or ()
        if self.annotators is not None and self.votes is not None:
            raise ValueError("annotators (a column for each person) and votes (a file of them) are both set: keep one")
        if len(set(named)) < len(named):
            raise ValueError(f"annotators names {next(name for name in named if named.count(name) > 1)!r} twice: keep one")
        if self.annotators is not None and len(named) < 2:
            raise ValueError(
                "annotators names fewer than two columns: one person's labels are given labels like any others"
                " (`label: COLUMN`, `annotators: null`)"
            )
        if self.votes is not None and self.id is None:
            raise ValueError("votes are told by the id of their row, and id names no column")
        return self

    @model_validator(mode="after")
    def _a_label_is_given_in_one_way(self) -> Ingest:
        if self.given is not None and not self.voted:
            raise ValueError(f"given is {self.given!r}, and neither annotators nor votes says who labelled")
        if (self.label is None) == (self.given is None):
            raise ValueError(
                "label and given are both null: name the column of the given labels, or, with annotators, write"
                f" `given: {MAJORITY}` (or a person's name)"
                if self.label is None
                else f"label is {self.label!r} and given is {self.given!r}: the given label comes from one of them, the other"
                " is null"
            )
        if self.annotators and self.given not in (None, MAJORITY, *self.annotators):
            raise ValueError(f"given is {self.given!r}: write {MAJORITY}, or one of annotators")
        return self


class Validate(Section):
    """What must hold before anything is split."""

    classes: tuple[str, ...] | None = None

    @field_validator("classes")
    @classmethod
    def _each_once(cls, classes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if classes is not None and (len(set(classes)) != len(classes) or len(classes) < 2):
            raise ValueError("name two classes or more, each once")
        return classes


class Split(Section):
    """Who judges: shares of the rows by a hash, what comes after a point in time, or what a column says."""

    by: Literal["hash", "time", "column"] = "hash"
    validation: float = Field(0.2, gt=0.0, lt=0.9)
    test: float = Field(0.2, gt=0.0, lt=0.9)
    seed: int = Field(0, ge=0, lt=2**32)
    validation_from: float | str | None = None
    test_from: float | str | None = None
    parts: dict[str, Literal["train", "validation", "test", "hash"]] | None = None
    straddling: Literal["refuse", "hold_out"] = "refuse"
    copies: Literal["refuse", "together"] = "refuse"
    near_copies: Literal["tell", "together"] = "tell"
    near_distance: float = Field(0.005, ge=0.0, le=0.1)

    @field_validator("validation_from", "test_from", mode="before")
    @classmethod
    def _a_date_as_it_is_written(cls, cut: object) -> object:
        return cut.isoformat() if isinstance(cut, datetime.date) else cut

    @model_validator(mode="after")
    def _time_is_cut_twice(self) -> Split:
        lacking = [key for key in ("validation_from", "test_from") if getattr(self, key) is None]
        if self.by == "time" and lacking:
            raise ValueError(
                f"by is time, and {' and '.join(lacking)} is null: `ceteris init FILE --time COLUMN` proposes both"
            )
        return self

    def remedy(self, part: str) -> str:
        """Return the line of params.yaml that gives a part other rows, as the head of a sentence."""
        if self.by == "time":
            line = {"train": "validation_from", "validation": "validation_from or split.test_from", "test": "test_from"}[part]
            return f"Move split.{line} in params.yaml"
        if self.by == "column":
            return f"Correct the column of ingest.part, or what split.parts in params.yaml calls {part}"
        return "Lower split.validation in params.yaml" if part == "train" else f"Enlarge split.{part} in params.yaml"

    @model_validator(mode="after")
    def _some_rows_are_left_to_train_on(self) -> Split:
        if self.validation + self.test > 0.9:
            raise ValueError(f"validation + test is {self.validation + self.test:.2f}, which leaves under 10 % to train on")
        return self


class ModelRecipe(Section):
    """What trains: an unfitted estimator by its import path, a command of the user's own, or predictions made elsewhere.

    `estimator` (or `estimators/FILE.py:CLASS`) takes `prepare`, `params` and `embedding`; `command` takes `files`, which are
    held fixed with it, `exchange` and `timeout` (seconds); `predictions` names a folder. `kinds` are those of `ingest.kinds`,
    which every model is given, and those that one model alone is to see otherwise.
    """

    estimator: str = ""
    prepare: Literal["scaled", "coded", "table", "embedded", "none"] = "scaled"
    params: dict[str, Any] | None = None
    kinds: dict[str, Kind] | None = None
    embedding: str | None = None
    command: str = ""
    files: tuple[str, ...] | None = None
    exchange: Literal["parquet", "csv"] = "parquet"
    timeout: int = Field(3600, ge=1, le=2_592_000)
    predictions: str = ""

    @field_validator("files", "predictions")
    @classmethod
    def _stay_inside(cls, named: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for path in (named,) if isinstance(named, str) else named or ():
            if path.startswith(("/", "~")) or ".." in path.split("/"):
                raise ValueError(f"{path!r} leaves the repository: name a place below it")
        return named

    @model_validator(mode="after")
    def _one_way_to_train(self) -> ModelRecipe:
        ways = {
            "estimator": {"prepare", "params", "embedding"},
            "command": {"files", "exchange", "timeout"},
            "predictions": set[str](),
        }
        chosen = [way for way in ways if getattr(self, way)]
        if len(chosen) != 1:
            raise ValueError(f"a model has one of {', '.join(ways)}, and this has {' and '.join(chosen) or 'none'}")
        of_others = set().union(*ways.values()) - ways[chosen[0]]
        foreign = sorted(of_others & self.model_fields_set)
        if foreign:
            raise ValueError(f"a model with `{chosen[0]}` takes no `{foreign[0]}`")
        if self.command:
            words_of(self.command)
        return self

    @model_validator(mode="after")
    def _an_embedding_is_named_where_it_is_used(self) -> ModelRecipe:
        if (self.prepare == "embedded") != (self.embedding is not None):
            raise ValueError("prepare: embedded and embedding: estimators/FOLDER (a sentence-embedding model) go together")
        return self

    @property
    def told(self) -> str:
        """What stands for the recipe in a word or two."""
        return self.estimator.rsplit(".", 1)[-1] or self.command or self.predictions


class Audit(Section):
    """How rows are doubted: out-of-fold probabilities, then cleanlab."""

    model: ModelRecipe
    folds: int = Field(5, ge=2, le=100)
    repeats: int = Field(1, ge=1, le=100)
    seed: int = Field(0, ge=0, lt=2**32)
    filter_by: Literal["prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"] = (
        "prune_by_noise_rate"
    )
    queue_rows: int = Field(1000, ge=1, le=1_000_000)
    gap: float = Field(0.0, ge=0.0)


class Diagnose(Section):
    """How issues beyond labels are looked for."""

    most_rows: int = Field(20_000, ge=100, le=1_000_000)
    seed: int = Field(0, ge=0, lt=2**32)


class Step(Section):
    """One step of a recipe."""

    step: Literal[
        "drop_flagged",
        "relabel_flagged",
        "apply_edits",
        "consensus",
        "simulate_review",
        "restore_true",
        "take_votes",
        "drop_like",
        "review_like",
        "reseed",
        "leave_out",
        "drop_issues",
        "weigh_issues",
        "reweigh",
    ]
    rows: int | None = Field(None, ge=1, le=100_000_000)
    version: str | None = None
    rule: Literal["majority", "crowdlab"] | None = None
    without: tuple[str, ...] | None = None
    batches: tuple[str, ...] | None = Field(None, min_length=1)
    issues: tuple[str, ...] | None = Field(None, min_length=1)
    weight: float | None = Field(None, gt=0.0, le=100.0)
    by: str | None = None

    @model_validator(mode="after")
    def _arguments_fit_the_step(self) -> Step:
        needs_version = self.step in ("drop_like", "review_like")
        if needs_version != (self.version is not None):
            raise ValueError(f"step {self.step} {'needs' if needs_version else 'takes no'} `version`")
        if self.step == "simulate_review" and self.rows is None:
            raise ValueError("step simulate_review needs `rows`, the number of reviews")
        if self.rows is not None and self.step not in ("simulate_review", "drop_flagged", "relabel_flagged"):
            raise ValueError(f"step {self.step} takes no `rows`")
        if (self.step == "leave_out" and self.batches is None) or (
            self.step not in ("leave_out", "apply_edits") and self.batches is not None
        ):
            raise ValueError(f"step {self.step} {'needs' if self.batches is None else 'takes no'} `batches`")
        for argument, steps in (
            ("issues", ("drop_issues", "weigh_issues")),
            ("weight", ("weigh_issues",)),
            ("by", ("reweigh",)),
        ):
            if (self.step in steps) != (getattr(self, argument) is not None):
                raise ValueError(f"step {self.step} {'needs' if self.step in steps else 'takes no'} `{argument}`")
        self._issues_are_known()
        if self.step == "take_votes" and self.rule is None:
            raise ValueError(f"step take_votes needs `rule`: {MAJORITY} or {CROWDLAB}")
        if self.step != "take_votes" and (self.rule is not None or self.without is not None):
            raise ValueError(f"step {self.step} takes no `{'without' if self.rule is None else 'rule'}`")
        return self

    def _issues_are_known(self) -> None:
        for name in self.issues or ():
            if name not in OF_ROWS:
                raise ValueError(f"{name!r} is no kind of issue that rows have.{nearest(name, OF_ROWS)}")


class Fix(Section):
    """Recipes of the versions. The controls `aa`, `placebo-*` and `random-*` are added by ceteris."""

    conflicts: Literal["refuse", "latest", "majority"] = "refuse"
    recipes: dict[str, tuple[Step, ...] | None]

    @field_validator("recipes")
    @classmethod
    def _names_are_plain(cls, recipes: dict[str, tuple[Step, ...] | None]) -> dict[str, tuple[Step, ...] | None]:
        _plain_names(recipes)
        if "given" not in recipes or recipes["given"]:
            raise ValueError("recipes must hold `given` with no steps: it is what every fix is compared with")
        for name in recipes:
            if name == AA or name.startswith((PLACEBO, RANDOM)):
                raise ValueError(f"{name!r} is the name of a control, which ceteris adds by itself")
        return recipes

    def steps(self) -> dict[str, tuple[Step, ...]]:
        """Return the steps of each declared version, in the order of params.yaml."""
        return {name: steps or () for name, steps in self.recipes.items()}


class Train(Section):
    """Every model on every version, with the same seeds."""

    seeds: int = Field(10, ge=1, le=1000)
    models: dict[str, ModelRecipe]

    @field_validator("models")
    @classmethod
    def _names_are_plain(cls, models: dict[str, ModelRecipe]) -> dict[str, ModelRecipe]:
        _plain_names(models)
        if not models:
            raise ValueError("models is empty: name at least one")
        return models


class Contrast(Section):
    """One planned comparison: the axis that moves, what is held fixed, and the two arms."""

    axis: Literal["data", "model"]
    model: str | None = None
    version: str | None = None
    baseline: str
    candidate: str

    @model_validator(mode="after")
    def _one_thing_is_held_fixed(self) -> Contrast:
        held, other = ("model", "version") if self.axis == "data" else ("version", "model")
        if getattr(self, held) is None or getattr(self, other) is not None:
            raise ValueError(f"a contrast on the {self.axis} axis names `{held}`, which is held fixed, and no `{other}`")
        if self.baseline == self.candidate:
            raise ValueError(f"baseline and candidate are both {self.baseline!r}")
        return self

    @property
    def arms(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The baseline's and the candidate's cell, each as (model, version)."""
        if self.axis == "data":
            return (str(self.model), self.baseline), (str(self.model), self.candidate)
        return (self.baseline, str(self.version)), (self.candidate, str(self.version))

    @property
    def name(self) -> str:
        """A name for files and commands: what is held fixed, then the two arms."""
        return f"{self.model or self.version}.{self.baseline}.{self.candidate}"


class Compare(Section):
    """What is compared, and what counts as a difference."""

    metric: Literal["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc", "mae", "rmse", "r2"] = "accuracy"
    confidence: float = Field(0.95, gt=0.5, lt=1.0)
    region: float = Field(0.005, ge=0.0, lt=0.5)
    region_log_loss: float = Field(0.01, ge=0.0, lt=10.0)
    region_error: float = Field(0.0, ge=0.0, lt=1e12)
    review_rows: int = Field(150, ge=60, le=1_000_000)
    groups: tuple[str, ...] | None = None
    planned: tuple[Contrast, ...]

    @field_validator("planned")
    @classmethod
    def _something_is_planned_once(cls, planned: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
        if not planned:
            raise ValueError("planned is empty: name at least one contrast")
        names = [contrast.name for contrast in planned]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the contrast {name!r} is planned twice")
        return planned

    @field_validator("groups")
    @classmethod
    def _groups_are_named_once(cls, groups: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if groups is not None and (not groups or len(set(groups)) < len(groups)):
            raise ValueError("groups names one column or more, each once; leave it empty for the classes of the label")
        return groups

    def region_of(self, metric: str) -> float:
        """Return the half-width of the region of practical equality on a metric, in the unit of its scores."""
        return float(getattr(self, METRICS[metric].region))


class Report(Section):
    """How the report is headed, and what becomes of a canvas that says other things than what is run."""

    title: str = Field("What moved the score?", min_length=1, max_length=200)
    canvas: Literal["tell", "refuse"] = "tell"


class Review(Section):
    """Which train rows a person is shown: shares of all questions, and the rankings that the rest comes from."""

    random: float = Field(0.2, ge=0.0, le=1.0)
    controls: float = Field(0.05, ge=0.0, le=0.5)
    flips: float = Field(0.0, ge=0.0, le=0.5)
    rankings: tuple[Ranking, ...] = ("best", "learned")

    @model_validator(mode="after")
    def _something_is_asked_once(self) -> Review:
        if not self.rankings or len(set(self.rankings)) < len(self.rankings):
            raise ValueError("rankings names one ranking or more, each once")
        total = self.random + self.controls + self.flips
        if total > 1:
            raise ValueError(f"random + controls + flips is {total:.2f}: they are shares of all questions, at most 1 together")
        return self


def _plain_names(names: dict[str, Any]) -> None:
    for name in names:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} names a folder: use 1 to 40 letters, digits, '-' and '_'")
