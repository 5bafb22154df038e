"""Predictions that were made elsewhere: exported for, brought back, judged as our own are, refused where they cannot be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from elsewhere import change_manifest, train_elsewhere
from small import CLASSES, by_hand, edit, params, repository, run_stages, table

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError, CeterisError, LeakageError, ParamsError
from ceteris.fixing.exporting import export_versions
from ceteris.layout import read_layout
from ceteris.release.trained import Trained
from ceteris.store import read_json, read_params, read_table
from ceteris.training.brought import classes_look_swapped, fits_too_well

BROUGHT = {"predictions": "predictions/net"}
PLANNED = [
    {"axis": "data", "model": "net", "baseline": "given", "candidate": "pruned"},
    {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "net"},
]
RECIPES = {"given": None, "pruned": [{"step": "drop_flagged"}], "reviewed": [{"step": "apply_edits"}]}


def content(seeds: int = 2, **changed: Any) -> dict[str, Any]:
    logistic = params()["train"]["models"]["logistic"]
    found = params(
        audit={"model": BROUGHT}, train={"seeds": seeds, "models": {"logistic": logistic, "net": BROUGHT}}, **changed
    )
    found["fix"]["recipes"], found["compare"]["planned"] = RECIPES, PLANNED
    return found


def brought(root: Path, seeds: int = 2) -> Path:
    """Return a repository in which net was trained elsewhere: for the audit first, then for the versions that came of it."""
    repository(root, content(seeds))
    run_stages(root, "ingest", "validate", "split")
    export_versions(root, "net")
    train_elsewhere(root)
    run_stages(root, "audit", "fix")
    export_versions(root, "net")
    train_elsewhere(root)
    return root


@pytest.fixture(scope="session")
def brought_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = brought(tmp_path_factory.mktemp("brought") / "repo")
    run_stages(root, "train", "compare")
    return root


@pytest.fixture
def home(brought_once: Path, tmp_path: Path) -> Path:
    """A copy of a repository whose predictions were brought, trained and compared."""
    root = tmp_path / "repo"
    shutil.copytree(brought_once, root)
    return root


# what is exported


def test_an_export_holds_every_version_and_no_label_of_what_judges(home: Path) -> None:
    exports = home / "exports/net"
    parts = {part: pd.read_parquet(home / f"data/split/{part}.parquet") for part in ("train", "validation", "test")}
    assert list(pd.read_parquet(exports / "validation.parquet").columns) == ["id", "x", "y"]
    assert set(pd.read_parquet(exports / "validation.parquet")["id"]) == set(parts["validation"][ID])
    sealed = [name.encode() for name in parts["test"][ID]]
    for path in exports.rglob("*"):
        if path.suffix == ".parquet":
            assert not set(pd.read_parquet(path)["id"]) & set(parts["test"][ID]), path
        elif path.is_file():
            assert not any(name in path.read_bytes() for name in sealed), path
    given = pd.read_parquet(exports / "versions/given.parquet").set_index("id")["label"]
    assert given.to_dict() == parts["train"].set_index(ID)[LABEL].to_dict()
    placebo = pd.read_parquet(exports / "versions/placebo-pruned.parquet")
    assert sorted(set(placebo["seed"])) == [0, 1]
    assert len(set(placebo.groupby("seed")["id"].agg(frozenset))) == 2
    assert len((exports / "README.md").read_text().splitlines()) < 25


def test_suggested_folds_keep_groups_whole(tmp_path: Path) -> None:
    rows = table().assign(patient=[f"p{row % 60}" for row in range(180)])
    changed = content()
    changed["ingest"] |= {"group": "patient"}
    repository(tmp_path / "repo", changed, rows)
    run_stages(tmp_path / "repo", "ingest", "validate", "split")
    folder, _ = export_versions(tmp_path / "repo", "net", "csv")
    folds = pd.read_csv(folder / "folds.csv").merge(rows, on="id")
    assert folds.groupby("patient")["fold"].nunique().max() == 1
    assert folds["fold"].nunique() == 3


def test_an_export_leaves_nothing_of_an_older_one(home: Path) -> None:
    export_versions(home, "net", "csv")
    assert {path.suffix for path in (home / "exports/net").rglob("*") if path.is_file()} == {".csv", ".json", ".md"}


@pytest.mark.parametrize("name", ["../net", "a/b", "", "-x", "n" * 41])
def test_a_name_that_is_no_folder_is_refused(home: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="names a folder"):
        export_versions(home, name)


def test_the_command_tells_what_to_bring_back(home: Path, monkeypatch: pytest.MonkeyPatch, ceteris_: Any) -> None:
    monkeypatch.chdir(home)
    said = ceteris_("export", "other", "--csv")
    assert said.code == 0
    assert "5 versions are in exports/other: given, pruned, reviewed, aa, placebo-pruned" in said.out
    assert "exports/other/README.md" in said.out


# what is made of predictions


def test_predictions_are_judged_as_those_of_our_own_models_are(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects = read_table(home / "results/compare/effects.csv")
    planned = effects[effects["planned"] & (effects["metric"] == "accuracy") & (effects["scored_on"] == "true")]
    assert list(planned["axis"]) == ["data", "model"]
    assert planned["control"].tolist() == ["placebo-pruned", ""]
    assert planned["net"].notna().tolist() == [True, False]
    found = np.load(home / "models/net/given/predictions.npz")
    mine = pd.read_csv(home / "predictions/net/given/seed-1.csv").set_index("id")
    assert np.allclose(found["pred_probs"][1], mine.loc[found["ids"], found["classes"]])
    run_stages(home, "report")
    run_stages(home, "train")
    assert "10 cells: 0 fitted (0 fits), 10 kept or copied\n" in capsys.readouterr().err


def test_other_predictions_are_another_model_and_the_cells_of_others_stay(home: Path) -> None:
    places = {model: home / f"models/{model}/given/fingerprint.json" for model in ("net", "logistic")}
    before = {model: read_json(place)["fingerprint"] for model, place in places.items()}
    path = home / "predictions/net/given/seed-0.csv"
    pd.read_csv(path).assign(ant=0.0, bee=1.0, cow=0.0).to_csv(path, index=False)
    run_stages(home, "train")
    after = {model: read_json(place)["fingerprint"] for model, place in places.items()}
    assert [part for part in before["net"] if before["net"][part] != after["net"][part]] == ["model"]
    assert before["logistic"] == after["logistic"]
    assert (np.load(home / "models/net/given/predictions.npz")["predicted"][0] == 1).all()


def test_versions_that_are_one_and_the_same_have_one_cell(home: Path) -> None:
    path = home / "predictions/net/reviewed/seed-0.csv"
    pd.read_csv(path).assign(ant=0.0, bee=1.0, cow=0.0).to_csv(path, index=False)
    for stood in ("kept", "new"):
        run_stages(home, "train")
        given, reviewed = ((home / f"models/net/{name}/predictions.npz").read_bytes() for name in ("given", "reviewed"))
        assert given == reviewed, stood
        shutil.rmtree(home / "models/net")


def test_one_table_stands_for_all_seeds_of_a_model_that_is_declared_deterministic(home: Path) -> None:
    there = home / "predictions/net"
    change_manifest(there, deterministic=True)
    for version in ("given", "pruned", "reviewed"):
        (there / version / "seed-1.csv").unlink()
    (there / "aa/seed-3.csv").unlink()
    run_stages(home, "train", "compare")
    state = read_json(home / "models/net/given/fingerprint.json")
    assert (state["deterministic"], state["n_seeds"]) == (True, 2)
    assert np.load(home / "models/net/placebo-pruned/predictions.npz")["predicted"].shape[0] == 2


def test_with_one_seed_effects_say_that_seed_noise_is_unknown(tmp_path: Path) -> None:
    root = brought(tmp_path / "repo", seeds=1)
    run_stages(root, "train", "compare")
    effects = read_table(root / "results/compare/effects.csv")
    judged = effects[effects["planned"] & effects["difference"].notna()]
    assert len(judged) >= 2
    assert judged["reason"].str.contains("seed noise unknown").all()


# what is left out


def test_versions_that_are_left_out_are_told_and_not_compared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = home / "predictions/net"
    versions = read_json(there / "manifest.json")["versions"]
    change_manifest(there, versions={name: versions[name] for name in ("given", "pruned", "placebo-pruned")})
    for name in ("reviewed", "aa"):
        shutil.rmtree(there / name)
    run_stages(home, "train", "compare", "report")
    assert "net: no predictions were brought for 'reviewed', 'aa': not compared" in capsys.readouterr().err
    assert not (home / "models/net/reviewed").exists()
    effects, grid = (read_table(home / f"results/compare/{name}.csv") for name in ("effects", "grid"))
    assert not ((effects["candidate_model"] == "net") & effects["candidate_version"].isin(["reviewed", "aa"])).any()
    assert set(grid.loc[grid["model"] == "net", "version"]) == {"given", "pruned", "placebo-pruned"}
    assert set(grid.loc[grid["model"] == "logistic", "version"]) == {"given", "pruned", "reviewed", "aa", "placebo-pruned"}


@pytest.mark.parametrize("absent", ["pruned", "placebo-pruned", "given"])
def test_a_planned_contrast_that_lacks_a_cell_is_refused(home: Path, absent: str) -> None:
    there = home / "predictions/net"
    versions = read_json(there / "manifest.json")["versions"]
    change_manifest(there, versions={name: made for name, made in versions.items() if name != absent})
    run_stages(home, "train")
    with pytest.raises(
        BadInputError, match=rf"planned holds net\.given\.pruned, and no predictions were brought for 'net/{absent}'"
    ):
        run_stages(home, "compare")


# what is refused


def _reviewed(root: Path) -> None:
    name, label = pd.read_parquet(root / "data/split/train.parquet")[[ID, LABEL]].to_numpy()[0]
    by_hand(root / "data/edits/ann-1.csv", edit(name, given=label, new="ant" if label != "ant" else "bee"))
    run_stages(root, "fix")


def _other_rows(root: Path) -> None:
    table(210).to_csv(root / "data/source/mine.csv", index=False)
    run_stages(root, "ingest", "validate", "split")


def _manifest(**changed: object) -> Callable[[Path], None]:
    return lambda root: change_manifest(root / "predictions/net", **changed)


def _file(name: str, text: str | None) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        path = root / "predictions/net" / name
        path.unlink() if text is None else path.write_text(text)

    return change


def _table(name: str, **changed: Any) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "predictions/net" / name
        frame = pd.read_csv(path)
        frame.assign(**{key: frame[key].map(held) if callable(held) else held for key, held in changed.items()}).to_csv(
            path, index=False
        )

    return change


def _without(name: str, column: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "predictions/net" / name
        pd.read_csv(path).drop(columns=column).to_csv(path, index=False)

    return change


def _parquet(name: str, made: Callable[[pd.DataFrame], bytes]) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / f"predictions/net/{name}.csv"
        path.with_suffix(".parquet").write_bytes(made(pd.read_csv(path)))
        path.unlink()

    return change


STALE = "Export anew and train on what moved: ceteris export net"
FAULTS: dict[str, tuple[Callable[[Path], object], str, type[CeterisError], tuple[str, ...]]] = {
    "a version moved": (_reviewed, "train", BadInputError, ("'reviewed' moved since.", STALE, "Or take them out")),
    "the rows moved": (_other_rows, "train", BadInputError, ("another validation part", STALE)),
    "the train rows moved": (_other_rows, "audit", BadInputError, ("for other train rows, labels", "ceteris export net")),
    "no folder": (lambda root: shutil.rmtree(root / "predictions"), "train", BadInputError, ("manifest.json is not there",)),
    "no manifest": (_file("manifest.json", None), "train", BadInputError, ("manifest.json is not there", "ceteris export net")),
    "half a manifest": (_file("manifest.json", '{"model": '), "train", BadInputError, ("not readable as JSON",)),
    "a manifest that says nothing": (_manifest(model=" "), "train", ParamsError, ("model: say what made these predictions",)),
    "a word too many": (_manifest(modl="x"), "train", ParamsError, ("modl is not a known key. Did you mean 'model'?",)),
    "an unknown version": (
        _manifest(versions={"tidy": {"data": "x", "seeds": [0, 1]}}), "train", BadInputError, ("'tidy' are no versions here",),
    ),
    "classes in another order": (_manifest(classes=["bee", "ant", "cow"]), "train", BadInputError, ("'bee', 'ant'", STALE)),
    "too few seeds": (
        lambda root: change_manifest(
            root / "predictions/net",
            versions={"given": read_json(root / "predictions/net/manifest.json")["versions"]["given"] | {"seeds": [0]}},
        ),
        "train", BadInputError, ("has the seeds '0' for given, and train.seeds asks for '0', '1'",),
    ),
    "a seed missing": (
        _file("pruned/seed-1.csv", None), "train", BadInputError, ("lacks the tables of 'pruned (seeds 1)'", "not compared"),
    ),
    "half a table": (_file("pruned/seed-1.csv", "id,ant,bee,cow\nrow-0"), "train", BadInputError, ("pruned/seed-1.csv holds",)),
    "an empty table": (_file("pruned/seed-1.csv", ""), "train", BadInputError, ("predictions/net/pruned/seed-1.csv is empty",)),
    "two tables of one seed": (
        _file("pruned/seed-1.parquet", "PAR1"), "train", BadInputError,
        ("predictions/net holds both 'pruned/seed-1.parquet', 'pruned/seed-1.csv'. Keep one of them.",),
    ),
    "half a Parquet file": (
        _parquet("pruned/seed-1", lambda frame: b"PAR1" + bytes(99)), "train", BadInputError,
        ("cannot be read as Parquet: Parquet magic bytes", "not a parquet file. Correct"),
    ),
    "folds that are missing": (
        _parquet("pred_probs", lambda frame: frame.assign(fold=np.where(frame.index < 5, np.nan, frame["fold"])).to_parquet()),
        "audit", LeakageError, ("names the folds '', '0.0'", "and its manifest declares"),
    ),
    "NaN": (_table("given/seed-0.csv", ant=np.nan), "train", BadInputError, ("given/seed-0.csv holds NaN",)),
    "labels beside probabilities": (
        lambda root: pd.read_csv(root / "predictions/net/given/seed-0.csv")[["id"]].assign(label="ant").to_csv(
            root / "predictions/net/given/seed-0.csv", index=False
        ),
        "train", BadInputError, ("Some tables of predictions/net/given hold probabilities and others labels alone",),
    ),
    "no folds declared": (_manifest(folds=None), "audit", BadInputError, ("declares no `folds`",)),
    "no fold beside a row": (_without("pred_probs.csv", "fold"), "audit", LeakageError, ("has no column 'fold'",)),
    "other folds than declared": (_table("pred_probs.csv", fold=0), "audit", LeakageError, ("the folds '0', and its",)),
    "no out-of-fold table": (_file("pred_probs.csv", None), "audit", BadInputError, ("pred_probs.parquet is not there",)),
    "out-of-fold rows that do not sum to 1": (
        _table("pred_probs.csv", ant=1.0), "audit", BadInputError, ("pred_probs.csv holds probabilities that do not sum to 1",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_predictions_that_cannot_be_trusted_are_refused_and_nothing_is_written(home: Path, fault: str) -> None:
    change, stage, error, words = FAULTS[fault]
    change(home)
    before = {path: path.read_bytes() for path in (home / "models").rglob("*") if path.is_file()}
    with pytest.raises(error) as refusal:
        run_stages(home, stage)
    assert type(refusal.value) is error
    for text in words:
        assert text in str(refusal.value)
    assert {path: path.read_bytes() for path in (home / "models").rglob("*") if path.is_file()} == before


def test_folds_that_cut_a_group_are_refused(tmp_path: Path) -> None:
    rows = table().assign(patient=[f"p{row % 60}" for row in range(180)])
    changed = content()
    changed["ingest"] |= {"group": "patient"}
    root = repository(tmp_path / "repo", changed, rows)
    run_stages(root, "ingest", "validate", "split")
    export_versions(root, "net")
    path = train_elsewhere(root) / "pred_probs.csv"
    run_stages(root, "audit")
    frame = pd.read_csv(path)
    frame.assign(fold=np.arange(len(frame)) % 3).to_csv(path, index=False)
    with pytest.raises(LeakageError, match="The audit folds cut the groups"):
        run_stages(root, "audit")


def test_probabilities_of_rows_that_the_model_was_trained_on_are_warned_about(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_stages(home, "audit", "train")
    said = capsys.readouterr().err
    assert "almost perfectly" not in said
    assert "Were the folds kept?" not in said
    train_elsewhere(home, in_sample=True)
    run_stages(home, "audit", "fix")
    assert (
        "fit the given labels almost perfectly (mean 0.996 for the given label, 100.0% of rows agree)"
        in capsys.readouterr().err
    )
    export_versions(home, "net")
    train_elsewhere(home, in_sample=True)
    run_stages(home, "train")
    assert "net: out of fold 100.0% of train labels are predicted, and 7" in capsys.readouterr().err


def test_a_model_that_knows_its_rows_by_heart_is_warned_about_however_unsure_it_says_to_be() -> None:
    labels = np.arange(60) % 3
    sure = np.where(np.arange(3) == labels[:, None], 0.8, 0.1)
    assert "(mean 0.800 for the given label, 100.0% of rows agree)" in fits_too_well(sure, labels)
    assert fits_too_well(np.roll(sure, 1, axis=0), labels) == "" == fits_too_well(sure, np.where(np.arange(60) == 7, 2, labels))


def test_columns_of_classes_that_were_swapped_are_told_and_a_bad_model_is_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swapped = ("pred_probs", "pruned/seed-1")
    for name in swapped:
        path = home / f"predictions/net/{name}.csv"
        pd.read_csv(path).rename(columns={"ant": "bee", "bee": "cow", "cow": "ant"}).to_csv(path, index=False)
    run_stages(home, "train")
    said = capsys.readouterr().err
    assert "net: pruned/seed-1: " in said and "where 'ant' for 'cow', 'bee' for 'ant', 'cow' for 'bee' is taken" in said
    assert said.count("is taken") == 1
    run_stages(home, "audit")
    assert "is taken" in capsys.readouterr().err
    rng = np.random.default_rng(0)
    told = [classes_look_swapped(rng.integers(3, size=90), rng.integers(3, size=90), CLASSES) for _ in range(200)]
    assert sum(map(bool, told)) <= 4


def test_a_table_that_was_written_twice_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_stages(home, "train")
    assert "to the last digit" not in capsys.readouterr().err
    folder = home / "predictions/net"
    shutil.copyfile(folder / "given/seed-1.csv", folder / "pruned/seed-1.csv")
    run_stages(home, "train")
    said = capsys.readouterr().err
    assert "'pruned/seed-1'" in said and "are the same to the last digit: was a table written twice?" in said


@pytest.mark.parametrize("words", [("credit",), ("budget",), ("replay", "pruned", "--splits", "2")])
def test_what_would_train_on_request_is_refused_with_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, ceteris_: Any, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(home)
    _reviewed(home)
    said = ceteris_(*words, "--model", "net")
    assert said.code == 2
    assert "predictions/net holds predictions that were made elsewhere: nothing here can train that model" in said.err


def test_a_look_at_the_test_part_is_refused_before_it_is_counted(home: Path) -> None:
    trained = Trained(home, read_layout(home), read_params(home))
    assert trained.arm(("net", "given")).cell.n_seeds == 2
    with pytest.raises(BadInputError, match="so it has no part in credits, budgets, re-splits, corners and looks at the test"):
        trained.rehearse([("net", "given")])
