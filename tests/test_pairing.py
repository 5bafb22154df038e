"""Two revisions on the rows that both hold: which rows, whose labels, which classes, which seeds."""

from __future__ import annotations

import numpy as np
import pytest
from revisions import SETTINGS, cell, judging, snapshot

from ceteris.errors import BadInputError
from ceteris.experiments.pairing import Side, on_shared_rows, shared_rows
from ceteris.experiments.snapshot import Judging
from ceteris.training.cells import Cell


def side(rows: Judging, of: Cell | None = None) -> Side:
    name = ("logistic", "given")
    return Side(name, of or cell(rows), snapshot("one", rows=rows).cells[name], rows)


def paired(one: Side, other: Side) -> tuple[Cell, Cell]:
    scorer, names, _ = on_shared_rows({"baseline": one, "candidate": other}, SETTINGS)
    return scorer.arms[names["baseline"]].cell, scorer.arms[names["candidate"]].cell


def objects(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def test_rows_added_on_both_sides_are_left_out_and_later_labels_count() -> None:
    before = judging("abcd", labels={"given": objects("ant", "bee", "cow", "ant")})
    after = judging("bcef", labels={"given": objects("bee", "ant", "cow", "cow")})
    shared = shared_rows([before, after])
    assert list(shared.ids) == ["b", "c"]
    assert [shared.classes[code] for code in shared.labels["given"]] == ["bee", "ant"]
    one = Cell(np.array([[0, 1, 2, 0]]), None, 5, deterministic=True)
    other = Cell(np.array([[2, 1, 0, 0]]), None, 5, deterministic=True)
    scorer, names, _ = on_shared_rows({"baseline": side(before, one), "candidate": side(after, other)}, SETTINGS)
    assert [scorer.arms[name].cell.predicted.tolist() for name in names.values()] == [[[1, 2]], [[2, 1]]]
    assert scorer.scores(names["baseline"], "accuracy", "given").mean() == 0.5


def test_a_row_whose_features_changed_is_another_row() -> None:
    after = judging("abc", digests=np.array([b"features of a", b"other", b"features of c"], dtype=object))
    assert list(shared_rows([judging("abc"), after]).ids) == ["a", "c"]


def test_a_row_of_one_file_is_one_row_however_its_cells_are_read() -> None:
    read_otherwise = {"digests": np.array([b"features of a", b"other", b"features of c"], dtype=object)}
    shared = shared_rows([judging("abcd", source="one"), judging("abc", source="one", **read_otherwise)])
    assert (list(shared.ids), shared.reread, shared.left) == (["a", "b", "c"], 1, 1)
    assert shared.told.startswith("judged on the 3 validation rows that both hold, 1 of the baseline's left out; 1 of them")
    assert list(shared_rows([judging("abc", source="one"), judging("abc", source="two", **read_otherwise)]).ids) == ["a", "c"]
    assert shared_rows([judging("abc"), judging("abcd")]).told == ""


def test_ids_that_are_made_otherwise_are_refused_with_the_line() -> None:
    one, other = judging("abc", naming=("id", None)), judging("abc", naming=("id", 5))
    with pytest.raises(BadInputError, match=r"Ids are made otherwise in these revisions \(ingest\.id_width None -> 5\)"):
        shared_rows([one, other])


def test_revisions_without_a_common_row_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"no validation row in common\. Compare revisions of one source"):
        shared_rows([judging("abc"), judging("def")])


def test_ids_made_of_what_is_read_otherwise_are_told_to_be_why_no_row_is_common() -> None:
    content = {"source": "one", "naming": (None, None)}
    with pytest.raises(BadInputError, match="in common: ids are made of what a row holds, and that is read otherwise"):
        shared_rows([judging("abc", **content), judging("def", **content)])


def test_a_class_that_is_gone_while_its_rows_are_not_is_refused() -> None:
    before = judging("abcd", classes=("ant", "bee", "cow"))
    merged = judging("abcd", classes=("bee", "cow"), labels={"given": objects("bee", "bee", "cow", "cow")})
    with pytest.raises(BadInputError, match=r"Classes were renamed or merged in between: 'ant' \(now '(bee|cow)'\)\. What the"):
        shared_rows([before, merged])
    gone = judging("bc", classes=("bee", "cow"), labels={"given": objects("bee", "cow")})
    assert list(shared_rows([before, gone]).ids) == ["b", "c"]
    assert list(shared_rows([gone, before]).ids) == ["b", "c"]


def test_labels_count_only_where_all_revisions_know_them() -> None:
    true = {"given": objects("ant", "bee"), "true": objects("ant", "ant")}
    assert list(shared_rows([judging("ab", labels=true), judging("ab", labels=true)]).labels) == ["true", "given"]
    assert list(shared_rows([judging("ab", labels=true), judging("ab")]).labels) == ["given"]


def test_groups_are_those_of_the_later_revision() -> None:
    after = judging("bc", groups=objects("g1", "g2"))
    assert shared_rows([judging("abc"), after]).groups.tolist() == ["g1", "g2"]
    assert shared_rows([after, judging("abc")]).groups is None


def test_predictions_and_probabilities_are_told_in_the_classes_of_both() -> None:
    before = judging("ab", classes=("ant", "cow"), labels={"given": objects("cow", "cow")})
    after = judging("ab", classes=("bee", "cow", "dog"))
    one = Cell(np.array([[0, 1]]), np.array([[[0.9, 0.1], [0.2, 0.8]]], dtype=np.float32), 5, deterministic=True)
    other = Cell(np.array([[2, 0]]), np.array([[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]]), 5, deterministic=True)
    left, right = paired(side(before, one), side(after, other))
    assert shared_rows([before, after]).classes == ("ant", "bee", "cow", "dog")
    assert left.predicted.tolist() == [[0, 2]]
    assert right.predicted.tolist() == [[3, 1]]
    assert left.pred_probs == pytest.approx(np.array([[[0.9, 0, 0.1, 0], [0.2, 0, 0.8, 0]]]))
    assert right.pred_probs == pytest.approx(np.array([[[0, 0.1, 0.2, 0.7], [0, 0.5, 0.3, 0.2]]]))
    assert left.pred_probs.dtype == np.float32  # log-loss is clipped at the precision of the model's own


@pytest.mark.parametrize(("before", "after"), [(5, 10), (10, 5)])
def test_seeds_that_were_added_or_taken_away_are_set_against_those_that_were_there(before: int, after: int) -> None:
    rows = judging("ab")
    every = np.arange(10)[:, None] % 3 * np.ones((1, 2), dtype=int)
    sides = [side(rows, Cell(every[:n], None, n, deterministic=False)) for n in (before, after)]
    longer = 0 if before == 10 else 1
    found = paired(*sides)
    assert found[longer].predicted.tolist() == every[5:].tolist()
    assert found[1 - longer].predicted.tolist() == every[:5].tolist()
    assert {arm.n_seeds for arm in found} == {5}


def test_a_deterministic_learner_stands_for_as_many_seeds_as_the_other_has() -> None:
    rows = judging("ab")
    one = Cell(np.array([[0, 1]]), None, 10, deterministic=True)
    left, right = paired(side(rows, one), side(rows, cell(rows, n_seeds=5)))
    assert left.predicted.tolist() == [[0, 1]]
    assert left.over_seeds()[0].shape == right.over_seeds()[0].shape == (5, 2)


def test_a_side_is_not_changed_by_being_compared() -> None:
    rows = judging("ab")
    one = side(rows)
    before = one.cell.predicted.copy()
    paired(one, side(judging("b")))
    assert np.array_equal(one.cell.predicted, before)
