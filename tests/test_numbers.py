"""Labels that are numbers, from `ceteris init` to the report: errors planted are found, fixed and rewarded."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from checkout import checkout, run, surroundings
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from small import REPOSITORY, STAGES, by_hand, edit, run_stages

import ceteris
from ceteris.editing import edits
from ceteris.errors import BadInputError, CeterisError, ParamsError, StaleEditError
from ceteris.experiments.snapshot import Judging
from ceteris.fixing.noise import plant
from ceteris.fixing.recipes import make_all
from ceteris.fixing.versions import Evidence
from ceteris.issues.table import COLUMNS, find_number_issues
from ceteris.measuring.asking import questions_about, queue_names
from ceteris.measuring.disagreement import NOT_ANSWERED
from ceteris.measuring.verified import came_verified
from ceteris.metrics import NUMBERS, metrics_of
from ceteris.params import parse
from ceteris.reviewing.typed import typed as reads
from ceteris.sections import Plant, Step
from ceteris.store import parse_yaml
from ceteris.tables.labels import is_known, number_text, typed
from ceteris.training.predicted_numbers import assign_folds, out_of_fold_numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_has_one_spelling_which_reads_back_as_the_same_number(number: float) -> None:
    text = number_text(repr(number))
    assert text is not None
    assert float(text) == number
    assert number_text(text) == text
    assert is_known(text, ())


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("1", "1"), ("1.0", "1"), (" +1e0 ", "1"), ("-0.0", "0"), (".5", "0.5"), ("1e400", None), ("nan", None), ("1,5", None),
     ("0x10", None), ("", None), ("1_000", None)],
)  # fmt: skip
def test_spellings_of_one_number_are_one_label_and_other_texts_are_none(text: str, spelled: str | None) -> None:
    assert number_text(text) == spelled


def test_labels_that_are_no_numbers_are_refused_with_each_of_them() -> None:
    with pytest.raises(BadInputError, match="'income' is declared number, and holds 'high', '1,5'"):
        typed(np.array(["1", "high", None, "1,5"], dtype=object), "number", "income")


def test_planted_errors_give_a_row_what_another_row_holds() -> None:
    labels = np.array([str(value) for value in range(40)], dtype=object)
    given_labels = plant(labels, pd.DataFrame(index=range(40)), Plant(kind="uniform", rate=0.25, seed=3), numbers=True)
    assert (given_labels != labels).sum() == 10
    assert set(given_labels) <= set(labels)
    again = plant(labels, pd.DataFrame(index=range(40)), Plant(kind="uniform", rate=0.25, seed=3), numbers=True)
    assert (again == given_labels).all()


def world(n_rows: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, true numbers, and the numbers as given: every tenth far off."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n_rows, 3))
    true = features @ np.array([3.0, 1.0, 0.0]) + 0.1 * rng.normal(size=n_rows)
    return features, true, np.where(np.arange(n_rows) % 10 == 0, true + 8, true)


def test_rows_far_from_what_was_predicted_without_them_are_doubted_first() -> None:
    features, _, numbers = world()
    predicted = out_of_fold_numbers(Ridge(), features, numbers)
    labels = np.array([number_text(repr(float(value))) for value in numbers], dtype=object)
    issues = find_number_issues(np.arange(200).astype(str).astype(object), labels, predicted)
    assert tuple(issues.columns) == COLUMNS
    wrong = np.arange(200) % 10 == 0
    assert issues["label_quality"].between(0, 1).all()
    assert set(issues["label_quality"].nsmallest(20).index) == set(np.flatnonzero(wrong))
    flagged = issues["is_label_issue"].to_numpy()
    assert flagged[wrong].mean() > 0.8
    assert flagged[~wrong].mean() < 0.05


def test_another_unit_doubts_the_same_rows() -> None:
    features, _, numbers = world()
    predicted = out_of_fold_numbers(Ridge(), features, numbers)
    found = [
        find_number_issues(np.arange(200).astype(str), (unit * numbers).astype(str), unit * predicted) for unit in (1.0, 1000.0)
    ]
    assert (found[0]["is_label_issue"] == found[1]["is_label_issue"]).all()
    assert np.allclose(found[0]["label_quality"], found[1]["label_quality"])


def test_no_row_is_judged_by_a_model_that_saw_it() -> None:
    class Memory(DummyRegressor):
        def fit(self, X, y, sample_weight=None):
            self.seen_ = {float(value) for value in np.asarray(X)[:, 0]}
            return super().fit(X, y)

        def predict(self, X, return_std=False):
            assert not self.seen_ & {float(value) for value in np.asarray(X)[:, 0]}
            return super().predict(X)

    features, _, numbers = world()
    assert out_of_fold_numbers(Memory(), features, numbers, repeats=2).shape == (200,)


def test_no_fold_cuts_a_group_and_too_few_groups_are_refused() -> None:
    groups = np.repeat(np.arange(20), 5)
    folds = assign_folds(100, 5, 0, groups)
    assert all(len(set(folds[groups == group])) == 1 for group in range(20))
    with pytest.raises(ParamsError, match="there are 20 groups"):
        assign_folds(100, 21, 0, groups)


@pytest.mark.parametrize("bad", [np.array([1.0, np.nan]), np.array([[1.0], [2.0]]), np.array(["1", "2"])])
def test_a_model_that_predicts_no_numbers_is_refused_by_name(bad: np.ndarray) -> None:
    class Odd(Ridge):
        def predict(self, X):
            return np.resize(bad, (len(X), *bad.shape[1:]))

    with pytest.raises(BadInputError, match="The audit model predicted"):
        out_of_fold_numbers(Odd(), np.ones((10, 1)), np.arange(10.0))


def test_a_control_drops_as_many_rows_of_each_tenth_of_the_labels() -> None:
    values = np.arange(100.0)
    labels = np.array([number_text(repr(float(value))) for value in values], dtype=object)
    flagged = values >= 95
    evidence = Evidence(
        ids=labels, labels=labels, classes=(), queue=np.arange(100), flagged=flagged, suggested=labels,
        decisions=pd.DataFrame(columns=[*edits.COLUMNS, "where"], dtype=object), draws=20,
    )  # fmt: skip
    made = make_all({"given": (), "pruned": (Step(step="drop_flagged"),)}, evidence)
    dropped = ~made["placebo-pruned"].kept
    assert (dropped.sum(axis=1) == 5).all()
    assert not dropped[:, :90].any()
    assert dropped.any(axis=0)[90:].all(), "the draws vary within the tenth"


def line(**cells: str) -> pd.DataFrame:
    cells = {"id": "a", "action": "relabel", "given_label": "1", "new_label": "2.5", "reviewer": "ada", "where": "f:2"} | cells
    return pd.DataFrame([dict.fromkeys(edits.COLUMNS, "") | cells], dtype=object)


def test_an_edit_may_say_any_number_in_its_one_spelling() -> None:
    ids, labels = np.array(["a", "b"], dtype=object), np.array(["1", "2"], dtype=object)
    assert list(edits.apply(ids, labels, line(), ()).labels) == ["2.5", "2"]
    for text in ("2.50", "two", "nan", "1e400"):
        with pytest.raises(StaleEditError, match="is no number in its plain spelling"):
            edits.apply(ids, labels, line(new_label=text), ())


def params(*changes: tuple[str, str]) -> object:
    text = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    for before, after in (("metric: accuracy ", "metric: mae "), ("label_type: text ", "label_type: number "), *changes):
        assert before in text
        text = text.replace(before, after)
    return parse_yaml(text, "params.yaml")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ((("metric: mae ", "metric: accuracy "),), "'accuracy' is of classes, and with ingest.label_type 'number'"),
        ((("label_type: number ", "label_type: text "),), "choose among accuracy, balanced_accuracy, macro_f1"),
        ((), "ingest.plant.kind: confusable"),
        ((("kind: confusable ", "kind: uniform "), ("flips: 0.0 ", "flips: 0.1 ")), "review.flips is for labels"),
        ((("kind: confusable ", "kind: uniform "), ("- step: apply_edits", "- step: consensus")), "the recipe step consensus"),
        ((("kind: confusable ", "kind: uniform "), ("normalise: none ", "normalise: labels ")), "ingest.normalise: labels"),
    ],
)  # fmt: skip
def test_what_takes_classes_is_refused_where_labels_are_numbers(changes: tuple[tuple[str, str], ...], said: str) -> None:
    with pytest.raises(ParamsError) as refusal:
        parse(params(*changes))
    assert said in str(refusal.value)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real rows (442 patients), 15 % of the labels those of another row, run to the report."""
    root = tmp_path_factory.mktemp("numbers")
    features, numbers = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    file = root / "diabetes.csv"
    features.assign(progression=numbers).to_csv(file, index=False)
    here = checkout(root / "repository")
    run(here, "ceteris", "init", str(file), "--label", "progression", "--label-type", "number", "--plant", "0.15")
    text = (here / "params.yaml").read_text(encoding="utf-8")
    for before, after in {"seeds: 10 ": "seeds: 5 ", "n_estimators: 100": "n_estimators: 10"}.items():
        assert before in text
        text = text.replace(before, after)
    (here / "params.yaml").write_text(text, encoding="utf-8")
    run_stages(here, *STAGES)
    return here


