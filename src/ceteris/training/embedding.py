"""Texts as a sentence-embedding model of the user's own has them: a local folder, never a download."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from ceteris.errors import ParamsError

__all__ = ["Sentences"]


class Sentences(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The embeddings of text columns, side by side; nothing is fitted.

    Parameters
    ----------
    folder : str
        Of a model that model2vec or sentence-transformers has saved, from the working directory.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def fit(self, frame: pd.DataFrame, labels: Any = None) -> Sentences:
        """Return it as it is."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the embeddings, shape (n_rows, n_columns * size)."""
        model = _model(str(Path(self.folder).resolve()))
        return np.concatenate([model.of(frame[name].to_numpy(dtype=object)) for name in frame.columns], axis=1)


class _Model:
    """A loaded model, and the embeddings that it has made in this process: folds and seeds ask for the same texts again."""

    def __init__(self, encode: Any) -> None:
        self._encode = encode
        self._made: dict[str, np.ndarray] = {}

    def of(self, texts: np.ndarray) -> np.ndarray:
        wanted = [text if isinstance(text, str) else "" for text in texts]
        new = [text for text in dict.fromkeys(wanted) if text not in self._made]
        if new:
            self._made |= dict(zip(new, np.nan_to_num(np.asarray(self._encode(new), dtype=np.float32)), strict=True))
        return np.stack([self._made[text] for text in wanted])


@cache
def _model(folder: str) -> _Model:
    """Return the model of a folder, by the library that saved it."""
    modules = Path(folder) / "modules.json"
    # model2vec writes one too, for sentence-transformers to read its models.
    by_sentence_transformers = modules.is_file() and "StaticEmbedding" not in modules.read_text(encoding="utf-8")
    library = "sentence_transformers" if by_sentence_transformers else "model2vec"
    try:
        if by_sentence_transformers:
            from sentence_transformers import SentenceTransformer

            return _Model(SentenceTransformer(folder, local_files_only=True, device="cpu").encode)
        from model2vec import StaticModel

        return _Model(partial(StaticModel.from_pretrained(folder).encode, use_multiprocessing=False))
    except ImportError:
        raise ParamsError(
            f"`embedding: {Path(folder).name}` was saved by {library}, which is not installed here.",
            f"Install it (uv pip install {library.replace('_', '-')}), or write `prepare: scaled` in this model.",
        ) from None
