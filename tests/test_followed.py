"""The queue follows the ranking with the best evidence, and says from what; the command finds that evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import small
from checkout import run

import ceteris
from ceteris.detectors.followed import followed
from ceteris.detectors.kept import data_of
from ceteris.errors import IntegrityError, ParamsError
from ceteris.reviewing.queues import open_queue
from ceteris.store import read_params, read_table

OWN = """import numpy as np


def by_distance(features, given, pred_probs, seed):
    points = features[["x", "y"]].to_numpy()
    centres = np.stack([points[given == code].mean(axis=0) for code in range(pred_probs.shape[1])])
    return -np.linalg.norm(points - centres[given], axis=1)


def nothing(features, given, pred_probs, seed):
    return np.zeros(len(given))
"""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Return a repository in which `ceteris detectors` has run, and what it said on both streams."""
    root = tmp_path_factory.mktemp("tried")
    own = {"mine": "estimators/mine.py:by_distance", "idle": "estimators/mine.py:nothing"}
    small.repository(root, small.params(detectors={"draws": 4, "own": own}), small.table(300))
    (root / "estimators" / "mine.py").write_text(OWN, encoding="utf-8")
    small.run_stages(root, "ingest", "validate", "split", "audit")
    done = run(root, "ceteris", "detectors")
    return root, done.stdout, done.stderr


def chosen(root: Path, **changed: object) -> None:
    """Rewrite the choice."""
    path = root / "results/detectors/chosen.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "best": "data_oob", "chosen": "data_oob", "standing": "combined", "data": data_of(root, read_params(root)), "draws": 10,
        "rate": 0.1, "rows": 200, "worth": 0.1, "worth_low": 0.04, "worth_high": 0.16,
    }  # fmt: skip
    path.write_text(json.dumps(said | changed), encoding="utf-8")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = small.repository(tmp_path / "repo")
    small.run_stages(root, "ingest", "validate", "split", "audit")
    return root


def test_the_command_tries_every_detector_and_keeps_a_table_and_a_choice(tried: tuple[Path, str, str]) -> None:
    root, told, progress = tried
    table = read_table(root / "results/detectors/bakeoff.csv", ("detector", "remark"))
    assert {"data_oob", "ensemble", "repaired_joint", "combined", "mine", "idle"} <= set(table["detector"])
    assert "every row the same score" in table.set_index("detector")["remark"]["idle"]
    assert "idle is never chosen: idle gave every row the same score, 0." in told
    assert "The queue is ranked by" in told
    assert "errors are planted in" in progress
    assert "your own 'mine', 'idle' are asked, too; Ctrl-C ends one that does not come back" in progress
    kept = json.loads((root / "results/detectors/chosen.json").read_text(encoding="utf-8"))
    assert kept["data"] == data_of(root, read_params(root))
    assert kept["chosen"] in set(table["detector"]) - {"idle"}


def test_a_detector_of_ones_own_ranks_the_queue_where_it_was_chosen(tried: tuple[Path, str, str]) -> None:
    root, *_ = tried
    chosen(root, chosen="mine", best="mine")
    queue = open_queue(ceteris.open(root), "train")
    assert {arm.name for arm in queue.dealer.arms} == {"mine", "learned", "random", "control"}
    assert "ranked by mine, of the best evidence" in queue.ranked
    ids, order = queue.dealer.ids, next(arm for arm in queue.dealer.arms if arm.name == "mine").order
    doubted = set(ids[order[:20]])
    truth = small.table(300).set_index("id")
    wrong = truth["label"] != truth["truth"]
    assert wrong[sorted(doubted)].mean() > 2 * wrong.mean()
    question = next(one for one in queue.deal(small.NO_DECISIONS, "ann", 20, ()) if one.arm == "mine")
    content = small.params(detectors={"draws": 4, "own": {"mine": "estimators/mine.py:by_distance"}})
    content["review"] = {"rankings": ["combined"]}
    (root / "params.yaml").write_text(json.dumps(content), encoding="utf-8")
    again = open_queue(ceteris.open(root), "train").match(question.id, question.ticket)
    assert again is not None
    assert again.arm == "mine"


