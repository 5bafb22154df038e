"""Looks at the sealed test part as lines of looks.csv: what each asked, and the level that it spends. Text in, looks out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ceteris.errors import BadInputError, IntegrityError
from ceteris.neutral import neutral, original

__all__ = [
    "COLUMNS", "FILE", "HEADER", "LEVEL", "Look", "Question", "find", "level_of", "line_of", "lines_of", "next_look",
    "parse", "unasked", "whole_again",
]  # fmt: skip

FILE = "release/looks.csv"
LEVEL = 0.05
_DIGEST = 64  # digits of a sha256


@dataclass(frozen=True)
class Question:
    """What a look asks; who asks the same again goes on with the same look, anything else is another look.

    Attributes
    ----------
    candidate, baseline : MODEL/VERSION
    metric, at_least : what is measured, and the verdict that is asked for
    region : the region of practical equality, as text
    candidate_cell, baseline_cell : the digests of all that their predictions depend on (`Fingerprint.fit_key`)
    test : the digest of the sealed part, features and labels, as split left it
    """

    candidate: str
    baseline: str
    metric: str
    region: str
    at_least: str
    candidate_cell: str
    baseline_cell: str
    test: str


@dataclass(frozen=True)
class Look:
    """One line of looks.csv.

    Attributes
    ----------
    number : int >= 1
        j, counted over all lines.
    at, who, revision : when (ISO, UTC), by whom, and the commit; "-dirty" after it where the work tree was not that commit
    level : float
        LEVEL / 2^j.
    on_validation : the verdict on validation
    because : why the part was opened for a candidate whose verdict there was not `helps`; else empty
    """

    number: int
    at: str
    who: str
    revision: str
    level: float
    on_validation: str
    because: str
    question: Question


COLUMNS = (
    "look", "at", "who", "revision", "level", "on_validation", "because", *(field.name for field in fields(Question)),
)  # fmt: skip
HEADER = ",".join(COLUMNS)


def level_of(number: int) -> float:
    """Return the level of look j, .05 / 2^j: over all looks, however many, they add up to no more than .05.

    So the chance that any candidate is told to help on the test part by luck alone stays below .05 (the union bound).

    Raises
    ------
    BadInputError
        No level is left that a number can hold.
    """
    level = LEVEL / 2.0**number
    if number < 1 or 1 - level >= 1:
        raise BadInputError(
            f"Look {number} at the test part would have the level {level:.0e}, at which nothing can be told.",
            "Seal a fresh test part: other rows, or another split.seed in params.yaml with the looks that were taken kept.",
        )
    return level


def next_look(looks: Sequence[Look], question: Question, **told: str) -> Look:
    """Return the look that comes after these; `told` holds its `at`, `who`, `revision`, `on_validation` and `because`.

    Texts are brought to one line, as the file has them.
    """
    number = len(looks) + 1
    texts = {name: " ".join(value.split()) for name, value in told.items()}
    return Look(number=number, level=level_of(number), question=question, **texts)


def find(looks: Iterable[Look], question: Question) -> Look | None:
    """Return the look that asked this question, or None; fingerprints decide, under whatever names the cells were asked for."""
    return next((look for look in looks if _nameless(look.question) == _nameless(question)), None)


def unasked(looks: Iterable[Look], question: Question) -> str:
    """Return why no look goes on with this question: there was none under its names, or what they stand for changed since."""
    arms = f"{question.candidate} in place of {question.baseline}"
    named = [
        look for look in looks if (look.question.candidate, look.question.baseline) == (question.candidate, question.baseline)
    ]
    if not named:
        return f"No look was taken for {arms}, so there is none to go on with."
    was, now = asdict(named[-1].question), asdict(question)
    what = {
        "candidate_cell": f"the fingerprint of {question.candidate}",
        "baseline_cell": f"the fingerprint of {question.baseline}",
        "test": "the test part",
        "metric": "compare.metric",
        "region": "the region of practical equality",
        "at_least": "at_least",
    }
    moved = [f"{words} ({_short(was[key])} -> {_short(now[key])})" for key, words in what.items() if was[key] != now[key]]
    return f"Since look {named[-1].number} was taken for {arms}, this changed: {', '.join(moved)}."


def _short(value: str) -> str:
    return value[:12] if len(value) == _DIGEST else value


def _nameless(question: Question) -> Question:
    return replace(question, candidate="", baseline="")


def line_of(look: Look) -> str:
    """Return a look as one line of the file, without its end; texts that a spreadsheet would execute are made neutral."""
    told = asdict(look)
    values = [look.number, *(told[name] for name in COLUMNS[1:7]), *told["question"].values()]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([neutral(str(value)) for value in values])
    return buffer.getvalue()


def lines_of(text: str) -> list[str]:
    """Return the lines below the header that hold something. A last line that was torn, without its end, is none."""
    whole = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if whole[-1] and not _is_whole(whole[-1]):
        whole.pop()
    return [line for line in whole[1:] if line.strip()]


def whole_again(seen: Sequence[str], here: Sequence[str]) -> str:
    """Return the text of a file that holds every line seen before, and of those that are here now what was added since.

    A line here that differs from a lost one, and yet tells of the same cells and the same test part, is that one changed.
    """
    lost = {tuple(line.rsplit(",", 3)[1:]) for line in seen if line not in here}
    added = [line for line in here if line not in seen and tuple(line.rsplit(",", 3)[1:]) not in lost]
    return "\n".join([HEADER, *seen, *added]) + "\n"


def parse(text: str) -> tuple[Look, ...]:
    """Return the looks that a file holds, in its order; an empty text holds none.

    A line's place is its number, and gives its level: lines that two branches wrote apart, each as its first, or whose number
    somebody changed, spend no more together than the levels of their places.

    Raises
    ------
    IntegrityError
        The header is not this file's, or a line is no look; every such line is named.
    """
    header = text.removeprefix("\ufeff").replace("\r\n", "\n").partition("\n")[0]
    lines = lines_of(text)
    torn = "\n" not in text and HEADER.startswith(header)
    faults = [] if torn or header == HEADER else [f"line 1 is {header[:60]!r}, not its header"]
    faults += [f"line {place} is no look: {line[:60]!r}" for place, line in enumerate(lines, start=2) if not _is_whole(line)]
    if faults:
        listed = "; ".join(faults[:5]) + (f" and {len(faults) - 5} more" if len(faults) > 5 else "")
        raise IntegrityError(
            f"{FILE} cannot be read: {listed}.",
            f"Restore it (git checkout HEAD -- {FILE}), or correct these lines and keep every look.",
        )
    return tuple(replace(_look(line), number=place, level=level_of(place)) for place, line in enumerate(lines, start=1))


def _look(line: str) -> Look:
    values = dict(zip(COLUMNS, map(original, _values(line)), strict=True))
    question = Question(**{field.name: values.pop(field.name) for field in fields(Question)})
    return Look(number=int(values.pop("look")), level=float(values.pop("level")), question=question, **values)


def _values(line: str) -> list[str]:
    return next(csv.reader([line], strict=True), [])


def _is_whole(line: str) -> bool:
    """Whether a line holds a look to its end: the digest of the test part, which comes last, has 64 digits."""
    try:
        values = _values(line)
        return len(values) == len(COLUMNS) and len(values[-1]) == _DIGEST and int(values[0]) >= 1 and 0 < float(values[4]) < 1
    except (csv.Error, ValueError):
        return False
