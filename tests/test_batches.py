"""A batch is rows that came later: it moves no old row, can be left out, and is worth what it adds to old and new rows."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small import evidence, params, repository, run_stages, table

from ceteris.dataset import BATCH, GROUP, ID, LABEL
from ceteris.errors import BadInputError, ParamsError
from ceteris.fixing.recipes import make
from ceteris.fixing.versions import Evidence
from ceteris.params import parse
from ceteris.readers.sources import read, source_sha256
from ceteris.reviewing.session import open_session
from ceteris.sections import Ingest, Step
from ceteris.splitting.splits import PARTS
from ceteris.store import read_parquet, read_table

LATER = "data/source/later.csv"


def later(rows: int = 60) -> pd.DataFrame:
    """Return rows of the same classes from another place: x is turned round."""
    found = table(rows, wrong=0.0)
    return found.assign(id=[f"new-{row:03d}" for row in range(rows)], x=6.0 - found["x"])


def with_batch(root: Path, batch: pd.DataFrame, **sections: object) -> Path:
    """Make a repository whose source has a batch beside it."""
    made = repository(root, params(ingest={"batches": [LATER]}, **sections))
    batch.to_csv(made / LATER, index=False)
    return made


def rows_of(root: Path) -> pd.DataFrame:
    return read(Ingest(source="data/source/mine.csv", id="id", true_label="truth", batches=(LATER,)), root).frame


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    before = {"given": None, "before": [{"step": "leave_out", "batches": ["later"]}]}
    planned = [{"axis": "data", "model": "tree", "baseline": "before", "candidate": "given"}]
    tree = {"tree": {"estimator": "sklearn.tree.DecisionTreeClassifier", "prepare": "coded", "params": {"max_depth": 4}}}
    root = repository(
        tmp_path_factory.mktemp("batch") / "repo",
        params(ingest={"batches": [LATER]}, fix={"recipes": before}, compare={"planned": planned})
        | {"train": {"seeds": 5, "models": tree}},
        table(600),
    )
    later(300).to_csv(root / LATER, index=False)
    run_stages(root, "ingest", "validate", "split", "audit", "fix", "train", "compare")
    return root


def test_the_rows_of_a_batch_stand_beside_those_of_the_source_and_say_so(tmp_path: Path) -> None:
    frame = rows_of(with_batch(tmp_path / "repo", later()))
    assert frame[BATCH].value_counts().to_dict() == {"": 180, "later": 60}
    assert frame[ID].is_monotonic_increasing
    assert set(frame.loc[frame[BATCH] == "later", ID]) == set(later()["id"])


def test_a_batch_of_one_class_is_read(tmp_path: Path) -> None:
    one = later()
    assert (rows_of(with_batch(tmp_path / "repo", one[one["label"] == "ant"]))[BATCH] == "later").sum() == 20


def test_a_column_without_any_value_is_whatever_the_source_holds(tmp_path: Path) -> None:
    frame = rows_of(with_batch(tmp_path / "repo", later().assign(x=None)))
    assert frame["x"].dtype == np.float64 and frame.loc[frame[BATCH] == "later", "x"].isna().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda batch: batch.drop(columns="x"), "The batch later lacks 'x'"),
        (lambda batch: batch.assign(z=1), "The batch later has 'z' besides"),
        (lambda batch: batch.assign(x="far"), "'x' (category, in the source number)"),
        (lambda batch: batch.assign(id=table(60)["id"]), "60 ids stand in more than one of 'the source' and 'later'"),
    ],
)
def test_a_batch_that_is_no_part_of_the_source_is_refused(tmp_path: Path, change: object, said: str) -> None:
    root = with_batch(tmp_path / "repo", change(later()))  # type: ignore[operator]
    with pytest.raises(BadInputError) as refused:
        rows_of(root)
    assert said.replace("'the source' and 'later'", "") in str(refused.value).replace("the source, later", "")


@pytest.mark.parametrize(
    ("names", "said"),
    [(["data/source/a.csv", "data/source/a.parquet"], "called 'a'"), (["data/source/a b.csv"], "called 'a b'")],
)
def test_batches_have_plain_names_of_their_own(names: list[str], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parse(params(ingest={"batches": names}))


def test_a_batch_is_a_file_below_the_source_folder(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", params())
    with pytest.raises(ParamsError, match=r"ingest\.batches is '\.\./x\.csv'"):
        read(Ingest(source="data/source/mine.csv", id="id", batches=("../x.csv",)), root)


def test_files_whose_rows_are_those_of_the_source_go_with_no_batch(tmp_path: Path) -> None:
    root = with_batch(tmp_path / "repo", later())
    np.save(root / "data/source/more.npy", np.zeros((180, 2)))
    with pytest.raises(ParamsError, match=r"ingest\.features"):
        read(Ingest(source="data/source/mine.csv", id="id", batches=(LATER,), features="data/source/more.npy"), root)


def test_a_folder_of_pictures_takes_another_folder_as_a_batch_and_a_picture_more_is_another_source(tmp_path: Path) -> None:
    root, draw = repository(tmp_path / "repo", params()), np.random.default_rng(0)
    for place in [f"{folder}/{label}" for folder in ("pictures", "june") for label in ("ant", "bee")]:
        (root / "data/source" / place).mkdir(parents=True)
        for count in range(12):
            pixels = draw.integers(0, 255, (9, 8) if "june" in place else (8, 8)).astype(np.uint8)
            Image.fromarray(pixels).save(root / "data/source" / place / f"{place[:4]}-{count}.png")
    content = params(ingest={"source": "data/source/pictures", "id": None, "true_label": None, "batches": ["data/source/june"]})
    (root / "params.yaml").write_text(json.dumps(content))
    run_stages(root, "ingest", "validate", "split")
    raw = pd.read_parquet(root / "data/raw/table.parquet")
    assert raw[BATCH].value_counts().to_dict() == {"": 24, "june": 24}
    assert len(set(raw["pixels"].map(len))) == 1  # of one size, whatever they came in
    ingest = parse(content).ingest
    before = source_sha256(ingest, root)
    (root / "data/source/june/ant/june-0.png").rename(root / "data/source/june/ant/june-12.png")
    assert source_sha256(ingest, root) != before


def test_a_picture_of_a_batch_is_shown_from_its_own_file(tmp_path: Path) -> None:
    root, draw = repository(tmp_path / "repo", params()), np.random.default_rng(0)
    for folder, shape in (("pictures", (16, 16)), ("june", (24, 18))):
        for label in ("ant", "bee"):
            (root / "data/source" / folder / label).mkdir(parents=True)
            for count in range(30):
                pixels = draw.integers(0, 255, shape).astype(np.uint8)
                Image.fromarray(pixels).save(root / "data/source" / folder / label / f"{folder}-{count}.png")
    ingest = {"source": "data/source/pictures", "id": None, "true_label": None, "batches": ["data/source/june"]}
    content = params(ingest=ingest | {"image_size": 8})
    (root / "params.yaml").write_text(json.dumps(content))
    run_stages(root, "ingest", "validate", "split", "audit")
    session = open_session("train", reviewer="Ann", root=root)
    later = next(id for id in pd.read_parquet(root / "data/split/train.parquet")[ID] if "june" in id)
    drawn = Image.open(io.BytesIO(base64.b64decode(session.show(later).image.partition(",")[2])))
    assert drawn.size == (18, 24)


def test_rows_of_a_batch_belong_to_the_groups_of_the_source(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", params(ingest={"group": "site", "batches": [LATER]}))
    old, new = table(180), later(60)
    old.assign(site=[f"s{row % 12}" for row in range(180)]).to_csv(root / "data/source/mine.csv", index=False)
    new.to_csv(root / LATER, index=False)
    with pytest.raises(BadInputError, match=r"later\.csv has no column 'site'.*ingest\.group"):
        run_stages(root, "ingest")
    new.assign(site=[f"s{row % 15}" for row in range(60)]).to_csv(root / LATER, index=False)
    run_stages(root, "ingest", "validate", "split")
    parts = {part: pd.read_parquet(root / f"data/split/{part}.parquet") for part in ("train", "validation")}
    assert all(set(rows[BATCH]) == {"", "later"} for rows in parts.values())
    assert not set(parts["train"][GROUP]) & set(parts["validation"][GROUP])


def test_another_batch_is_another_source(tmp_path: Path) -> None:
    root = with_batch(tmp_path / "repo", later())
    ingest = Ingest(source="data/source/mine.csv", id="id", true_label="truth", batches=(LATER,))
    before = source_sha256(ingest, root)
    later(61).to_csv(root / LATER, index=False)
    assert source_sha256(ingest, root) != before


def test_planted_errors_and_parts_of_old_rows_are_the_same_with_a_batch_and_without(tmp_path: Path) -> None:
    plant = {"plant": {"kind": "confusable", "rate": 0.2}, "true_label": None, "drop": ["truth"]}
    found = {}
    for name, batches in (("with", [LATER]), ("without", None)):
        root = repository(tmp_path / name, params(ingest={"batches": batches, **plant}))
        later().to_csv(root / LATER, index=False)
        run_stages(root, "ingest", "validate", "split")
        parts = {part: pd.read_parquet(root / f"data/split/{part}.parquet") for part in PARTS}
        found[name] = pd.concat([rows.assign(part=part) for part, rows in parts.items()]).set_index(ID).sort_index()
    new = found["with"][found["with"][BATCH] == "later"]
    old = found["with"].drop(new.index)
    assert old[[LABEL, "part"]].equals(found["without"][[LABEL, "part"]])
    assert new[LABEL].to_dict() == later().set_index("id")["label"].to_dict()  # nothing is planted in a batch


def evidence_with_batches() -> Evidence:
    return evidence(batches=np.array(["", "", "late", "later"] * 3, dtype=object))


def test_a_version_without_a_batch_lacks_its_rows_alone() -> None:
    version = make("before", (Step(step="leave_out", batches=("later",)),), evidence_with_batches())
    assert np.flatnonzero(~version.kept[0]).tolist() == [3, 7, 11]
    assert version.note == "without the 3 train rows of 'later'"
    assert set(version.patch["action"]) == {"drop"}


def test_a_batch_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParamsError, match="Did you mean 'later'"):
        make("before", (Step(step="leave_out", batches=("laterr",)),), evidence_with_batches())


def test_a_step_that_leaves_out_needs_the_names_and_no_other_takes_them() -> None:
    with pytest.raises(ParamsError, match="needs `batches`"):
        parse(params(fix={"recipes": {"given": None, "before": [{"step": "leave_out"}]}}))
    with pytest.raises(ParamsError, match="takes no `batches`"):
        parse(params(fix={"recipes": {"given": None, "before": [{"step": "drop_flagged", "batches": ["a"]}]}}))


def test_a_batch_from_elsewhere_helps_its_own_rows_and_the_old_ones_are_told_apart(made: Path) -> None:
    found = read_table(made / "results/compare/batches.csv", text=("verdict", "reason")).set_index("rows")
    assert found.loc["new", "verdict"] == "helps" and found.loc["new", "difference"] > 0.1
    assert abs(found.loc["old", "difference"]) < found.loc["new", "difference"]
    validation = read_parquet(made / "data/split/validation.parquet")
    assert found.loc["new", "n_rows"] == (validation[BATCH] == "later").sum()
    assert found.loc["old", "n_rows"] == (validation[BATCH] == "").sum()


def test_the_two_halves_make_the_whole_effect(made: Path) -> None:
    found = read_table(made / "results/compare/batches.csv", text=("verdict", "reason"))
    effects = read_table(made / "results/compare/effects.csv", text=("verdict", "reason", "control"))
    whole = effects[effects["planned"] & (effects["metric"] == "accuracy") & (effects["scored_on"] == "true")]
    assert np.isclose(np.average(found["difference"], weights=found["n_rows"]), whole["difference"].item(), atol=1e-5)
