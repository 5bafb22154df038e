"""Which axis an experiment moves against its parent, between which two cells that shows, and what changed, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ceteris.experiments.snapshot import Judging, Snapshot, setting
from ceteris.measuring.fingerprint import axis
from ceteris.measuring.pairs import Name
from ceteris.measuring.planning import plan_changes

__all__ = ["Move", "judged_otherwise", "move_between", "moved", "params_changed", "rows_changed", "told"]


_MOST_WORDS, _LONGEST = 8, 60


@dataclass(frozen=True)
class Move:
    """What moves between two revisions, and the two cells that show it: one of the parent, one of the child."""

    axis: str
    baseline: Name
    candidate: Name


def moved(parent: Snapshot, child: Snapshot) -> Move:
    """Return the axis, decided by fingerprints alone, and the arms, which names only help to choose among.

    A model (or version) has moved where the parent holds none with its fingerprint: renaming moves nothing. Where none is new,
    one has moved that became equal to another, its own fingerprint being gone: answers that were taken back. Its baseline is
    the parent's of the same name where that one is gone, else the one that is gone, else again that of the same name, else the
    first. What is held fixed is what both hold, planned contrasts first; where neither model nor data moved, a model to which
    seeds make a difference before one to which they make none.
    """
    model = _new(parent.models, child.models, [arms[1][0] for arms in child.planned("model")])
    version = _new(parent.versions, child.versions, _first_versions(parent, child))
    if model is not None and version is not None:
        one = (_old(model, parent.models, child.models), _old(version, parent.versions, child.versions))
        return Move("confounded", one, (model, version))
    if model is not None:
        held = _held(parent.versions, child.versions, [arms[1][1] for arms in child.planned("model")])
        return Move("model", (_old(model, parent.models, child.models), held[0]), (model, held[1]))
    same = _held(parent.models, child.models, [arms[1][0] for arms in child.planned("data")])
    if version is not None:
        return Move("data", (same[0], _old(version, parent.versions, child.versions)), (same[1], version))
    held = _held(parent.versions, child.versions, [arms[1][1] for arms in child.planned("model")])
    models = [*(arms[1][0] for arms in child.planned("data")), *child.models]
    same = _held(parent.models, child.models, [one for one in models if (one, held[1]) not in child.deterministic])
    one, other = (same[0], held[0]), (same[1], held[1])
    return Move(axis(parent.cells[one], child.cells[other]), one, other)


def move_between(one: Snapshot, other: Snapshot, cells: tuple[Name, Name] | None = None) -> Move:
    """Return what moves between two revisions, or between two cells of theirs that are named."""
    return moved(one, other) if cells is None else Move(axis(one.cells[cells[0]], other.cells[cells[1]]), *cells)


def _first_versions(parent: Snapshot, child: Snapshot) -> list[str]:
    """Return which new versions to look at first: where the rows as they came are others, what people made of them."""
    if child.versions.get("given") not in set(parent.versions.values()):
        return ["reviewed", "given"]
    return [arms[1][1] for arms in child.planned("data")]


def _new(before: Mapping[str, str], after: Mapping[str, str], first: Iterable[str]) -> str | None:
    """Return the name of what is new by its fingerprint, or None; among several, those listed first."""
    fresh = _fresh(before, after)
    return next((name for name in first if name in fresh), fresh[0] if fresh else None)


def _fresh(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of what is new by its fingerprint; where nothing is, of what took the fingerprint of something else.

    That is one more of a fingerprint than before while another is gone, whatever their names; the names choose which it was.
    """
    new = [name for name, digest in after.items() if digest not in set(before.values())]
    more = Counter(after.values()) - Counter(before.values())
    if new or not more or not (gone := set(before.values()) - set(after.values())):
        return new
    same = [name for name, digest in after.items() if digest in more]
    return [name for name in same if before.get(name) in gone] or same[-1:]


