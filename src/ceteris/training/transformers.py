"""The transformers that scikit-learn has none of: a text with its words, a date in parts, arrays as one matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from ceteris.errors import BadInputError

__all__ = ["SparseRows", "Words", "as_table", "date_parts", "pixels", "stacked"]

_MOST_WORDS = 20_000
_MOST_NUMBERS = 200_000_000  # 1.6 GB
_DAY = 86_400


class Words(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF weights of the words and pairs of words of one text column, or the first components of these.

    Parameters
    ----------
    most : int
        Words and pairs that are kept, the most frequent ones.
    components : int, optional
        Numbers that a text becomes, by a truncated singular value decomposition; None: its weights, as sparse rows.
    random_state : int
        Of the decomposition.
    """

    def __init__(self, most: int = _MOST_WORDS, components: int | None = None, random_state: int = 0) -> None:
        self.most, self.components, self.random_state = most, components, random_state

    def fit(self, frame: pd.DataFrame, labels: Any = None) -> Words:
        """Learn the words of the texts; texts without any are survived."""
        # A text for all words, not a dict: of 20,000 entries skops would write a file for a minute.
        self.words_, self.weights_, self.axes_ = "", np.empty(0), np.empty((0, 0))
        learner = _vectorizer(max_features=self.most)
        try:
            found = learner.fit_transform(_texts(frame))
        except ValueError:
            if any(learner.build_analyzer()(text) for text in _texts(frame)):
                raise
            return self  # no word in any text: nothing to tell them apart by
        self.words_ = "\n".join(learner.get_feature_names_out())
        self.weights_ = learner.idf_
        if self.components is not None:
            from sklearn.utils.extmath import randomized_svd

            count = min(self.components, *found.shape)
            self.axes_ = randomized_svd(found, count, random_state=self.random_state)[2].astype(np.float32)
        return self

    def transform(self, frame: pd.DataFrame) -> Any:
        """Return the weights as sparse rows, or the components as an array."""
        if not self.words_:
            empty = csr_matrix((len(frame), 1))
            return empty if self.components is None else empty.toarray()
        known = _vectorizer(vocabulary=self.words_.split("\n"))
        known.idf_ = self.weights_
        found = known.transform(_texts(frame))
        return found if self.components is None else np.asarray(found @ self.axes_.T)


def _vectorizer(**settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), **settings)


def _texts(frame: pd.DataFrame) -> list[str]:
    return [text if isinstance(text, str) else "" for text in frame.iloc[:, 0].to_numpy(dtype=object)]


class SparseRows(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One column of rows of a sparse matrix (index, value, index, value, ...), as that matrix.

    Parameters
    ----------
    dense : bool
        Whether it is written out, for models that take no sparse rows.
    """

    def __init__(self, dense: bool = False) -> None:
        self.dense = dense

    def fit(self, frame: pd.DataFrame, labels: Any = None) -> SparseRows:
        """Learn how many columns there are: indices that no row of these has are nothing to a model."""
        held = [cell[::2].max() for cell in frame.iloc[:, 0] if len(cell)]
        self.columns_ = int(max(held, default=0)) + 1
        return self

    def transform(self, frame: pd.DataFrame) -> Any:
        """Return the matrix, shape (n_rows, n_columns).

        Raises
        ------
        BadInputError
            It is to be written out, and too large for that.
        """
        cells = frame.iloc[:, 0].to_numpy(dtype=object)
        if self.dense and len(cells) * self.columns_ > _MOST_NUMBERS:
            raise BadInputError(
                f"{len(cells):,} rows x {self.columns_:,} columns of {str(frame.columns[0])!r} are sparse, this model takes no"
                " sparse rows, and written out they would not fit into memory.",
                "Choose a model that takes them, like LogisticRegression, LinearSVC or RandomForestClassifier.",
            )
        pairs = np.concatenate(cells).reshape(-1, 2) if len(cells) else np.empty((0, 2))
        ends = np.cumsum([0, *(len(cell) // 2 for cell in cells)])
        known = pairs[:, 0] < self.columns_
        starts = np.concatenate([[0], np.cumsum(known)])[ends]
        rows = csr_matrix((pairs[known, 1], pairs[known, 0].astype(np.int32), starts), shape=(len(cells), self.columns_))
        return rows.toarray() if self.dense else rows


def date_parts(frame: pd.DataFrame) -> np.ndarray:
    """Return of each date its seconds, year, month, weekday (Monday is 0) and hour, NaN where missing, columns side by side."""
    parts = []
    for name in frame.columns:
        seconds = frame[name].to_numpy(dtype=np.float64)
        known = np.isfinite(seconds)
        whole = np.where(known, seconds, 0.0)
        moment = np.floor(whole).astype(np.int64).astype("datetime64[s]")
        days = np.floor(whole / _DAY)
        year, month = moment.astype("datetime64[Y]").astype(int) + 1970, moment.astype("datetime64[M]").astype(int) % 12 + 1
        found = np.column_stack([whole, year, month, (days + 3) % 7, np.floor((whole - days * _DAY) / 3600)])
        parts.append(np.where(known[:, None], found, np.nan))
    return np.concatenate(parts, axis=1)


def stacked(frame: pd.DataFrame) -> np.ndarray:
    """Return the numbers of all vectors, columns side by side."""
    return np.concatenate([np.stack(list(frame[name])) for name in frame.columns], axis=1)


def pixels(frame: pd.DataFrame) -> np.ndarray:
    """Return the pixels of all images as shares of 255, columns side by side."""
    return stacked(frame).astype(np.float32) / np.float32(255)


def as_table(frame: pd.DataFrame, dates: list[str]) -> pd.DataFrame:
    """Return the columns as skrub knows them: dates as such."""
    found = {name: frame[name].to_numpy(dtype=np.float64) for name in dates}
    return frame.assign(**{name: _moments(seconds) for name, seconds in found.items()})


def _moments(seconds: np.ndarray) -> np.ndarray:
    known = np.isfinite(seconds)
    moments = np.floor(np.where(known, seconds, 0)).astype(np.int64).astype("datetime64[s]")
    return np.where(known, moments, np.datetime64("NaT", "s"))
