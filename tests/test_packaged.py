"""A package opens where it is what was written, and is refused before any of it runs where it is not."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packages import CODES, ROWS, package, resealed, sealed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from small import REPOSITORY

from ceteris.errors import BadInputError, IntegrityError
from ceteris.serving import packaged
from ceteris.serving.packaged import CARD, MANIFEST, MODEL, REFERENCE, SCHEMA, libraries_of, open_package
from ceteris.serving.schema import schema_of
from ceteris.training.embedding import Sentences
from ceteris.training.models import folder_digest
from ceteris.training.skops_file import dump_model


class Strange(ClassifierMixin, BaseEstimator):
    """An estimator that is on no list."""

    def fit(self, X: object, y: object) -> Strange:
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: object) -> np.ndarray:
        return np.zeros(len(X), dtype=int)  # type: ignore[arg-type]


class Bomb:
    """What runs as soon as it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('it ran')",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return package(tmp_path / "model")


MODELS = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(3, random_state=0),
    "boosted": HistGradientBoostingClassifier(max_iter=3),
    "near": KNeighborsClassifier(),
    "net": MLPClassifier((3,), tol=1.0, n_iter_no_change=1, random_state=0),
    "svc": SVC(),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_scikit_learn_offers_opens_and_predicts_as_it_did(tmp_path: Path, name: str) -> None:
    found = open_package(package(tmp_path / "model", MODELS[name]))
    labels, pred_probs = found.predict(ROWS)
    plain = MODELS[name].fit(ROWS, CODES)
    assert list(labels) == [("ant", "bee")[code] for code in plain.predict(ROWS)]
    assert (pred_probs is None) == (name == "svc")
    if pred_probs is not None:
        assert pred_probs == pytest.approx(plain.predict_proba(ROWS))


def bit(name: str) -> Callable[[Path], object]:
    """Return what flips a bit in the middle of a file."""

    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return flip


def written(name: str, content: bytes, **changed: object) -> Callable[[Path], object]:
    """Return what writes a file and, as whoever tampers with purpose would, a manifest that fits."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)
        resealed(folder, **changed)

    return write


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_json", ".json"), content)
    return buffer.getvalue()


def member(change: Callable[[bytes], bytes | None]) -> Callable[[Path], object]:
    """Return what changes or takes out the first array of the model's archive."""

    def write(folder: Path) -> None:
        with zipfile.ZipFile(folder / MODEL) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        first = next(name for name in members if name.endswith(".npy"))
        kept = members | {first: change(members[first])}
        written(MODEL, zipped(**{name: content for name, content in kept.items() if content is not None}))(folder)

    return write


def schema(classes: list[object] | None = None, **changed: object) -> Callable[[Path], object]:
    """Return what changes the first feature or the classes of the schema, under a manifest that fits."""

    def write(folder: Path) -> None:
        found = json.loads((folder / SCHEMA).read_bytes())
        found["features"][0] |= changed
        found["classes"] = found["classes"] if classes is None else classes
        print_ = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        written(SCHEMA, json.dumps(found).encode(), fingerprints={"schema": print_})(folder)

    return write


def libraries(**changed: str) -> dict[str, str]:
    return libraries_of() | {name.replace("_", "-"): version for name, version in changed.items()}


