"""People who labelled the same rows are told apart, and what their votes are worth is measured as every fix is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import checkout, run
from sklearn.metrics import cohen_kappa_score
from small import CLASSES, REPOSITORY, STAGES, evidence, repository, run_stages
from voters import PEOPLE, declared, in_lines, voted

import ceteris
from ceteris.dataset import ID, LABEL, TRUE_LABEL, VOTES
from ceteris.editing.annotators import agreement, people_table
from ceteris.errors import BadInputError, ParamsError
from ceteris.fixing.recipes import make, make_all
from ceteris.issues.crowd import crowd
from ceteris.issues.table import find_label_issues, with_votes
from ceteris.params import parse
from ceteris.sections import Step
from ceteris.store import parse_yaml, read_json, read_params, read_parquet, read_table
from ceteris.tables.votes import Votes, unpacked

NAN = np.nan
# Krippendorff (2011), section C: twelve units and four observers, values a to e; alpha is 0.743.
PUBLISHED = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]).T - 1  # fmt: skip


def test_alpha_is_that_of_the_published_example() -> None:
    found = agreement(PUBLISHED, 5)
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert found.n_rows == 11
    assert found.low < found.alpha < found.high <= 1


def test_the_interval_is_that_of_a_bootstrap_over_rows() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 300)[:, None]
    votes = np.where(rng.random((300, 4)) < 0.8, true, rng.integers(0, 3, (300, 4))).astype(float)
    votes[rng.random(votes.shape) < 0.3] = NAN
    found = agreement(votes, 3)
    drawn = [agreement(votes[rng.integers(0, 300, 300)], 3).alpha for _ in range(1000)]
    np.testing.assert_allclose([found.low, found.high], np.quantile(drawn, [0.025, 0.975]), atol=0.012)


def test_rows_of_one_group_are_one_unit_of_the_interval() -> None:
    votes = np.repeat(np.random.default_rng(1).integers(0, 2, (40, 3)).astype(float), 5, axis=0)
    wide, narrow = agreement(votes, 2, groups=np.repeat(np.arange(40), 5)), agreement(votes, 2)
    assert wide.alpha == narrow.alpha
    assert (wide.high - wide.low) > 1.8 * (narrow.high - narrow.low)


def test_people_who_never_contradict_each_other_are_not_sure_to_agree_for_ever() -> None:
    few, many = (agreement(np.repeat(np.arange(n)[:, None] % 3, 2, axis=1).astype(float), 3) for n in (12, 1200))
    assert few.alpha == many.alpha == few.high == 1.0
    assert few.low < 0.75 < 0.99 < many.low


def test_where_nobody_shares_a_row_agreement_is_not_known() -> None:
    apart = np.array([[0.0, NAN], [1.0, NAN], [NAN, 0.0], [NAN, 1.0]])
    found = agreement(apart, 2)
    assert np.isnan([found.alpha, found.low, found.high]).all()
    assert "not known" in str(found)
    probs = np.full((4, 2), 0.5)
    table = people_table(apart, ["ann", "bob"], crowd(apart, probs).agreed, crowd(apart, probs).quality, CLASSES[:2])
    assert table[["agreement", "kappa", "quality"]].isna().all().all()
    assert table["rows"].tolist() == [2, 2] and table["shared"].tolist() == [0, 0]


def test_the_mean_kappa_of_a_person_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    votes = rng.integers(0, 3, (60, 4)).astype(float)
    votes[:, 1] = np.where(rng.random(60) < 0.7, votes[:, 0], votes[:, 1])
    votes[rng.random(votes.shape) < 0.2] = NAN
    people = ["a", "b", "c", "d"]
    table = people_table(votes, people, np.zeros(60, dtype=int), np.zeros(4), CLASSES).set_index("annotator")
    for place, person in enumerate(people):
        kappas = []
        for other in set(range(4)) - {place}:
            both = ~np.isnan(votes[:, [place, other]]).any(axis=1)
            kappas.append(cohen_kappa_score(votes[both, place], votes[both, other]))
        assert table.loc[person, "kappa"] == pytest.approx(np.mean(kappas))


def test_the_score_of_a_row_of_several_is_that_of_all_votes_and_of_one_person_that_of_the_model() -> None:
    ids = np.array([f"r{row:02d}" for row in range(30)], dtype=object)
    true = np.arange(30) % 3
    given = true.copy()
    given[0] = 1  # two of three people say otherwise
    probs = np.full((30, 3), 0.2)
    probs[np.arange(30), true] = 0.6
    votes = np.repeat(true[:, None], 3, axis=1).astype(float)
    votes[0, 0] = 1
    votes[20:, 1:] = NAN
    labels = np.asarray(CLASSES, dtype=object)[given]
    alone = find_label_issues(ids, labels, probs, CLASSES)
    found, said = with_votes(alone, votes, probs, CLASSES)
    assert found["is_label_issue"].tolist() == [True] + [False] * 29
    assert found.loc[0, "suggested_label"] == "ant" and found.loc[0, "issue_type"] == "votes"
    assert found["label_quality"][:20].tolist() == pytest.approx(said.posterior[np.arange(20), given[:20]].tolist())
    assert (found["label_quality"][20:] == alone["label_quality"][20:]).all()
    assert (found["model_quality"] == alone["label_quality"]).all()
    assert found["label_quality"][0] < found["label_quality"][1:20].min()


def votes_of(*lines: tuple[int, str, str]) -> Votes:
    rows, people, labels = zip(*lines, strict=True)
    return Votes(np.array(rows), np.array(people, dtype=object), np.array(labels, dtype=object))


def test_a_recipe_that_leaves_a_person_out_drops_the_rows_that_nobody_else_answered() -> None:
    found = votes_of((0, "bob", "cow"), (1, "ann", "cow"), (1, "bob", "ant"), (2, "ann", "cow"))
    made = make("without", (Step(step="take_votes", rule="majority", without=("bob",)),),
                evidence(votes=found, pred_probs=np.full((12, 3), 1 / 3)))  # fmt: skip
    assert made.kept[0].tolist() == [False] + [True] * 11
    assert made.labels[0][:3].tolist() == ["ant", "cow", "cow"]
    assert made.patch["action"].tolist() == ["relabel", "drop"]
    assert "without 'bob'" in made.note


def test_the_control_of_votes_drops_and_relabels_as_many_rows_from_each_class_to_each() -> None:
    found = votes_of((0, "bob", "cow"), (3, "ann", "bee"), (6, "ann", "bee"), (1, "ann", "cow"))
    steps = {"given": (), "voted": (Step(step="take_votes", rule="majority", without=("bob",)),)}
    given = evidence(60, votes=found, pred_probs=np.full((60, 3), 1 / 3), draws=20)
    versions = make_all(steps, given)
    version, control = versions["voted"], versions["placebo-voted"]

    def flows(labels: np.ndarray, kept: np.ndarray) -> dict[tuple[Any, ...], int]:
        return pd.Series(zip(given.labels, labels, kept, strict=True)).value_counts().to_dict()

    aim = flows(version.labels[0], version.kept[0])
    assert aim["ant", "bee", True] == 2 and aim["bee", "cow", True] == 1 and aim["ant", "ant", False] == 1
    assert all(flows(labels, kept) == aim for labels, kept in zip(control.labels, control.kept, strict=True))
    touched = [(labels != given.labels) | ~kept for labels, kept in zip(control.labels, control.kept, strict=True)]
    assert len({tuple(np.flatnonzero(rows)) for rows in touched}) > 10
    assert control.redrawn and control.control


def test_a_recipe_that_leaves_out_a_stranger_or_everybody_is_refused() -> None:
    found = evidence(votes=votes_of((0, "ann", "ant"), (1, "bob", "bee")), pred_probs=np.full((12, 3), 1 / 3))
    for left_out, said in ((("anne",), "Did you mean 'ann'"), (("ann", "bob"), "leaves out everybody")):
        with pytest.raises(ParamsError, match=said):
            make("v", (Step(step="take_votes", rule="crowdlab", without=left_out),), found)
    with pytest.raises(ParamsError, match="there are none here"):
        make("v", (Step(step="take_votes", rule="crowdlab"),), evidence())


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pipeline run on rows that five people labelled."""
    root = checkout(tmp_path_factory.mktemp("voted"))
    voted().to_csv(root / "data/source/mine.csv", index=False)
    content = parse_yaml((root / "params.yaml").read_text(encoding="utf-8"), "params.yaml")
    for section, values in declared(plant={"kind": "none"}).items():
        content[section] |= values
    (root / "params.yaml").write_text(json.dumps(content, indent=1), encoding="utf-8")
    run_stages(root, *STAGES)
    return root


