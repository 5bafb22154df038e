"""What params.yaml may say as a whole: strict, every refusal naming the line and the nearest known word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from ceteris.detectors.settings import Detectors
from ceteris.errors import ParamsError, nearest
from ceteris.kinds import merged
from ceteris.metrics import METRICS, metrics_of
from ceteris.sections import (
    AA,
    PLACEBO,
    RANDOM,
    Audit,
    Compare,
    Contrast,
    Diagnose,
    Fix,
    Ingest,
    ModelRecipe,
    Plant,
    Report,
    Review,
    Section,
    Split,
    Step,
    Train,
    Validate,
)

__all__ = ["Params", "parse", "parse_as", "parse_compare", "parse_recipe"]

Whole = TypeVar("Whole", bound=Section)


class Params(Section):
    """All of params.yaml."""

    ingest: Ingest
    validate_: Validate = Field(Validate(), alias="validate")
    split: Split = Split()
    audit: Audit
    diagnose: Diagnose = Diagnose()
    fix: Fix
    train: Train
    compare: Compare
    report: Report = Report()
    review: Review = Review()
    detectors: Detectors = Detectors()

    @model_validator(mode="after")
    def _labels_are_of_one_kind(self) -> Params:
        """Labels that are numbers have metrics of their own, and nothing that takes classes."""
        held, wanted = ("numbers" if self.numbers else "classes"), METRICS[self.compare.metric].labels
        if held != wanted:
            raise ValueError(
                f"compare.metric {self.compare.metric!r} is of {wanted}, and with ingest.label_type"
                f" {self.ingest.label_type!r} labels are {held}: choose among {', '.join(metrics_of(held))},"
                " or correct the type"
            )
        if not self.numbers:
            return self
        of_classes = {
            "validate.classes": self.validate_.classes is not None,
            "ingest.normalise: labels": self.ingest.normalise == "labels",
            "ingest.plant.kind: confusable (uniform gives rows the label of another row)": self.ingest.plant.kind
            == "confusable",
            "the recipe step consensus": any(step.step == "consensus" for steps in self.fix.steps().values() for step in steps),
            "ingest.annotators": self.ingest.annotators is not None,
            "ingest.votes": self.ingest.votes is not None,
            "review.flips": self.review.flips > 0,
            "a model with a command or with predictions made elsewhere": any(
                not recipe.estimator for recipe in (*self.train.models.values(), self.audit.model)
            ),
        }
        for what, stands in of_classes.items():
            if stands:
                raise ValueError(f"{what} is for labels that are classes, and ingest.label_type is number")
        return self

    @property
    def numbers(self) -> bool:
        """Whether labels are numbers, not classes."""
        return self.ingest.label_type == "number"

    @property
    def model_kind(self) -> str:
        """What every model has to be: "classifier" or "regressor"."""
        return "regressor" if self.numbers else "classifier"

    @model_validator(mode="after")
    def _sections_agree(self) -> Params:
        self._split_knows_its_columns()
        self._votes_are_there()
        declared = self.fix.steps()
        for name, steps in declared.items():
            for step in steps:
                if step.version is not None and step.version not in declared:
                    raise ValueError(f"recipe {name!r} is like version {step.version!r}, which no recipe makes.")
        for contrast in self.compare.planned:
            for model, version in contrast.arms:
                if model not in self.train.models:
                    raise ValueError(f"compare.planned names the model {model!r}.{nearest(model, self.train.models)}")
                if version == AA:
                    raise ValueError(
                        "compare.planned names `aa`, which moves the seeds, not the data; it is measured by itself"
                    )
                if version.removeprefix(PLACEBO).removeprefix(RANDOM) not in declared:
                    raise ValueError(f"compare.planned names the version {version!r}.{nearest(version, declared)}")
        return self

    def _split_knows_its_columns(self) -> None:
        for by, key, option in (("time", "time", "--time"), ("column", "part", "--split-column")):
            if self.split.by == by and getattr(self.ingest, key) is None:
                raise ValueError(
                    f"split.by is {by}, and ingest.{key} names no column: `ceteris init FILE {option} COLUMN` sets both."
                )
        if self.ingest.verified is not None and self.ingest.true_label is not None:
            raise ValueError("ingest.verified and ingest.true_label are both set: keep the one that says more.")

    def _votes_are_there(self) -> None:
        taking = [name for name, steps in self.fix.steps().items() if any(step.step == "take_votes" for step in steps)]
        if taking and not self.ingest.voted:
            raise ValueError(
                f"recipe {taking[0]!r} takes votes, and neither ingest.annotators nor ingest.votes says who voted."
            )
        if self.ingest.voted and self.ingest.plant.kind != "none":
            raise ValueError(
                "ingest.plant changes labels on purpose, and several people labelled these rows: write `kind: none`, since"
                " their votes would tell the planted errors"
            )
        people = self.ingest.annotators or ()
        for name in taking:
            left_out = {person for step in self.fix.steps()[name] for person in step.without or ()}
            for person in sorted(left_out - set(people)) if people else ():
                raise ValueError(
                    f"recipe {name!r} leaves out {person!r}, who is none of ingest.annotators.{nearest(person, people)}"
                )

    @property
    def held_model(self) -> str:
        """The model that is held fixed where none is named: that of the first planned data contrast, else the first."""
        planned = next((contrast.model for contrast in self.compare.planned if contrast.axis == "data"), None)
        return planned or next(iter(self.train.models))


def parse(content: object, file: str = "params.yaml") -> Params:
    """Return the params that a parsed YAML document holds.

    Raises
    ------
    ParamsError
        Names every bad line with what was seen there; an unknown key with the nearest known one.
    """
    return _with_kinds(parse_as(Params, content, file))


def _with_kinds(params: Params) -> Params:
    """Return the params with the kinds of the columns in every model: how a kind becomes numbers is part of what a model is."""
    declared, train, audit = params.ingest.kinds, params.train, params.audit
    if not declared:
        return params
    models = {name: _told(recipe, declared) for name, recipe in train.models.items()}
    return params.model_copy(
        update={
            "train": train.model_copy(update={"models": models}),
            "audit": audit.model_copy(update={"model": _told(audit.model, declared)}),
        }
    )


def _told(recipe: ModelRecipe, declared: Mapping[str, str]) -> ModelRecipe:
    return recipe.model_copy(update={"kinds": merged(declared, recipe.kinds)})


def parse_as(whole: type[Whole], content: object, file: str) -> Whole:
    """Return what a parsed YAML document holds, read as a section of sections; refusals as of `parse`."""
    if not isinstance(content, dict):
        raise ParamsError(
            f"{file} holds {type(content).__name__}, not sections.", f"Write one section a stage: {', '.join(_keys(whole))}."
        )
    try:
        return whole.model_validate(_lists_as_tuples(content))
    except ValidationError as error:
        faults = [_sentence(fault, file, whole) for fault in error.errors(include_url=False)]
        raise ParamsError(
            "\n".join(faults), f"Change {'this line' if len(faults) == 1 else 'these lines'} of {file}."
        ) from None


def parse_recipe(content: object, name: str, kinds: Mapping[str, str] | None = None) -> ModelRecipe:
    """Return one model of `train.models`, told the kinds of `ingest.kinds`; refusals as of `parse`."""
    try:
        recipe = ModelRecipe.model_validate(_lists_as_tuples(content))
        return _told(recipe, kinds) if kinds else recipe
    except ValidationError as error:
        said = "; ".join(fault["msg"] for fault in error.errors(include_url=False))
        raise ParamsError(f"The recipe of the model {name!r} cannot be read: {said}.", "Compare another model.") from None


def parse_compare(content: object) -> Compare:
    """Return the section `compare` by itself, of whatever revision; refusals as of `parse`."""
    try:
        return Compare.model_validate(_lists_as_tuples(content))
    except ValidationError as error:
        said = "; ".join(fault["msg"] for fault in error.errors(include_url=False))
        raise ParamsError(f"The section compare cannot be read: {said}.", "Write it as params.yaml of today has it.") from None


def _lists_as_tuples(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _lists_as_tuples(value) for key, value in content.items()}
    return tuple(_lists_as_tuples(value) for value in content) if isinstance(content, (list, tuple)) else content


def _sentence(fault: Any, file: str, whole: type[BaseModel]) -> str:
    where = [part for part in fault["loc"] if not (isinstance(part, str) and part.startswith("tuple["))]
    path = ".".join(map(str, where))
    if fault["type"] == "extra_forbidden":
        return f"{file}: {path} is not a known key.{nearest(str(where[-1]), _keys(_section_at(where[:-1], whole)))}"
    if fault["type"] == "missing":
        return f"{file}: {path} is missing."
    seen = repr(fault["input"])
    reason = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{file}: {path + ': ' if path else ''}{reason}"
    return f"{file}: {path} is {seen if len(seen) <= 80 else seen[:77] + '...'}. {reason}."


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _section_at(where: list[Any], whole: type[BaseModel]) -> type[BaseModel]:
    """Return the model of the section at a path, following lists and maps to what they hold."""
    named: dict[str, type[BaseModel]] = {
        "ingest": Ingest, "plant": Plant, "validate": Validate, "split": Split, "audit": Audit, "fix": Fix, "recipes": Step,
        "train": Train, "models": ModelRecipe, "model": ModelRecipe, "compare": Compare, "planned": Contrast, "report": Report,
        "review": Review, "detectors": Detectors,
    }  # fmt: skip
    named |= {name: kind for name, field in whole.model_fields.items() if isinstance(kind := field.annotation, type)}
    return next((named[part] for part in reversed(where) if part in named), whole)