SEALED = (MODEL, SCHEMA, REFERENCE, CARD)
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    **{f"one bit of {name}": (bit(name), f"not the package that was made: '{name}' differ from") for name in SEALED},
    "a file is gone": (lambda folder: (folder / REFERENCE).unlink(), "'reference.parquet' differ from the manifest"),
    "a foreign file": (lambda folder: (folder / "model.pkl").write_bytes(b"x"), "holds 'model.pkl', which its manifest"),
    "a foreign folder": (lambda folder: (folder / "more").mkdir(), "holds 'more', which its manifest does not name"),
    "a note of somebody else": (lambda folder: (folder / "README.md").write_text("x"), "holds 'README.md', which its manifest"),
    "a pipe called as the note": (lambda folder: os.mkfifo(folder / "README.md"), "holds 'README.md', which its manifest"),
    "a form that is no whole number": (lambda folder: resealed(folder, format=1.0), r"is a package of form 1\.0, and"),
    "a form that is true": (lambda folder: resealed(folder, format=True), "is a package of form True, and"),
    "a cell without names": (lambda folder: resealed(folder, cell="/"), r"names no cell \(MODEL/VERSION\)"),
    "a manifest that names none": (lambda folder: resealed(folder, files={}), "than a package has: none, and not 'card.md'"),
    "no cell is named": (lambda folder: resealed(folder, cell=None), r"names no cell \(MODEL/VERSION\)"),
    "a newer form": (lambda folder: resealed(folder, format=2), "is a package of form 2, and this ceteris reads 1"),
    "another scikit-learn": (
        lambda folder: resealed(folder, libraries=libraries(scikit_learn="0.24")), r"made with 'scikit-learn 0\.24 \(here "),
    "a library that is not here": (
        lambda folder: resealed(folder, libraries=libraries(lightgbm="4.6")), r"lightgbm 4\.6 \(here not installed\)"),
    "no library is named": (lambda folder: resealed(folder, libraries={}), "numpy unknown"),
    "a manifest that names more": (
        lambda folder: resealed(folder, files={"../../etc/passwd": "0"}), "names other files than a package has"),
    "a manifest that is none": (lambda folder: (folder / MANIFEST).write_text("[1]"), "is no manifest of a package"),
    "a manifest that is nested": (lambda folder: (folder / MANIFEST).write_text("[" * 100_000), "is no manifest of a package"),
    "a pickle": (written(MODEL, pickle.dumps(Bomb())), "is no skops archive"),
    "a type that nobody trusts": (written(MODEL, dump_model(Strange().fit(ROWS, CODES))), "holds '.*Strange', which is on no"),
    "a schema of something else": (written(SCHEMA, b'{"features": [], "classes": []}'), "is not the schema of this package"),
    "a schema that is none": (written(SCHEMA, b"[]"), "is not the schema of this package"),
    "a schema in an archive that is empty": (written(MODEL, zipped(schema_json=b"{}")), "is a damaged skops archive"),
    "a schema in an archive that is no JSON": (written(MODEL, zipped(schema_json=b"x")), "is a damaged skops archive"),
    "a schema in an archive that is nested": (written(MODEL, zipped(schema_json=b"[" * 100_000)), "is a damaged skops archive"),
    "an array in an archive that is gone": (member(lambda _: None), "is a damaged skops archive"),
    "an array in an archive that is none": (member(lambda _: b"junk"), "is a damaged skops archive"),
    "a kind that is none": (schema(kind="zzz"), "is not the schema of this package"),
    "a width that is no number": (schema(kind="vector", width="x"), "is not the schema of this package"),
    "a width of what has none": (schema(width=2), "is not the schema of this package"),
    "a key that no feature has": (schema(unit="cm"), "is not the schema of this package"),
    "classes that are no texts": (schema(classes=[1, 2]), "is not the schema of this package"),
    "classes that stand twice": (schema(classes=["ant", "ant"]), "is not the schema of this package"),
    "a zip that is no skops archive": (written(MODEL, zipped(a=b"1")), "no model of ours does"),
    "a model of other columns": (
        written(MODEL, dump_model(LogisticRegression().fit(ROWS[["y", "x"]], CODES))), "on other columns or classes than"),
    "a model of more classes": (
        written(MODEL, dump_model(LogisticRegression().fit(ROWS, np.arange(60) % 5))), "on other columns or classes than"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_tampered_with_is_refused(folder: Path, fault: str) -> None:
    spoil, said = FAULTS[fault]
    open_package(folder)
    spoil(folder)
    with pytest.raises(IntegrityError, match=said):
        open_package(folder)


def test_links_as_dvc_makes_them_are_followed_and_what_they_lead_to_is_checked(folder: Path) -> None:
    """`dvc config cache.type symlink`: the files of an output are links into its cache."""
    for name in SEALED:
        (folder / name).rename(folder.parent / name)
        (folder / name).symlink_to(folder.parent / name)
    open_package(folder)
    bit(MODEL)(folder.parent)
    with pytest.raises(IntegrityError, match="not the package that was made: 'model"):
        open_package(folder)


LOADED = ("another scikit-learn", "a pickle", "a schema of something else", "a foreign file", "one bit of model.skops")


@pytest.mark.parametrize("fault", LOADED)
def test_nothing_is_loaded_of_what_is_refused(folder: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault][0](folder)
    monkeypatch.setattr("skops.io.loads", lambda *_, **__: pytest.fail("it was loaded"))
    monkeypatch.setattr("skops.io.get_untrusted_types", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(IntegrityError):
        open_package(folder)


def test_an_archive_that_would_unpack_to_more_than_it_may_is_refused_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "_MOST_UNPACKED", 1_000_000)
    written(MODEL, zipped(schema_json=b"{}", a=bytes(2_000_000)))(folder)
    assert (folder / MODEL).stat().st_size < 10_000
    with pytest.raises(IntegrityError, match=r"would unpack to 2,000,002 bytes in 2 files"):
        open_package(folder)


def test_a_type_is_trusted_by_whoever_opens_the_package_and_never_by_the_package_itself(folder: Path) -> None:
    name = f"{Strange.__module__}.Strange"
    written(MODEL, dump_model(Strange().fit(ROWS, CODES)), trusted=[name])(folder)
    with pytest.raises(IntegrityError, match="which is on no list of trusted types"):
        open_package(folder)
    resealed(folder, libraries=libraries_of([name]))
    assert list(open_package(folder, [name]).predict(ROWS)[0]) == ["ant"] * 60


def test_where_there_is_no_package_the_note_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"holds no manifest\.json: no model was packaged there\. Make one: ceteris accept"):
        open_package(tmp_path)
    (tmp_path / "nothing.json").write_text(json.dumps({"reason": "a/b cannot be packaged: it is trained by a command"}))
    with pytest.raises(BadInputError, match="a/b cannot be packaged: it is trained by a command"):
        open_package(tmp_path)


