"""The door to a package: release/model/ as it was written, checked against its manifest before anything in it is opened."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, IntegrityError, some
from ceteris.serving.embeddings import refuse_other_embeddings
from ceteris.serving.schema import InputSchema
from ceteris.store import read_parquet, sha256

__all__ = [
    "CARD", "FILES", "FORMAT", "MANIFEST", "MODEL", "NOTHING", "README", "README_TEXT", "REFERENCE", "SCHEMA", "TRUSTED",
    "Packaged", "libraries_of", "open_package", "strange_types",
]  # fmt: skip

FORMAT = 1
MANIFEST, NOTHING, README = "manifest.json", "nothing.json", "README.md"  # git keeps the last one, beside a candidate
MODEL, SCHEMA, REFERENCE, CARD = "model.skops", "schema.json", "reference.parquet", "card.md"
README_TEXT = (
    "`ceteris accept` packages its candidate here; the gate then copies what passes to release/model/."
    " Neither git nor DVC keeps it.\n"
)
FILES = (CARD, MODEL, REFERENCE, SCHEMA)  # and the manifest that names them: no more, no fewer
# Beyond what skops itself reads of numpy, scipy and scikit-learn: types of these and of ceteris, by name, that hold numbers.
TRUSTED = (
    *(
        f"ceteris.training.transformers.{name}"
        for name in ("SparseRows", "Words", "as_table", "date_parts", "pixels", "stacked")
    ),
    "ceteris.training.embedding.Sentences",
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    *(f"sklearn.calibration.{name}" for name in ("_CalibratedClassifier", "_SigmoidCalibration")),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    *(f"sklearn.gaussian_process.kernels.{name}" for name in ("ConstantKernel", "Matern", "Product", "RBF", "Sum")),
    *(f"sklearn.metrics._dist_metrics.{name}Distance64" for name in ("Chebyshev", "Euclidean", "Manhattan", "Minkowski")),
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    *(f"sklearn.neural_network._stochastic_optimizers.{name}" for name in ("AdamOptimizer", "SGDOptimizer")),
    "sklearn.tree._tree.Tree",
)
_LIKELIEST = (
    "sklearn.calibration.CalibratedClassifierCV.predict",
    "sklearn.ensemble._bagging.BaggingClassifier.predict",
    "sklearn.ensemble._forest.ForestClassifier.predict",
)
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")  # another release of one may predict otherwise
_MOST_TEXT, _MOST_UNPACKED, _MOST_MEMBERS = 20_000_000, 8_000_000_000, 200_000  # bytes, bytes, files of a skops archive
_AGAIN = "Bring it anew: dvc checkout --force release/model.dvc (or dvc pull release/model.dvc)"


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
        if not hasattr(model, "predict_proba"):
            return classes[np.asarray(model.predict(prepared), dtype=np.int64)], None
        found, codes = np.zeros((len(frame), len(classes))), np.asarray(model.classes_, dtype=np.int64)
        shares = model.predict_proba(prepared)
        found[:, codes] = shares
        said = (
            codes[np.argmax(shares, axis=1)]
            if _says_the_likeliest(model)
            else np.asarray(model.predict(prepared), dtype=np.int64)
        )
        return classes[said], found

    def _prepared(self, frame: pd.DataFrame) -> tuple[Any, Any]:
        """Return the rows as the model itself takes them, and that model: what comes before it is computed once for both."""
        from sklearn.pipeline import Pipeline

        if not isinstance(self.estimator, Pipeline) or len(self.estimator) < 2:
            return frame, self.estimator
        return self.estimator[:-1].transform(frame), self.estimator[-1]

    def reference(self, also: Iterable[str] = ()) -> pd.DataFrame:
        """Return the rows that drift is measured against: their part, label, prediction, probabilities and features.

        Parameters
        ----------
        also : iterable of str
            Columns that are needed beside the features.

        Raises
        ------
        IntegrityError
            They are no table, or lack a column.
        """
        path = self.folder / REFERENCE
        try:
            found = read_parquet(path)
        except (ValueError, OSError):  # pyarrow's ArrowInvalid is a ValueError
            raise IntegrityError(f"{path} is no table that can be read.", _AGAIN) from None
        lacking = sorted({*also, *(one.name for one in self.schema.features)} - {*found.columns})
        if lacking:
            raise IntegrityError(f"{path} lacks {some(lacking)}.", _AGAIN)
        return found


def _says_the_likeliest(model: Any) -> bool:
    """Return whether its `predict` computes its `predict_proba` and takes the largest: once is enough."""
    predict = type(model).predict
    return f"{predict.__module__}.{predict.__qualname__}" in _LIKELIEST


def open_package(folder: Path, trusted: Iterable[str] = ()) -> Packaged:
    """Return the model of a package.

    Parameters
    ----------
    trusted : iterable of str
        Types that its model may hold beyond `TRUSTED`, as whoever opens it knows them: never read from the package itself.

    Raises
    ------
    BadInputError
        There is no package.
    IntegrityError
        It is not what was written, it does not fit this ceteris or these libraries, or it holds types that nobody trusts: none
        of its code was run.
    """
    manifest, fingerprint = _manifest(folder)
    data = _checked(folder, manifest["files"])
    _refuse_other_libraries(folder, manifest["libraries"], trusted)
    schema = _schema(folder, data[SCHEMA], manifest["fingerprints"])
    strange = strange_types(data[MODEL], trusted, str(folder / MODEL))
    if strange:
        raise IntegrityError(
            f"The model in {folder} holds {some(strange)}, which is on no list of trusted types.",
            "Package another model, or name these types, where you trust them, both where it is packaged (package.trusted in"
            " release/release.yaml) and where it is served.",
        )
    import skops.io

    with _readable(str(folder / MODEL)):
        estimator = skops.io.loads(data[MODEL], trusted=[*TRUSTED, *trusted])
    _refuse_misfit(folder, estimator, schema)
    refuse_other_embeddings(folder, estimator, manifest)
    return Packaged(folder, manifest, fingerprint, schema, estimator)


def strange_types(model: bytes, trusted: Iterable[str] = (), where: str = "The model") -> list[str]:
    """Return the types in a skops archive that are on no list, in order; nothing of it is loaded.

    Raises
    ------
    IntegrityError
        It is no such archive, or would unpack to more than 8 GB.
    """
    import skops.io

    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            members = archive.infolist()
            text = next((one.file_size for one in members if one.filename == "schema.json"), None)
    except zipfile.BadZipFile:
        raise IntegrityError(f"{where} is no skops archive (a pickle is never opened).", _AGAIN) from None
    unpacked = sum(one.file_size for one in members)
    if text is None or text > _MOST_TEXT or len(members) > _MOST_MEMBERS or unpacked > _MOST_UNPACKED:
        raise IntegrityError(
            f"{where} would unpack to {unpacked:,} bytes in {len(members):,} files, its schema of {text or 0:,}: no model"
            " of ours does.",
            _AGAIN,
        )
    with _readable(where):
        return sorted(set(skops.io.get_untrusted_types(data=model)) - {*TRUSTED, *trusted})


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    """Say of an archive which fails inside, that it is damaged: what skops raises of it may be anything."""
    try:
        yield
    except Exception as error:
        raise IntegrityError(
            f"{where} is a damaged skops archive: it cannot be read ({type(error).__name__}).", _AGAIN
        ) from None


def libraries_of(trusted: Iterable[str] = ()) -> dict[str, str]:
    """Return the release of each library that a packaged model is made of, those of trusted types included."""
    modules = {name.partition(".")[0] for name in trusted} - {"ceteris"}
    of_module = packages_distributions() if modules else {}  # it reads every installed package
    named = {*_LIBRARIES, *(found for module in modules for found in of_module.get(module, [module])[:1])}
    return {name: _version(name) for name in sorted(named)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the manifest and its sha256, before any other file is looked at."""
    path = folder / MANIFEST
    if not path.is_file():
        why = _reason(folder)
        raise BadInputError(
            f"{folder} holds no {MANIFEST}: {why or 'no model was packaged there'}.", "Make one: ceteris accept"
        )
    content = _text(path)
    try:
        manifest = json.loads(content)
        form, files, _, _ = (manifest[key] for key in ("format", "files", "libraries", "fingerprints"))
        sound = all(isinstance(manifest[key], dict) for key in ("files", "libraries", "fingerprints"))
        model, _, version = str(manifest.get("cell", "")).partition("/")
        sound = sound and bool(model and version) and "/" not in version
    except (ValueError, LookupError, TypeError, RecursionError):
        raise IntegrityError(f"{path} is no manifest of a package.", _AGAIN) from None
    if type(form) is not int or form != FORMAT:
        raise IntegrityError(
            f"{folder} is a package of form {form!r}, and this ceteris reads {FORMAT}.", "Install the ceteris that made it."
        )
    if not sound:
        raise IntegrityError(f"{path} lacks files, libraries or fingerprints, or names no cell (MODEL/VERSION).", _AGAIN)
    if sorted(files) != sorted(FILES):
        named = some(sorted(files)) or "none"
        raise IntegrityError(f"{path} names other files than a package has: {named}, and not {some(FILES)}.", _AGAIN)
    return manifest, hashlib.sha256(content).hexdigest()


