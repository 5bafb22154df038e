"""The door to a package: release/model/ as it was written, checked against its manifest before anything in it is opened."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, IntegrityError, some
from ceteris.serving.schema import InputSchema
from ceteris.store import read_parquet

__all__ = ["FORMAT", "LIBRARIES", "MANIFEST", "MODEL", "REFERENCE", "SCHEMA", "TRUSTED", "Packaged", "open_package"]

FORMAT = 1
MANIFEST, MODEL, SCHEMA, REFERENCE = "manifest.json", "model.skops", "schema.json", "reference.parquet"
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")  # another release of one may predict otherwise
TRUSTED = ("numpy.dtype", "sklearn.tree._tree.Tree")  # beyond what skops reads of itself


@dataclass(frozen=True)
class Packaged:
    """A model that predicts, and what is known of it.

    Attributes
    ----------
    folder : Path
    manifest : dict
        What manifest.json holds: format, files, fingerprints, libraries, cell.
    fingerprint : str
        The sha256 of manifest.json: it stands for the whole package.
    schema : InputSchema
    estimator : the fitted estimator, its preparation included
    """

    folder: Path
    manifest: dict[str, Any]
    fingerprint: str
    schema: InputSchema
    estimator: Any

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what the model says of rows in the columns of the schema.

        Returns
        -------
        labels : ndarray of str objects, or of float where the model predicts numbers, shape (n_rows,)
        pred_probs : ndarray, shape (n_rows, n_classes), or None where the model has none
        """
        classes = np.array(self.schema.classes, dtype=object)
        if not len(classes):
            return np.asarray(self.estimator.predict(frame), dtype=np.float64), None
        prepared, model = self._prepared(frame)
        labels = classes[np.asarray(model.predict(prepared), dtype=np.int64)]
        if not hasattr(model, "predict_proba"):
            return labels, None
        found = np.zeros((len(frame), len(classes)))
        found[:, np.asarray(model.classes_, dtype=np.int64)] = model.predict_proba(prepared)
        return labels, found

    def _prepared(self, frame: pd.DataFrame) -> tuple[Any, Any]:
        """Return the rows as the model itself takes them, and that model: what comes before it is computed once for both."""
        from sklearn.pipeline import Pipeline

        if not isinstance(self.estimator, Pipeline) or len(self.estimator) < 2:
            return frame, self.estimator
        return self.estimator[:-1].transform(frame), self.estimator[-1]

    def reference(self) -> pd.DataFrame:
        """Return the rows that drift is measured against: their part, label, prediction, probabilities and features."""
        return read_parquet(self.folder / REFERENCE)


def open_package(folder: Path) -> Packaged:
    """Return the model of a package.

    Raises
    ------
    BadInputError
        There is no package.
    IntegrityError
        A file is not what the manifest says, or it was made by other libraries or a newer ceteris: nothing was opened.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInputError(f"{folder} holds no {MANIFEST}: no model was packaged there.", "Make one: ceteris accept")
    content = path.read_bytes()
    try:
        manifest = json.loads(content)
        files, made_with, form = dict(manifest["files"]), dict(manifest["libraries"]), manifest["format"]
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(f"{path} is no manifest of a package.", "Bring the package anew: dvc checkout") from None
    if form != FORMAT:
        raise IntegrityError(
            f"{folder} is a package of form {form}, and this ceteris reads {FORMAT}.", "Install the ceteris that made it."
        )
    wrong = [
        name
        for name, digest in sorted(files.items())
        if not (folder / name).is_file() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    ]
    if wrong:
        raise IntegrityError(
            f"{folder} is not the package that was made: {some(wrong)} differ from the manifest.", "Bring it anew: dvc checkout"
        )
    other = [f"{name} {made_with.get(name)}" for name in LIBRARIES if made_with.get(name) != version(name)]
    if other:
        raise IntegrityError(
            f"{folder} was made with {some(other)}, and other releases are installed here.",
            "Install those, or package the model anew with these: ceteris accept",
        )
    import skops.io

    data = (folder / MODEL).read_bytes()
    strange = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
    if strange:
        raise IntegrityError(
            f"The model in {folder} holds {some(strange)}, which is on no list of trusted types.", "Package another model."
        )
    schema = InputSchema.from_json(json.loads((folder / SCHEMA).read_text(encoding="utf-8")))
    return Packaged(folder, manifest, hashlib.sha256(content).hexdigest(), schema, skops.io.loads(data, trusted=list(TRUSTED)))
