"""What release/release.yaml may say: which cell is to take the place of which, and what that takes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from ceteris.errors import BadInputError, ParamsError, nearest
from ceteris.monitoring.settings import Monitor
from ceteris.params import Params, parse_as
from ceteris.release.gate_terms import Gate, Package
from ceteris.retraining.settings import Retrain
from ceteris.sections import AA, PLACEBO, RANDOM, Section
from ceteris.serving.settings import Serve

__all__ = ["FILE", "Accept", "Release", "asked", "cells_of", "parse_terms"]

FILE = "release/release.yaml"
_NAME_ONE = "Name both cells: ceteris accept MODEL/VERSION --baseline MODEL/VERSION"
_TYPED = {"candidate": "The candidate", "baseline": "--baseline"}


class Accept(Section):
    """The cell that is to be accepted, the one it is to take the place of, and what is asked of it."""

    candidate: str | None = None
    baseline: str | None = None
    at_least: Literal["helps", "no practical difference"] = "helps"
    because: str | None = Field(None, max_length=500)

    @field_validator("because")
    @classmethod
    def _says_something_on_one_line(cls, because: str | None) -> str | None:
        if because is not None and not because.strip():
            raise ValueError("say why, in a few words")
        return because and " ".join(because.split())


class Release(Section):
    """All of release.yaml, a section a stage."""

    accept: Accept = Accept()
    package: Package = Package()
    gate: Gate = Gate()
    serve: Serve = Serve()
    retrain: Retrain = Retrain()
    monitor: Monitor = Monitor()


def parse_terms(content: object) -> Release:
    """Return what a parsed release.yaml says; refusals as of `ceteris.params.parse`."""
    return parse_as(Release, content, FILE)


def asked(known: Accept, typed: Mapping[str, str]) -> Accept:
    """Return what a command line asks for, over what release.yaml says.

    Another candidate or baseline does not take over the verdict that was asked of the one before; a reason belongs to the one
    request that gives it.

    Parameters
    ----------
    typed : mapping of str to str
        What was typed, by the name of its line in release.yaml.

    Raises
    ------
    ParamsError
        Names every option whose value cannot be.
    """
    cells = {role: typed.get(role, getattr(known, role)) for role in _TYPED}
    same = all(cells[role] == getattr(known, role) for role in _TYPED)
    terms: dict[str, Any] = {"at_least": known.at_least} if same else {}
    try:
        return Accept(**{**cells, **terms, **typed})
    except ValidationError as error:
        raise ParamsError(" ".join(map(_fault, error.errors(include_url=False))), "See: ceteris accept --help") from None


def _fault(fault: Any) -> str:
    name, seen, reason = str(fault["loc"][0]), repr(fault["input"]), fault["msg"].removeprefix("Value error, ")
    option = _TYPED.get(name, f"--{name.replace('_', '-')}")
    return f"{option} is {seen if len(seen) <= 80 else seen[:77] + '...'}: {reason[:1].lower()}{reason[1:]}."


def cells_of(accept: Accept, params: Params, typed: Container[str] = ()) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the candidate and the baseline, each as (model, version).

    Parameters
    ----------
    typed : container of str
        Which of the two, by the name of its line in release.yaml, a command line gave: a refusal names what was typed.

    Raises
    ------
    BadInputError
        One of them is missing, or both are one cell.
    ParamsError
        One is no MODEL/VERSION of params.yaml, or a control.
    """
    where = {role: option if role in typed else f"{FILE}: accept.{role}" for role, option in _TYPED.items()}
    candidate = _cell("candidate", accept.candidate, params, where["candidate"])
    baseline = _cell("baseline", accept.baseline, params, where["baseline"])
    if candidate == baseline:
        raise BadInputError(f"Candidate and baseline are both {accept.candidate!r}.", "Name two cells that differ.")
    return candidate, baseline


def _cell(role: str, name: str | None, params: Params, where: str) -> tuple[str, str]:
    if name is None:
        raise BadInputError(f"{FILE} names no {role}.", _NAME_ONE)
    model, _, version = name.partition("/")
    if not model or not version or "/" in version:
        raise ParamsError(f"{where} is {name!r}, which names no cell.", _NAME_ONE)
    if model not in params.train.models:
        known = nearest(model, params.train.models)
        raise ParamsError(f"{where} names the model {model!r}, which params.yaml does not.{known}", "Name one of train.models.")
    if version == AA or version.startswith((PLACEBO, RANDOM)):
        raise ParamsError(
            f"{where} is {name!r}, and {version!r} is a control: it is made to be compared with on validation.",
            "Name `given`, or a version of fix.recipes.",
        )
    if version not in params.fix.recipes:
        known = nearest(version, params.fix.recipes)
        raise ParamsError(f"{where} names the version {version!r}, which no recipe makes.{known}", "Name one of fix.recipes.")
    return model, version