def test_the_careless_and_the_adversary_are_told_from_the_expert(measured: Path) -> None:
    told = read_table(measured / "results/audit/annotators.csv", text=("annotator", "least_on"))
    order = told["annotator"].tolist()
    assert order[:2] == ["adversary", "careless"] and order[-1] == "expert"
    assert told.sort_values("quality")["annotator"].tolist()[-1] == "expert"
    kappa = told.set_index("annotator")["kappa"]
    assert kappa["adversary"] < 0 < kappa["expert"] and abs(kappa["careless"]) < 0.1
    summary = read_json(measured / "results/audit/summary.json")
    assert summary["annotators"] == 5 and summary["alpha_low"] < summary["alpha"] < summary["alpha_high"]


def test_crowdlab_comes_nearer_to_the_truth_than_the_majority_and_its_effect_is_measured_with_its_control(
    measured: Path,
) -> None:
    truth = voted().set_index("id")["truth"]
    labels = {name: read_parquet(measured / f"data/versions/{name}.parquet").set_index("id")["label"]
              for name in ("given", "crowdlab", "without")}  # fmt: skip
    right = {name: (found == truth.reindex(found.index)).mean() for name, found in labels.items()}
    assert right["crowdlab"] > right["given"] + 0.05 and right["without"] > right["given"] + 0.05
    effects = ceteris.open(measured).effects(planned=True)
    effects = effects[(effects["metric"] == "accuracy") & (effects["scored_on"] == "given")].set_index("candidate_version")
    assert effects.loc["crowdlab", "control"] == "placebo-crowdlab"
    assert effects.loc[["crowdlab", "without"], "net"].notna().all()