def test_the_pipeline_measures_what_true_numbers_are_worth(repository: Path) -> None:
    bench = ceteris.open(repository)
    effects = bench.effects()
    assert set(effects["metric"]) == set(metrics_of(NUMBERS))
    assert set(effects["scored_on"]) == {"given", "true"}
    assert (effects["n_discordant"] == "").all()
    best = effects.query("candidate_version == 'true' and baseline_version == 'given' and scored_on == 'true'")
    assert (best["difference"] > 0).all(), best.to_string()
    same = effects.query("candidate_version == 'aa' and baseline_model == 'forest'")
    assert ((same["low"] < 0) & (same["high"] > 0)).all()
    ridge = bench.model("ridge").fit(*bench.training("given"))
    features, true = bench.validation("true")
    by_hand = mean_absolute_error(true, ridge.predict(features))
    assert bench.grid("mae", "true").loc["ridge", "given"] == pytest.approx(by_hand)


def test_what_is_planted_is_doubted_more_than_what_is_not(repository: Path) -> None:
    bench = ceteris.open(repository)
    given_labels, truth = bench.training("given")[1], bench.training("true")[1]
    issues = bench.issues().set_index("id")["label_quality"]
    wrong = given_labels != truth.loc[given_labels.index]
    assert issues[wrong[wrong].index].median() < issues[wrong[~wrong].index].median()


