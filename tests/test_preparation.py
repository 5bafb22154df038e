"""From columns of every kind to numbers: in every way, with gaps, with values never seen, and kept as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.sparse import issparse

from ceteris.errors import BadInputError, ParamsError
from ceteris.sections import ModelRecipe
from ceteris.training import transformers
from ceteris.training.models import build, describe, seeded
from ceteris.training.preparation import preparation
from ceteris.training.skops_file import dump_model
from ceteris.training.transformers import SparseRows, Words, date_parts

ROWS = 120
KINDS = {"text": "text", "silent": "text", "day": "date", "never": "date"}
LOGISTIC, BOOSTING = "sklearn.linear_model.LogisticRegression", "sklearn.ensemble.HistGradientBoostingClassifier"
FEW = {LOGISTIC: {"max_iter": 500}, BOOSTING: {"max_iter": 3}}


def column(cells: list[Any]) -> pd.Series:
    found = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        found[place] = cell
    return pd.Series(found, dtype=object)


def world(seed: int = 0, rows: int = ROWS) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows with a column of every kind, gaps in all that may have them, and a class that number and vector tell."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, rows)
    said = [None if rng.random() < 0.1 else int(rng.integers(2)) for _ in label]
    words = np.array(["fine", "bright", "dull", "slow", "plot", "actor", "scene", "end"])
    index = [np.sort(rng.choice(30, 3, replace=False)) for _ in range(rows)]
    frame = pd.DataFrame(
        {
            "number": np.where(rng.random(rows) < 0.1, np.nan, label + rng.normal(0, 1, rows)),
            "empty": np.full(rows, np.nan),
            "category": column([None if rng.random() < 0.1 else f"c{rng.integers(3)}" for _ in label]),
            "text": column([one if one is None else " ".join(rng.choice(words[2 * one : 2 * one + 4], 5)) for one in said]),
            "silent": column([None] * rows),
            "day": np.where(rng.random(rows) < 0.1, np.nan, 1.7e9 + 86_400.0 * rng.integers(0, 500, rows)),
            "never": np.full(rows, np.nan),
            "vector": column(list((rng.normal(0, 1, (rows, 6)) + label[:, None]).astype(np.float32))),
            "sparse": column([np.column_stack([at, 1.0 + at]).ravel() for at in index]),
            "image": column(list(rng.integers(0, 256, (rows, 9)).astype(np.uint8))),
        }
    )
    return frame, label


def model(estimator: str, prepare: str, frame: pd.DataFrame) -> Any:
    return seeded(build(ModelRecipe(estimator=estimator, prepare=prepare, params=FEW[estimator], kinds=KINDS), frame), 3)


@pytest.mark.parametrize("prepare", ["scaled", "coded", "table"])
@pytest.mark.parametrize("estimator", [LOGISTIC, BOOSTING])
def test_every_kind_in_every_way_is_fitted_kept_and_read_again_with_values_never_seen(estimator: str, prepare: str) -> None:
    frame, label = world()
    strange, truth = world(seed=1)
    strange = strange.assign(
        category=column(["new"] * ROWS), text=column(["unheard of"] * ROWS), silent=column(["now it speaks"] * ROWS),
        never=np.full(ROWS, 1.7e9), empty=np.ones(ROWS), sparse=column([np.array([77.0, 1.0])] * ROWS),
    )  # fmt: skip
    fitted = model(estimator, prepare, frame).fit(frame, label)
    kept = dump_model(fitted)
    if (estimator, prepare) != (LOGISTIC, "coded"):  # seconds that nobody scaled drown all else in a linear model
        assert (fitted.predict(strange) == truth).mean() > 0.7  # by what is not strange
    again = skops.io.loads(kept, trusted=skops.io.get_untrusted_types(data=kept))
    np.testing.assert_array_equal(again.predict(strange), fitted.predict(strange))
    assert dump_model(model(estimator, prepare, frame).fit(frame, label)) == kept


def test_rows_stay_sparse_where_the_model_takes_them_and_are_written_out_where_not() -> None:
    frame, _ = world()
    assert issparse(preparation("scaled", frame, KINDS).fit_transform(frame))
    dense = preparation("scaled", frame, KINDS, sparse=False).fit_transform(frame)
    assert isinstance(dense, np.ndarray) and np.isfinite(dense).all()


def test_what_does_not_fit_into_memory_is_refused_before_it_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers, "_MOST_NUMBERS", 1000)
    frame, label = world()
    with pytest.raises(BadInputError, match=r"120 rows x 30 columns of 'sparse'.*LinearSVC"):
        model(BOOSTING, "coded", frame).fit(frame, label)


def test_the_words_of_a_text_are_learned_from_the_rows_it_is_fitted_on_alone() -> None:
    seen, unseen = pd.DataFrame({"t": ["a red apple", "red wine"]}), pd.DataFrame({"t": ["apple pie", "pie"]})
    weights = Words().fit(seen).transform(unseen).toarray()
    assert (weights[0] > 0).sum() == 1
    assert (weights[1] == 0).all()
    assert "pie" not in Words().fit(seen).words_


@pytest.mark.parametrize("components", [None, 50])
def test_texts_without_any_word_are_survived(components: int | None) -> None:
    empty = pd.DataFrame({"t": column([None, "", "!", None])})
    assert Words(components=components).fit(empty).transform(empty).shape == (4, 1)


def test_the_components_of_a_text_come_from_the_seed() -> None:
    frame, _ = world(rows=300)
    text = frame[["text"]].assign(text=[f"{a} w{b % 97} w{b % 89}" for b, a in enumerate(frame["text"])])
    of = [Words(components=2, random_state=seed).fit(text).transform(text) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(of[0], of[1])
    assert not np.array_equal(of[0], of[2])


def test_a_date_is_its_seconds_year_month_weekday_and_hour() -> None:
    monday = pd.Timestamp("1969-12-29 23:30").timestamp()
    found = date_parts(pd.DataFrame({"a": [monday, np.nan]}))
    np.testing.assert_array_equal(found, [[monday, 1969, 12, 0, 23], [np.nan] * 5])


def test_sparse_rows_are_the_matrix_they_were() -> None:
    rows = pd.DataFrame({"s": column([np.array([0.0, 2.0, 3.0, 4.0]), np.array([]), np.array([1.0, 5.0])])})
    np.testing.assert_array_equal(SparseRows().fit(rows).transform(rows).toarray(), [[2, 0, 0, 4], [0, 0, 0, 0], [0, 5, 0, 0]])
    few = SparseRows().fit(rows.iloc[[2]])
    np.testing.assert_array_equal(few.transform(rows).toarray(), [[2, 0], [0, 0], [0, 5]])


def test_kinds_are_part_of_what_a_model_is_only_where_they_are_declared() -> None:
    plain = ModelRecipe(estimator=LOGISTIC)
    assert describe(plain) == "1e5e778bce857af431b396c2d840a9906fc7aaabcf657f6915260bc3062de0b5"  # as before there were kinds
    assert describe(plain) != describe(plain.model_copy(update={"kinds": {"t": "text"}}))


# embedded


@pytest.fixture
def embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a sentence-embedding model: sixteen words, each with a vector of its own."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["[UNK]", "[PAD]", "fine", "bright", "good", "lovely", "dull", "slow", "bad", "boring", "plot", "actor", "film"]
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(0).normal(0, 0.1, (len(words), 8)).astype(np.float32)
    vectors[2:6, 0], vectors[6:10, 0] = 1.0, -1.0
    StaticModel(vectors, tokenizer).save_pretrained(tmp_path / "estimators/words")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_texts_are_told_by_what_a_local_model_knows_of_words_that_no_train_row_holds(embedder: Path) -> None:
    recipe = ModelRecipe(
        estimator=LOGISTIC, prepare="embedded", embedding="estimators/words", kinds={"t": "text"}, params={"C": 10.0}
    )
    train = pd.DataFrame({"t": column(["fine film", "bright plot", "dull film", "slow plot"] * 5)})
    judged = pd.DataFrame({"t": column(["lovely actor", "boring actor", None])})
    fitted = build(recipe, train, embedder).fit(train, np.array([1, 1, 0, 0] * 5))
    assert list(fitted.predict(judged)[:2]) == [1, 0]
    kept = dump_model(fitted)
    assert b"/" + embedder.name.encode() not in kept
    again = skops.io.loads(kept, trusted=skops.io.get_untrusted_types(data=kept))
    np.testing.assert_array_equal(again.predict(judged), fitted.predict(judged))
    before = describe(recipe, embedder)
    (embedder / "estimators/words/config.json").write_text("{}")
    assert describe(recipe, embedder) != before


def test_a_model_that_is_not_there_is_refused_and_nothing_is_downloaded(embedder: Path) -> None:
    frame = pd.DataFrame({"t": column(["a b"] * 4)})
    for folder in ("estimators/none", "minishlab/potion-base-8M", "estimators"):
        recipe = ModelRecipe(estimator=LOGISTIC, prepare="embedded", embedding=folder, kinds={"t": "text"})
        with pytest.raises(ParamsError, match="nothing is downloaded"):
            build(recipe, frame, embedder)


def test_an_embedding_and_its_use_go_together() -> None:
    with pytest.raises(ValueError, match="go together"):
        ModelRecipe(estimator=LOGISTIC, prepare="embedded")
