"""Whether the lines of a ledger fit the data of today: what hinders a run, what is to be known, and the way out of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd

from ceteris.editing import edits
from ceteris.editing.blind import SOURCES, TEST_SOURCES, not_blind
from ceteris.editing.edit_lines import TOLD, Fault
from ceteris.errors import StaleEditError
from ceteris.splitting.splits import TEST, TRAIN, VALIDATION

__all__ = ["COLUMNS", "Today", "check"]

COLUMNS = ("where", "id", "reviewer", "what", "do", "must")
_RULE = "Set fix.conflicts: latest (or majority) in params.yaml, or take one back: {}"
_NOTHING = "Nothing has to be done."
_BLIND = {VALIDATION: (SOURCES, "ceteris queue"), TEST: (TEST_SOURCES, "ceteris queue test")}  # what may answer, and asks


@dataclass(frozen=True)
class Today:
    """What a ledger is checked against.

    Attributes
    ----------
    parts : Series
        The part of each row, indexed by id.
    labels : Series
        The given label of each train and validation row, indexed by id; those of test rows are sealed.
    classes : tuple of str
    rule : str
        What settles reviewers who disagree.
    versions : tuple of str
        The versions that edits are applied in.
    together : bool
        Whether consensus settles reviewers who disagree on train rows, and the rule is asked for nothing there.
    """

    parts: pd.Series
    labels: pd.Series
    classes: tuple[str, ...]
    rule: str
    versions: tuple[str, ...] = ()
    together: bool = False


@dataclass(frozen=True)
class _Found:
    where: str
    id: str
    reviewer: str
    what: str
    do: str
    must: bool = True


def check(lines: pd.DataFrame, faults: Sequence[Fault], today: Today, *, sealed: bool = False) -> pd.DataFrame:
    """Return what stands against the lines of a ledger, the columns as of `COLUMNS`; `must`: no run works before it is done.

    Lines that were taken back or replaced, and answers to planted controls, count nowhere, and nothing is said of them.

    Parameters
    ----------
    lines, faults
        From `ledger.scan_ledger`.
    sealed : bool
        Whether this is the ledger of test rows, whose given labels nobody sees.
    """
    settled = edits.settle(lines, today.rule)
    found = [_Found(fault.where, "", "", fault.what, _restored(fault.where)) for fault in faults]
    by_where = lines.set_index("where")
    for fault in settled.faults:
        line = by_where.loc[fault.where]
        found.append(
            _Found(fault.where, str(line["id"]), str(line["reviewer"]), fault.what, "Correct the line, or take it out.")
        )
    for name, answers in settled.conflicts.items():
        if today.together and today.parts.get(name) == TRAIN:
            continue
        last = answers.iloc[-1]
        whose = ", ".join(sorted(set(answers["reviewer"])))
        what = f"reviewers disagree: {edits.disputed(answers)}"
        found.append(_Found(last["where"], name, whose, what, _RULE.format(_revert(last["answer"]))))
    counting = set(settled.decisions["where"])
    live = lines[edits.states(lines) == "live"]
    part = TEST if sealed else VALIDATION
    seen = not_blind(lines, today.parts.index[today.parts == part])
    seen = seen[seen["source"].isin(_BLIND[part][0])]
    found += [_seen(line, part, line.where in set(live["where"])) for line in seen.itertuples()]
    live = live[~live["where"].isin(seen.loc[seen["source"] != TOLD, "where"])]
    found += [one for line in live.itertuples() for one in _of_line(line, today, sealed, line.where in counting)]
    if not sealed and not any(one.must for one in found):
        found += _lost_classes(settled.decisions, today) if today.versions else []
    return pd.DataFrame(map(astuple, found), columns=list(COLUMNS)).astype(object)


def _of_line(line: object, today: Today, sealed: bool, counts: bool) -> Iterator[_Found]:
    """Return what stands against one live line."""
    where, id, reviewer, answer, action, given, new, source = (
        str(getattr(line, name))
        for name in ("where", "id", "reviewer", "answer", "action", "given_label", "new_label", "source")
    )
    revert = f"Answer the row anew, or take the answer back: {_revert(answer)}"
    part = today.parts.get(id)
    if (part == TEST) != sealed and part is not None:
        what = (
            "is about a row of the sealed test part"
            if part == TEST
            else f"is about a {part} row, and stands among those of test rows"
        )
        yield _Found(
            where, id, reviewer, what, f"Move the line to {'release/edits/' if part == TEST else 'data/edits/'}.", counts
        )
        return
    blind = _BLIND.get(str(part))
    if blind is not None and (source not in blind[0] or action == "drop"):
        what = f"{action} of a {part} row from {source!r}: no answer of a blind review"
        yield _Found(where, id, reviewer, what, f"Take it back: {_revert(answer)}. Ask anew: {blind[1]}", counts)
    held = today.labels.get(id) if not sealed else (given if part == TEST else None)
    misfit = edits.misfit_of(line, held, today.classes)
    if misfit:
        yield _Found(where, id, reviewer, misfit + _why(held, given, today.classes), revert, counts)
    elif action == "relabel" and held == new:
        yield _Found(where, id, reviewer, f"already applied: the data hold {new!r}", _NOTHING, False)


def _seen(line: object, part: str, alone: bool) -> _Found:
    """Return what is to be known of an answer that is not blind; `alone`: no blind one of the same person stands beside it."""
    where, id, reviewer, answer, source = (str(getattr(line, name)) for name in ("where", "id", "reviewer", "answer", "source"))
    if source != TOLD:
        what, do = "was given when this was a train row, whose label is shown: it verifies nothing", _NOTHING
    elif alone:
        what = f"{reviewer} had been told the given label before: the answer leaves the label open, as unsure does"
        do = f"To let somebody else answer, take it back: {_revert(answer)}. Ask anew: {_BLIND[part][1]}"
    else:
        what, do = f"{reviewer} had been told the given label before: the first answer counts, and not this one", _NOTHING
    return _Found(where, id, reviewer, what, do, False)


def _why(held: str | None, given: str, classes: tuple[str, ...]) -> str:
    """Return what may have come between the answer and today."""
    if held is None:
        return " today: the row is gone, or its id was changed by hand"
    return "" if not classes or given in classes else f"; {given!r} is no class any more"


def _lost_classes(decisions: pd.DataFrame, today: Today) -> list[_Found]:
    """Return the classes that no train row would keep."""
    ids = today.parts.index[today.parts == TRAIN].to_numpy(dtype=object)
    labels = today.labels.loc[ids].to_numpy(dtype=object)
    mine = decisions[decisions["id"].isin(set(ids))]
    applied = edits.apply(ids, labels, mine, today.classes)
    try:
        edits.refuse_lost_classes(labels, np.asarray(applied.labels)[applied.kept], today.versions[0])
    except StaleEditError as refusal:
        return [_Found("", "", "", refusal.what, refusal.do)]
    return []


def _revert(answer: str) -> str:
    return f"ceteris edits revert {answer} --reviewer YOUR-NAME"


def _restored(where: str) -> str:
    """Return what to do about a line, or a whole file, that cannot be read."""
    file, line, _ = where.rpartition(" line ")
    if line:
        return f"Correct it, or restore the file, without what was added since `git add`: git checkout {file}"
    return f"Move it elsewhere, save it as CSV in UTF-8, or restore it: git checkout {where}"