def _reason(folder: Path) -> str:
    path = folder / NOTHING
    try:
        return str(json.loads(_text(path))["reason"]) if path.is_file() else ""
    except (ValueError, LookupError, TypeError):
        return ""


def _text(path: Path) -> bytes:
    if path.stat().st_size > _MOST_TEXT:
        raise IntegrityError(f"{path} holds {path.stat().st_size:,} bytes, and {_MOST_TEXT:,} are the most.", _AGAIN)
    return path.read_bytes()


def _checked(folder: Path, files: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the bytes of the model and the schema as they were checked; what is read later cannot differ from them.

    A file may be a link, as DVC makes them where its cache says so: what counts are its bytes.
    """
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in (*FILES, MANIFEST) and not _is_note(path))
    if foreign:
        raise IntegrityError(
            f"{folder} holds {some(foreign)}, which its manifest does not name: a foreign file.", "Take it out, or bring the"
            " package anew: dvc checkout --force release/model.dvc",
        )  # fmt: skip
    held: dict[str, bytes] = {}
    wrong = []
    for name in FILES:
        path = folder / name
        if name in (MODEL, SCHEMA) and path.is_file():
            held[name] = _text(path) if name == SCHEMA else path.read_bytes()
            digest = hashlib.sha256(held[name]).hexdigest()
        else:
            digest = sha256(path) if path.is_file() else ""
        wrong += [name] if digest != files[name] else []
    if wrong:
        raise IntegrityError(f"{folder} is not the package that was made: {some(wrong)} differ from the manifest.", _AGAIN)
    return held


def _is_note(path: Path) -> bool:
    """Return whether a file is the note by which git keeps the folder of a candidate."""
    if path.name != README or path.is_symlink() or not path.is_file():
        return False
    return path.stat().st_size < 1000 and path.read_text(encoding="utf-8", errors="replace") == README_TEXT


def _refuse_other_libraries(folder: Path, made_with: Mapping[str, Any], trusted: Iterable[str]) -> None:
    here = libraries_of(trusted) | {name: _version(name) for name in made_with}
    wrong = {name: found for name, found in here.items() if made_with.get(name) != found}
    other = [f"{name} {made_with.get(name, 'unknown')} (here {found})" for name, found in wrong.items()]
    if other:
        raise IntegrityError(
            f"{folder} was made with {some(other)}, and another release may predict otherwise.",
            "Install those, or package the model anew with these: ceteris accept",
        )


def _schema(folder: Path, content: bytes, fingerprints: Mapping[str, Any]) -> InputSchema:
    try:
        schema = InputSchema.from_json(json.loads(content))
        fits = schema.fingerprint == fingerprints["schema"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise IntegrityError(f"{folder / SCHEMA} is not the schema of this package.", _AGAIN)
    return schema


def _refuse_misfit(folder: Path, estimator: Any, schema: InputSchema) -> None:
    """Refuse a model that was fitted on other columns or more classes than the schema says."""
    columns = list(getattr(estimator, "feature_names_in_", [one.name for one in schema.features]))
    codes = list(getattr(estimator, "classes_", [])) if schema.classes else []
    if columns != [one.name for one in schema.features] or (codes and max(codes) >= len(schema.classes)):
        raise IntegrityError(f"The model in {folder} was fitted on other columns or classes than {SCHEMA} says.", _AGAIN)