def test_the_agreement_of_the_audit_model_with_the_given_labels_is_the_models_own_and_not_that_of_people(
    measured: Path,
) -> None:
    found = read_parquet(measured / "data/audit/pred_probs.parquet").set_index(ID)
    given = read_parquet(measured / "data/split/train.parquet").set_index(ID)[LABEL].reindex(found.index)
    said = json.loads((measured / "results/audit/summary.json").read_text(encoding="utf-8"))["out_of_fold_agreement"]
    assert said == pytest.approx((found.idxmax(axis=1).str.removeprefix("p:") == given).mean(), abs=1e-6)


def test_no_vote_is_a_feature_none_of_a_judging_row_is_read_by_a_fix_and_majorities_of_three_judge(measured: Path) -> None:
    assert set(ceteris.open(measured).train_rows().columns) == {"x", "y"}
    validation = read_parquet(measured / "data/split/validation.parquet")
    truth = read_parquet(measured / "data/split/truth-validation.parquet").set_index(ID)[TRUE_LABEL]
    counts = pd.Series([len(json.loads(text)) for text in validation[VOTES]], index=validation[ID])
    votes = unpacked(validation[VOTES].to_numpy(dtype=object))
    for id in truth.index:
        said = pd.Series(votes.labels[validation[ID].to_numpy()[votes.rows] == id]).value_counts()
        assert counts[id] >= 3 and 2 * said.iloc[0] > counts[id] and said.index[0] == truth[id]
    assert 0 < len(truth) < len(validation)
    assert read_parquet(measured / "data/split/truth-train.parquet").empty  # where a recipe takes votes, not the truth
    patches = {path.name: path.read_text(encoding="utf-8") for path in (measured / "data/versions").glob("*.patch.csv")}
    assert not any(f"{id}," in text for id in validation[ID] for text in patches.values())


def test_a_contrast_may_be_scored_on_majorities_where_its_arms_differ(measured: Path) -> None:
    effects = ceteris.open(measured).effects()
    assert "verified (disagreements)" in set(effects["scored_on"])
    assert effects.loc[effects["scored_on"] == "verified (disagreements)", "reason"].str.contains("came with the data").any()


def test_the_report_tells_of_each_person(measured: Path) -> None:
    page = (measured / "reports/report.html").read_text(encoding="utf-8")
    assert "People who labelled" in page and all(person in page for person in PEOPLE)
    assert "counts as verified" in page


def test_votes_in_lines_say_the_same_as_in_columns(tmp_path: Path) -> None:
    frame, stages = voted(200), ("ingest", "validate", "split", "audit", "fix")
    wide = repository(tmp_path / "wide", declared(), frame)
    plain = declared(annotators=None, votes="data/source/votes.csv")
    long = repository(tmp_path / "long", plain, frame.drop(columns=list(PEOPLE)))
    in_lines(frame).to_csv(long / "data/source/votes.csv", index=False)
    for root in (wide, long):
        run_stages(root, *stages)
    for name in ("split/train", "split/truth-validation", "versions/crowdlab", "versions/without", "audit/issues"):
        pd.testing.assert_frame_equal(*(read_parquet(root / f"data/{name}.parquet") for root in (wide, long)))


