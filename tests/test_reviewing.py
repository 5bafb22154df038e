"""Edits of train rows applied in part or whole, and scored as the pipeline scores its own cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from reviewers import answer

from ceteris.errors import BadInputError, StaleEditError
from ceteris.experiments.reviewing import Reviewing


def test_a_patch_applies_the_decisions_of_a_mask_and_no_others(repo: Path) -> None:
    ids = answer(repo, "ann", slice(0, 4), only_wrong=True)
    reviewing = Reviewing(repo)
    patch, evidence = reviewing.patch(reviewing.moving), reviewing.evidence
    one, other = np.eye(4, dtype=bool)[:2]
    training = patch.training(one, other)
    for mask, labels in zip((one, other), training.labels, strict=True):
        changed = set(evidence.ids[labels != evidence.labels])
        assert changed == set(reviewing.moving["id"][mask]) < set(ids)
    assert (patch.training().labels[0] != evidence.labels).sum() == 4
    assert (reviewing.given.labels[0] == evidence.labels).all()


def test_a_drop_is_applied_as_others_are_and_undone_without_it(repo: Path) -> None:
    (name,) = answer(repo, "ann", slice(0, 1), only_wrong=True)
    path = repo / "data/edits/ann-1.csv"
    path.write_text(path.read_text().replace("relabel", "drop", 1))
    reviewing = Reviewing(repo)
    patch = reviewing.patch(reviewing.moving)
    kept = reviewing.evidence.ids[patch.training().rows[0]]
    assert name not in kept and len(kept) == len(reviewing.evidence.ids) - 1
    assert len(patch.training(np.zeros(1, dtype=bool)).rows[0]) == len(reviewing.evidence.ids)


def test_stale_decisions_are_refused(repo: Path) -> None:
    answer(repo, "ann", slice(0, 1), only_wrong=True)
    reviewing = Reviewing(repo)
    with pytest.raises(StaleEditError, match="do not fit the data"):
        reviewing.patch(reviewing.moving.assign(given_label="dog"))


def test_a_subset_that_loses_a_class_is_refused(repo: Path) -> None:
    reviewing = Reviewing(repo)
    patch = reviewing.patch(reviewing.evidence.decisions)
    every = np.flatnonzero(reviewing.evidence.labels == "ant")
    emptied = type(patch)(patch.given, np.where(patch.given == "ant", "bee", patch.given), patch.kept, every)
    with pytest.raises(StaleEditError, match="would hold no row of 'ant'"):
        emptied.training()


def test_an_unknown_model_is_refused_with_the_nearest(repo: Path) -> None:
    with pytest.raises(BadInputError, match="Did you mean 'logistic'"):
        Reviewing(repo, "logstic")