def test_the_report_and_the_summary_speak_of_errors_in_the_unit_of_the_labels(repository: Path) -> None:
    told = run(repository, "ceteris", "summary").stdout
    assert "mean absolute error" in told
    assert "positive: lower mean absolute error" in told
    assert " pp" not in told
    page = (repository / "reports" / "report.html").read_text(encoding="utf-8")
    assert "Given and predicted numbers" in page
    assert "Confused labels" not in page


def test_of_numbers_no_contrast_is_a_queue_and_what_came_verified_is_no_answer(repository: Path) -> None:
    assert queue_names(repository) == []
    with pytest.raises(BadInputError, match="no few rows decide between them"):
        questions_about(repository, "ridge.given.true")
    ids = np.array(["a", "b"], dtype=object)
    came = came_verified(pd.Series(["1.5", None], index=ids, dtype=object), ids, ())
    assert came.tolist() == [NOT_ANSWERED, NOT_ANSWERED]
    digests, labels = np.array([b"one", b"other"], dtype=object), np.array(["1.5", "2"], dtype=object)
    judging = Judging(ids, digests, {"given": labels}, None, (), came, came)
    assert judging.said.tolist() == ["", ""]
    assert judging.digest != replace(judging, labels={"given": np.array(["1.5", "3"], dtype=object)}).digest


@pytest.mark.parametrize("name", ["01-same-data-other-models", "02-same-model-other-data", "03-review-labels"])
def test_the_notebooks_run_as_published(repository: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(repository / "src"))
    notebook = nbformat.read(REPOSITORY / "notebooks" / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(repository / "notebooks")}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]