def _old(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what a new one stands in for."""
    gone = [known for known, digest in before.items() if digest not in set(after.values())]
    if gone:
        return name if name in gone else gone[0]
    stood = before.get(name, next(iter(before.values())))
    return next(known for known, digest in before.items() if digest == stood)


def _held(before: Mapping[str, str], after: Mapping[str, str], first: Iterable[str]) -> tuple[str, str]:
    """Return the names, before and after, of something that both hold; every fingerprint of `after` may be in `before`."""
    known = {digest: name for name, digest in reversed(list(before.items()))}
    shared = [name for name, digest in after.items() if digest in known]
    chosen = next((name for name in first if name in shared), shared[0])
    return known[after[chosen]], chosen


def told(parent: Snapshot, child: Snapshot, move: Move, tables: tuple[pd.DataFrame, pd.DataFrame] | None) -> str:
    """Return what changed, in words: parameters for a model, rows and labels for data.

    Parameters
    ----------
    tables : the baseline's and the candidate's versions (id, label), where data moved
    """
    words = _models_told(parent, child, move)
    if tables is not None:
        words.append(rows_changed(*tables))
    if move.axis == "evaluation" and parent.judging is not None and child.judging is not None:
        words.append(judged_otherwise(parent.judging, child.judging))
    if move.axis == "code":
        words.append("training code or libraries")
    renamed = _versions_renamed(parent, child)
    words += [f"version {old} renamed {new}" for old, new in renamed.items()]
    left_out = tuple(f"fix.recipes.{name}." for pair in renamed.items() for name in pair)
    words += params_changed(parent.sections, child.sections, leave_out=("train.models", "compare", "report", *left_out))
    if parent.compare and child.compare:
        words += plan_changes(parent.compare, child.compare)
    more = len(words) - _MOST_WORDS
    kept = [*words[:_MOST_WORDS], f"and {more} more changes"] if more > 1 else words
    return "; ".join(kept) or ("seeds" if move.axis == "aa" else "nothing")


def _models_told(parent: Snapshot, child: Snapshot, move: Move) -> list[str]:
    """Return what became of each model: those that are new, that of the move first, then those that are gone or renamed."""
    before, after = parent.models, child.models
    fresh = sorted(_fresh(before, after), key=lambda name: name != move.candidate[0])
    stood_in = {name: move.baseline[0] if name == move.candidate[0] else _old(name, before, after) for name in fresh}
    words = [_model_told(parent, child, old, new) for new, old in stood_in.items()]
    for name in before:
        if name not in after and name not in stood_in.values():
            heirs = [new for new, digest in after.items() if digest == before[name] and new not in before]
            words.append(f"model {name} renamed {heirs[0]}" if heirs else f"model {name} removed")
    return words


def _versions_renamed(parent: Snapshot, child: Snapshot) -> dict[str, str]:
    """Return the new name of each version that has another one, its recipe and its data being the same."""
    recipes = [setting(of.sections, "fix", "recipes") for of in (parent, child)]
    before, after = (of if isinstance(of, Mapping) else {} for of in recipes)
    fresh = [name for name in after if name not in before]
    heirs = {
        old: [new for new in fresh if after[new] == before[old] and child.versions.get(new) == parent.versions.get(old)]
        for old in before
        if old not in after
    }
    return {old: new[0] for old, new in heirs.items() if new}


_WAYS = ("estimator ", "command ", "predictions ")


def _model_told(parent: Snapshot, child: Snapshot, old: str, new: str) -> str:
    one, other = (setting(of.sections, "train", "models", name) for of, name in ((parent, old), (child, new)))
    trains = next((found for way in _WAYS if (found := setting(other, way.strip()))), None)
    if parent.models[old] in child.models.values():
        return f"model {new} added ({trains})"
    lines = [line.removeprefix("params.") for line in params_changed(one, other)]
    if one is None or other is None or any(line.startswith(_WAYS) for line in lines):
        return f"model {old} -> {new} ({trains})"
    source = "the source of its estimator" if setting(other, "estimator") else "the files that it stands on"
    return f"{new}: {', '.join(lines) or source}"


def rows_changed(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Return "42 labels, 3 rows dropped, 120 rows added" for two versions with the columns id and label."""
    joined = before.merge(after, on="id", how="outer", suffixes=("", "_after"), indicator=True)
    both = joined["_merge"] == "both"
    counts = {
        "label{s}": (joined["label"] != joined["label_after"])[both].sum(),
        "row{s} dropped": (joined["_merge"] == "left_only").sum(),
        "row{s} added": (joined["_merge"] == "right_only").sum(),
    }
    return _counted(counts) or "feature values or weights"


def judged_otherwise(before: Judging, after: Judging) -> str:
    """Return "3 validation labels answered, 20 validation rows added" for two validation parts."""
    one, other = (
        pd.DataFrame({"digest": of.digests, "label": of.labels["given"], "answer": of.said}, index=of.ids)
        for of in (before, after)
    )
    both = one.index.intersection(other.index)
    changed = one.loc[both] != other.loc[both]
    counts = {
        "validation label{s} answered": changed["answer"].sum(),
        "validation label{s} changed": changed["label"].sum(),
        "validation row{s} with other features": changed["digest"].sum(),
        "validation row{s} dropped": len(one) - len(both),
        "validation row{s} added": len(other) - len(both),
    }
    return _counted(counts)


def _counted(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{n:,} {what.format(s='' if n == 1 else 's')}" for what, n in counts.items() if n)


def params_changed(before: Any, after: Any, leave_out: tuple[str, ...] = ()) -> list[str]:
    """Return "key old -> new" for each value that two maps of params do not share."""
    one, other = dict(_flat(before)), dict(_flat(after))
    keys = [*one, *(key for key in other if key not in one)]
    changed = [key for key in keys if one.get(key, _ABSENT) != other.get(key, _ABSENT) and not key.startswith(leave_out)]
    return [f"{_short(key)} {_brief(one.get(key, _ABSENT))} -> {_brief(other.get(key, _ABSENT))}" for key in changed]


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"


def _short(key: str) -> str:
    """Return a key without the sections that say nothing here, and without places in lists."""
    return ".".join(part for part in key.removeprefix("fix.recipes.").split(".") if not part.isdigit())


_ABSENT = "(absent)"


def _flat(value: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, held in value.items():
            yield from _flat(held, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(held, (dict, list, tuple)) for held in value):
        for place, held in enumerate(value):
            yield from _flat(held, f"{path}.{place}")
    else:
        yield path, list(value) if isinstance(value, tuple) else value
