"""From columns of every kind to the numbers that a model computes with; fitted with the model, inside each fold."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ceteris.errors import ParamsError
from ceteris.kinds import kinds_of

__all__ = ["preparation"]

_COMPONENTS = 50  # numbers that a text becomes for models that take no long sparse rows


def preparation(
    how: str, features: pd.DataFrame, kinds: Mapping[str, str] | None = None, *, sparse: bool = True, embedding: str = ""
) -> Any:
    """Return what makes numbers of columns, unfitted.

    `scaled`: missing numbers become the median, then columns are standardised; categories become indicator columns (at
    most 50 a column, rare ones together); texts become TF-IDF weights, dates their parts, standardised as vectors are too.
    `coded`: missing numbers become the median, categories integer codes, texts 50 components of their TF-IDF weights.
    `table`: as `scaled`, with numbers, categories, texts and dates as skrub's TableVectorizer has them. `embedded`: as
    `scaled`, with texts as a sentence-embedding model has them. Pixels become shares of 255.

    Parameters
    ----------
    how : {"scaled", "coded", "table", "embedded"}
    features : DataFrame
        Only the kinds of its columns are read.
    kinds : mapping of str to str, optional
        As declared: see `kinds_of`.
    sparse : bool
        Whether the model takes sparse rows; else texts become components, and other rows are written out.
    embedding : str
        The folder of the sentence-embedding model.
    """
    named = _by_kind(features, kinds)
    if set(named) == {"number"}:
        return _numbers(how)
    from sklearn.compose import ColumnTransformer

    parts = _table(named) if how == "table" else []
    parts += [part for kind, columns in named.items() for part in _parts(kind, columns, how, sparse, embedding)]
    if not {"text", "sparse"} & set(named):
        return ColumnTransformer(parts)
    return ColumnTransformer(parts, sparse_threshold=1.0 if sparse else 0.0)


def _by_kind(features: pd.DataFrame, declared: Mapping[str, str] | None) -> dict[str, list[Any]]:
    """Return the columns of each kind that there is, numbers and categories first."""
    found = kinds_of(features, declared)
    order = ("number", "category", "date", "text", "vector", "sparse", "image")
    named = {kind: [column for column in features.columns if found[str(column)] == kind] for kind in order}
    return {kind: columns for kind, columns in named.items() if columns} or {"number": []}


def _parts(kind: str, columns: list[Any], how: str, sparse: bool, embedding: str) -> list[tuple[str, Any, list[Any]]]:
    """Return the transformers of the columns of one kind, each with its name and columns."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler

    from ceteris.training.transformers import SparseRows, Words, date_parts, pixels, stacked

    if kind == "number":
        return [("numbers", _numbers(how), columns)]
    if kind == "category":
        return [("categories", _categories(how), columns)]
    if kind == "date":
        return [("dates", make_pipeline(FunctionTransformer(date_parts), _numbers(how)), columns)]
    if kind == "text":
        if how == "embedded":
            return [("texts", _embedded(embedding), columns)]
        components = None if sparse and how != "coded" else _COMPONENTS
        return [(f"text_{place}", Words(components=components), [name]) for place, name in enumerate(columns)]
    if kind == "sparse":
        rows: Any = SparseRows(dense=not sparse)
        return [
            (f"sparse_{place}", rows if how == "coded" else make_pipeline(rows, MaxAbsScaler()), [name])
            for place, name in enumerate(columns)
        ]
    if kind == "image":
        return [("images", FunctionTransformer(pixels), columns)]
    vectors = FunctionTransformer(stacked)
    return [("vectors", vectors if how == "coded" else make_pipeline(vectors, _numbers(how)), columns)]


def _numbers(how: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return impute if how == "coded" else Pipeline([("impute", impute), ("scale", StandardScaler())])


def _categories(how: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    code: Any = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
    if how == "coded":
        code = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    return Pipeline([("fill", SimpleImputer(missing_values=None, strategy="constant", fill_value="")), ("code", code)])


def _table(named: dict[str, list[Any]]) -> list[tuple[str, Any, list[Any]]]:
    """Return skrub's transformer of all columns that are no arrays, which are taken out of `named`."""
    if importlib.util.find_spec("skrub") is None:
        raise ParamsError(
            "`prepare: table` needs skrub, which is not installed here.",
            "Install it (uv pip install 'ceteris[tables]'), or write `prepare: scaled` in this model.",
        )
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
    from skrub import StringEncoder, TableVectorizer

    from ceteris.training.transformers import as_table

    dates = named.get("date", [])
    columns = [name for kind in ("number", "category", "date", "text") for name in named.pop(kind, [])]
    if not columns:
        return []
    frame = FunctionTransformer(as_table, kw_args={"dates": list(dates)})
    few = OneHotEncoder(handle_unknown="ignore", sparse_output=False)  # skrub's own warns of each value that it never saw
    vectorizer = TableVectorizer(low_cardinality=few, high_cardinality=StringEncoder(random_state=0))
    return [("table", make_pipeline(frame, vectorizer, _numbers("scaled")), columns)]


def _embedded(folder: str) -> Any:
    from ceteris.training.embedding import Sentences

    return Sentences(folder)