def test_one_persons_label_may_be_the_given_one(tmp_path: Path) -> None:
    frame = voted(200)
    root = repository(tmp_path / "r", declared(given="ann"), frame)
    run_stages(root, "ingest")
    rows = read_parquet(root / "data/raw/table.parquet").set_index(ID)[LABEL]
    told = frame.set_index("id")["ann"].dropna()
    assert rows.sort_index().to_dict() == told.sort_index().to_dict()


def test_init_declares_people_by_columns_and_by_a_file_and_plans_what_their_votes_are_worth(tmp_path: Path) -> None:
    frame = voted(200)
    frame.to_csv(tmp_path / "wide.csv", index=False)
    frame.drop(columns=list(PEOPLE)).to_csv(tmp_path / "rows.csv", index=False)
    in_lines(frame).to_csv(tmp_path / "votes.csv", index=False)
    people = [word for person in PEOPLE for word in ("--annotator", person)]
    asked = ("--id", "id", "--drop", "truth", "--unlabelled", "drop", "--given", "majority")
    root = checkout(tmp_path / "repository")
    for file, more in (("wide.csv", people), ("rows.csv", ["--votes", str(tmp_path / "votes.csv")])):
        told = run(root, "ceteris", "init", str(tmp_path / file), *asked, *more).stdout
        assert "3 classes in 'majority'" in told
        assert "scored on labels that most of three or more people gave, where they decide, else on given labels" in told
        params = read_params(root)
        assert params.ingest.voted and params.ingest.label is None
        assert params.compare.planned[0].candidate == "crowdlab"
        run_stages(root, "ingest", "validate", "split", "audit", "fix")
        assert set(ceteris.open(root).train_rows().columns) == {"x", "y"}
    assert (root / "data/source/votes.csv").is_file()
    told = run(root, "ceteris", "init", str(tmp_path / "wide.csv"), "--id", "id", check=False)
    assert told.returncode and "--annotator COLUMN for each" in told.stderr + told.stdout
    run(root, "ceteris", "init", str(tmp_path / "wide.csv"), "--id", "id", "--label", "truth")
    assert not read_params(root).ingest.voted  # what suited another file is not carried over


def test_the_page_on_people_shows_params_that_hold() -> None:
    page = (REPOSITORY / "docs/annotators.md").read_text(encoding="utf-8")
    shown = [parse_yaml(text.partition("```")[0], "page") for text in page.split("```yaml\n")[1:]]
    assert [list(one) for one in shown] == [["ingest"], ["ingest"], ["fix"]]
    content = declared()
    for ingest in shown[:2]:
        assert parse(
            content
            | {"ingest": ingest["ingest"]}
            | shown[2]
            | {
                "compare": content["compare"]
                | {"planned": [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "without-cid"}]}
            }
        ).ingest.voted


def refused(root: Path, content: dict[str, Any], frame: pd.DataFrame, lines: pd.DataFrame | None = None) -> str:
    made = repository(root, content, frame)
    if lines is not None:
        lines.to_csv(made / "data/source/votes.csv", index=False)
    with pytest.raises((BadInputError, ParamsError)) as caught:
        run_stages(made, "ingest")
    assert not (made / "data/raw/table.parquet").exists()
    return str(caught.value)


