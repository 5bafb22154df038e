"""What release/release.yaml may say: which cell is to take the place of which, and what that takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ceteris.errors import BadInputError, ParamsError, nearest
from ceteris.params import Params, parse_as
from ceteris.sections import AA, PLACEBO, RANDOM, Section

__all__ = ["FILE", "Accept", "Release", "cells_of", "parse_terms"]

FILE = "release/release.yaml"
_NAME_ONE = "Name both cells: ceteris accept MODEL/VERSION --baseline MODEL/VERSION"


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


def parse_terms(content: object) -> Release:
    """Return what a parsed release.yaml says; refusals as of `ceteris.params.parse`."""
    return parse_as(Release, content, FILE)


def cells_of(accept: Accept, params: Params) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the candidate and the baseline, each as (model, version).

    Raises
    ------
    BadInputError
        One of them is missing, or both are one cell.
    ParamsError
        One is no MODEL/VERSION of params.yaml, or a control.
    """
    candidate, baseline = _cell("candidate", accept.candidate, params), _cell("baseline", accept.baseline, params)
    if candidate == baseline:
        raise BadInputError(f"Candidate and baseline are both {accept.candidate!r}.", "Name two cells that differ.")
    return candidate, baseline


def _cell(role: str, name: str | None, params: Params) -> tuple[str, str]:
    if not name:
        raise BadInputError(f"{FILE} names no {role}.", _NAME_ONE)
    model, _, version = name.partition("/")
    if not model or not version or "/" in version:
        raise ParamsError(f"{FILE}: accept.{role} is {name!r}, which names no cell.", _NAME_ONE)
    if model not in params.train.models:
        known = nearest(model, params.train.models)
        raise ParamsError(
            f"{FILE}: accept.{role} names the model {model!r}, which params.yaml does not.{known}", "Name one of train.models."
        )
    if version == AA or version.startswith((PLACEBO, RANDOM)):
        raise ParamsError(
            f"{FILE}: accept.{role} is {name!r}, and {version!r} is a control: it is made to be compared with on validation.",
            "Name `given`, or a version of fix.recipes.",
        )
    if version not in params.fix.recipes:
        known = nearest(version, params.fix.recipes)
        raise ParamsError(
            f"{FILE}: accept.{role} names the version {version!r}, which no recipe makes.{known}", "Name one of fix.recipes."
        )
    return model, version