def test_the_note_that_git_keeps_beside_a_candidate_is_no_foreign_file(folder: Path) -> None:
    before = open_package(folder).fingerprint
    shutil.copy(REPOSITORY / "release/candidate/README.md", folder)
    assert open_package(folder).fingerprint == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "weights").write_bytes(b"2"),
        lambda folder: (folder / "more").touch(),
        lambda folder: (folder / "weights").rename(folder / "wights"),
        lambda folder: (folder / "weights").unlink(),
    ],
    ids=["changed", "one more", "renamed", "one less"],
)
def test_an_embedding_model_that_is_another_than_the_one_it_was_made_with_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    texts, folder = pd.DataFrame({"words": ["a", "b"] * 5}), tmp_path / "estimators/small"
    fitted = make_pipeline(make_column_transformer((Sentences("estimators/small"), ["words"])), LogisticRegression())
    fitted.steps[1][1].fit(np.arange(10.0)[:, None], [0, 1] * 5)
    made = sealed(tmp_path / "made", fitted, schema_of(texts, ("a", "b"), {"words": "text"}), texts)
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"1")
    resealed(made, embeddings={"estimators/small": folder_digest(folder)})
    monkeypatch.chdir(tmp_path)
    open_package(made)
    change(folder)
    with pytest.raises(IntegrityError, match=r"estimators/small in .* holds other files than when the model in .* was made"):
        open_package(made)


def test_a_model_whose_embedding_is_not_here_is_refused_with_where_to_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pd.DataFrame({"words": ["a", "b"] * 5})
    fitted = make_pipeline(Sentences("estimators/small"), LogisticRegression())
    fitted.steps[1][1].fit(np.arange(10.0)[:, None], [0, 1] * 5)
    made = sealed(tmp_path / "made", fitted, schema_of(texts, ("a", "b"), {"words": "text"}), texts)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError, match=r"embedding model estimators/small, which no package holds"):
        open_package(made)
    small = tmp_path / "estimators/small"
    small.mkdir(parents=True)
    (small / "weights").write_bytes(b"1")
    with pytest.raises(
        IntegrityError, match=r"its manifest does not say which files that was made of\. Package the model anew"
    ):
        open_package(made)
    resealed(made, embeddings={"estimators/small": folder_digest(small)})
    assert open_package(made).schema.features[0].kind == "text"