COLUMNS = {
    "an annotator who answered nothing": (lambda frame: frame.assign(bob=None), {}, "'bob' answered nothing"),
    "a column that is not there": (lambda frame: frame.drop(columns="bob"), {}, "has no column 'bob'"),
    "a vote that is no class": (
        lambda frame: frame.assign(label=frame["truth"], bob=frame["bob"].replace("bee", "beee")),
        {"label": "label", "given": None},
        "the label 'beee', which is no class.*Did you mean 'bee'",
    ),
    "a row nobody answered": (
        lambda frame: frame.assign(**{person: frame[person].where(frame["id"] != "row-007") for person in PEOPLE}),
        {"unlabelled": "refuse"},
        "no label of anybody in .* 'row-007'",
    ),
    "a column that is a feature's, too": (lambda frame: frame, {"drop": ["truth", "ann"]}, "names the column 'ann' twice"),
    "an annotator named like the rule": (
        lambda frame: frame.rename(columns={"ann": "majority"}),
        {"annotators": ["majority" if person == "ann" else person for person in PEOPLE]},
        "An annotator is called 'majority'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COLUMNS)
def test_columns_of_votes_that_cannot_be_used_are_refused(case: str, tmp_path: Path) -> None:
    change, ingest, said = COLUMNS[case]
    assert pd.Series([refused(tmp_path / "r", declared(**ingest), change(voted(60)))]).str.contains(said, regex=True).all()


LINES = {
    "one annotator only": (lambda lines: lines.assign(annotator="ann").drop_duplicates("id"), "one person only, 'ann'"),
    "the same person twice": (
        lambda lines: pd.concat([lines, lines.head(1)]), "a row that the same person labelled before: 'adversary', 'row-000'"
    ),
    "a row that is not there": (lambda lines: lines.replace({"id": {"row-001": "row-x"}}), "the source has not: 'row-x'"),
    "a person without an answer": (
        lambda lines: pd.concat([lines, pd.DataFrame({"id": ["row-001"], "annotator": ["eve"], "label": [None]})]),
        "people who answered nothing: 'eve'",
    ),
    "a label without a name": (lambda lines: lines.assign(annotator=lines["annotator"].where(lines.index != 3)), "lines '4'"),
    "no column of labels": (lambda lines: lines.drop(columns="label"), "no column 'label'"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_lines_of_votes_that_cannot_be_used_are_refused(case: str, tmp_path: Path) -> None:
    change, said = LINES[case]
    frame = voted(60)
    told = refused(
        tmp_path / "r",
        declared(annotators=None, votes="data/source/votes.csv"),
        frame.drop(columns=list(PEOPLE)),
        change(in_lines(frame)),
    )
    assert said in told


DECLARED = {
    "one annotator only": ({"annotators": ["ann"], "given": "ann"}, "fewer than two columns"),
    "the same column twice": ({"annotators": ["ann", "bob", "ann"]}, "names 'ann' twice"),
    "two ways at once": ({"votes": "data/source/votes.csv"}, "are both set"),
    "no given label": ({"given": None}, "label and given are both null"),
    "two given labels": ({"label": "label"}, "comes from one of them"),
    "a given label of a stranger": ({"given": "eve"}, "write majority, or one of annotators"),
    "planted errors": ({"plant": {"kind": "uniform", "rate": 0.1}}, "their votes would tell the planted errors"),
}  # fmt: skip


@pytest.mark.parametrize("case", DECLARED)
def test_what_params_say_of_people_must_hold_together(case: str) -> None:
    ingest, said = DECLARED[case]
    with pytest.raises(ParamsError, match=said):
        parse(declared(**ingest))


def test_labels_that_are_numbers_have_no_annotators() -> None:
    content = declared(label_type="number")
    content["compare"]["metric"] = "mae"
    with pytest.raises(ParamsError, match=r"ingest\.annotators is for labels that are classes"):
        parse(content)


def test_votes_on_rows_that_are_left_out_for_want_of_a_label_are_no_votes_on_strangers(tmp_path: Path) -> None:
    frame = voted(60)
    lines = in_lines(frame)
    frame["label"] = frame["truth"].where(frame["id"] != "row-007")
    content = declared(annotators=None, votes="data/source/votes.csv", given=None, label="label")
    root = repository(tmp_path / "r", content, frame.drop(columns=list(PEOPLE)))
    lines.to_csv(root / "data/source/votes.csv", index=False)
    run_stages(root, "ingest")
    rows = read_parquet(root / "data/raw/table.parquet").set_index(ID)
    assert "row-007" not in rows.index and len(rows) == 59
    kept = lines.query("id != 'row-007'")
    assert len(unpacked(rows[VOTES].to_numpy(dtype=object))) == len(kept)


def test_a_recipe_cannot_take_votes_where_nobody_voted_nor_leave_out_who_is_none_of_them() -> None:
    content = declared()
    content["fix"]["recipes"]["without"][0]["without"] = ["adversery"]
    with pytest.raises(ParamsError, match="Did you mean 'adversary'"):
        parse(content)
    with pytest.raises(ParamsError, match=r"neither ingest\.annotators nor"):
        parse(declared(label="label", annotators=None, given=None))