def test_a_classifier_is_refused_before_anything_is_fitted(repository: Path) -> None:
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    try:
        (repository / "params.yaml").write_text(
            text.replace("sklearn.linear_model.Ridge", "sklearn.linear_model.LogisticRegression").replace("alpha:", "C:"),
            encoding="utf-8",
        )
        with pytest.raises(
            (CeterisError, AssertionError), match="LogisticRegression is no regressor: its tag says 'classifier'"
        ):
            run_stages(repository, "audit")
    finally:
        (repository / "params.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "said"),
    [("120.5", ("relabel", "120.5")), (" 1e2 ", ("relabel", "100")), ("-3", ("relabel", "-3")), ("", ("confirm", "")),
     ("-", ("drop", "")), ("?", ("unsure", "")), ("high", ("", ""))],
)  # fmt: skip
def test_a_reviewer_types_a_number_in_any_spelling_and_signs_stay_signs(line: str, said: tuple[str, str]) -> None:
    meant = reads(line, (), judging=False)
    assert (meant.action, meant.label) == said
    assert ("is no number" in meant.why) == (line == "high")


def test_a_person_reviews_numbers_by_terminal_and_by_file_and_the_answers_reach_a_version(repository: Path) -> None:
    def answers() -> pd.DataFrame:
        return ceteris.open(repository).edits()

    try:
        first = ["120.50", "high", "", "-", "?", "q"]
        typed_in = subprocess.run(
            ["ceteris", "review", "--reviewer", "ada"], cwd=repository, input="\n".join(first) + "\n", text=True,
            capture_output=True, check=True, env=surroundings({}),
        )  # fmt: skip
        assert "'high' is no number" in typed_in.stdout
        assert sorted(answers()["action"]) == ["confirm", "drop", "relabel", "unsure"]
        assert "120.5" in set(answers()["new_label"])
        told = run(repository, "ceteris", "queue", "train").stdout
        assert "with the right label" in told
        queue = pd.read_csv(repository / "review-train.csv", dtype=str, keep_default_na=False)
        asked = queue["id"].tolist()[:2]
        queue.loc[:1, "label"] = ["99.0", "many"]
        queue.to_csv(repository / "review-train.csv", index=False)
        refused = run(repository, "ceteris", "edits", "import", "review-train.csv", "--reviewer", "bob", check=False)
        assert refused.returncode != 0
        assert f"{asked[1]!r}: 'many' is no number." in refused.stderr + refused.stdout
        queue.loc[1, "label"] = "unsure"
        queue.to_csv(repository / "review-train.csv", index=False)
        run(repository, "ceteris", "edits", "import", "review-train.csv", "--reviewer", "bob")
        assert {"99", ""} <= set(answers().query("reviewer == 'bob'")["new_label"])
        run_stages(repository, "fix")
        labels = ceteris.open(repository).training("reviewed")[1]
        assert labels[asked[0]] == 99.0
        assert 120.5 in set(labels)
    finally:
        for file in (repository / "data" / "edits").glob("*.csv"):
            file.unlink()
        run_stages(repository, "fix")


def test_answers_about_judging_rows_are_said_to_verify_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = ceteris.open(repository)
    before, judged = bench.effects(), bench.validation("given")[1]
    try:
        line = edit(str(judged.index[0]), given=f"{judged.iloc[0]:g}", new="1", source="random")
        by_hand(repository / "data/edits/ann-1.csv", line)
        run_stages(repository, "compare")
        assert "1 answer is about validation rows, and can verify nothing: where labels are numbers" in capsys.readouterr().err
        pd.testing.assert_frame_equal(ceteris.open(repository).effects(), before)
    finally:
        (repository / "data/edits/ann-1.csv").unlink(missing_ok=True)


def test_no_queue_is_made_of_a_contrast_whose_arms_differ_on_every_row(repository: Path) -> None:
    refused = run(repository, "ceteris", "queue", "given.ridge.forest", check=False)
    assert refused.returncode != 0
    assert "Labels are numbers" in refused.stderr
    assert " pp" not in run(repository, "ceteris", "plan").stdout


def test_a_kind_of_fix_is_replayed_on_numbers(repository: Path) -> None:
    told = run(repository, "ceteris", "replay", "reviewed-simulated", "--splits", "5").stdout
    assert "5 re-splits" in told
    assert " mae [" in told


def test_a_candidate_is_accepted_or_not_on_the_sealed_numbers(repository: Path) -> None:
    told = run(repository, "ceteris", "accept", "ridge/true", "--baseline", "ridge/given", "--because", "a trial").stdout
    assert "mean absolute error by" in told
    assert "look 1 at the test part" in told