def test_the_queue_follows_the_best_evidence_and_says_from_what(repo: Path) -> None:
    assert followed(repo, read_params(repo)).rankings == ("combined", "learned")
    assert (
        "which ranking finds most errors here is not known yet; `ceteris detectors` tries them"
        in open_queue(ceteris.open(repo), "train").ranked
    )
    chosen(repo)
    queue = open_queue(ceteris.open(repo), "train")
    assert {arm.name for arm in queue.dealer.arms} == {"data_oob", "learned", "random", "control"}
    assert queue.ranked == (
        "ranked by data_oob, of the best evidence: +0.100 [+0.040, +0.160] average precision beyond combined, 10 draws of"
        " errors planted in 10 % of 200 rows; learned asks for rows like those whose label was wrong"
    )
    written = run(repo, "ceteris", "queue", "train", "--rows", "10")
    assert "Rows in doubt are ranked by data_oob, of the best evidence" in written.stdout


def test_evidence_that_cannot_tell_leaves_the_standing_ranking_and_says_so(repo: Path) -> None:
    chosen(repo, chosen="combined", worth_low=-0.02)
    found = followed(repo, read_params(repo))
    assert found.rankings == ("combined", "learned")
    assert "ranked by combined: no other is surely better (data_oob: +0.100 [\u22120.020, +0.160]" in found.told


def test_a_ranking_that_is_named_twice_over_stands_once(repo: Path) -> None:
    chosen(repo, chosen="knn")
    content = json.loads((repo / "params.yaml").read_text(encoding="utf-8"))
    (repo / "params.yaml").write_text(json.dumps(content | {"review": {"rankings": ["best", "knn"]}}), encoding="utf-8")
    assert followed(repo, read_params(repo)).rankings == ("knn",)


def test_evidence_of_other_rows_is_not_followed_and_the_command_that_makes_it_anew_is_told(repo: Path) -> None:
    chosen(repo)
    assert followed(repo, read_params(repo)).rankings[0] == "data_oob"
    chosen(repo, data="other")
    found = followed(repo, read_params(repo))
    assert found.rankings[0] == "combined"
    assert "ranked by combined: what is kept of 200 rows is of other rows" in found.told
    assert "`ceteris detectors` tries them anew" in found.told


def test_a_chosen_detector_that_is_gone_from_params_is_not_followed(repo: Path) -> None:
    chosen(repo, chosen="mine")
    found = followed(repo, read_params(repo))
    assert found.rankings[0] == "combined"
    assert "mine, which was chosen, is in params.yaml no more" in found.told


def test_a_damaged_choice_is_refused_with_the_command_that_mends_it(repo: Path) -> None:
    chosen(repo, worth="much")
    with pytest.raises(IntegrityError, match=r"chosen\.json is not what `ceteris detectors` wrote.* ceteris detectors"):
        followed(repo, read_params(repo))


def test_labels_that_are_numbers_are_refused_by_the_command(tmp_path: Path) -> None:
    rows = small.table(200).assign(label=lambda table: table["x"].round(3), truth=lambda table: table["x"].round(3))
    root = small.repository(tmp_path / "numbers", small.params(), rows)
    content = json.loads((root / "params.yaml").read_text(encoding="utf-8"))
    ridge = {"estimator": "sklearn.linear_model.Ridge", "prepare": "scaled"}
    content["ingest"] |= {"label_type": "number"}
    content |= {"audit": {"model": ridge}, "train": {"models": {"logistic": ridge, "ridge": ridge}}}
    content["compare"] = {"metric": "mae", "planned": content["compare"]["planned"][:1]}
    (root / "params.yaml").write_text(json.dumps(content), encoding="utf-8")
    from ceteris.detectors.running import run_bake_off

    with pytest.raises(ParamsError, match=r"label_type is number, and detectors are tried on classes"):
        run_bake_off(root, print)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"combined": "estimators/a.py:f"}, "'combined' is a name that ceteris uses itself"),
        ({"a/b": "estimators/a.py:f"}, "'a/b' names a detector: use 1 to 40 letters"),
        ({"mine": "a.py:f"}, "'a.py:f' names no function: write estimators/FILE.py:FUNCTION"),
    ],
)
def test_a_detector_of_ones_own_has_a_name_of_its_own_and_a_place(own: dict[str, str], told: str, tmp_path: Path) -> None:
    root = small.repository(tmp_path / "own", small.params(detectors={"own": own}))
    with pytest.raises(ParamsError, match=told):
        read_params(root)
