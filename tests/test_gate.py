"""From an accepted candidate to what is served: packaged, measured, promoted whole or not at all, and kept by DVC."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small
from checkout import run
from clone import TREE, Clone
from packages import package as package_of
from sealed import HELPS, NEAR, UNSURE, accept, acceptance, go_on, looks
from sklearn.naive_bayes import GaussianNB

from ceteris.errors import BadInputError, IntegrityError
from ceteris.layout import read_layout
from ceteris.release import gate, package, promotion
from ceteris.release.folder import CANDIDATE, GATE, GROUPS, JUDGED, MODEL
from ceteris.release.trained import Trained
from ceteris.serving.packaged import CARD, MANIFEST, open_package
from ceteris.stages import open_stage
from ceteris.store import read_params

OWN = """
from sklearn.neighbors import KNeighborsClassifier

class Near(KNeighborsClassifier):
    pass
"""


def gated(clone: Clone) -> Mapping[str, Any]:
    """Run the two stages after the look in this process, and return gate.json."""
    package.main(open_stage("package", clone.root))
    gate.main(open_stage("gate", clone.root))
    return dict(json.loads(clone.read(GATE)))


def states(found: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["state"] for one in found["guards"]}


def word_vectors(folder: Path) -> None:
    """Save an embedding model of a few words."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["[UNK]", "[PAD]", "fine", "dull", "slow", "plot", "actor", "film"]
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    StaticModel(np.eye(len(words), dtype=np.float32), tokenizer).save_pretrained(folder)


@pytest.fixture(scope="module")
def promoted(sealed_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository whose candidate passed the gate, typed as a person types it and committed. Tests copy it."""
    clone = sealed_run.copy(tmp_path_factory.mktemp("promoted") / "sealed")
    said = typed(clone, HELPS, "--baseline", "near/given")
    assert said.returncode == 0, said.stderr
    clone.commit()
    return clone


@pytest.fixture
def served(promoted: Clone, tmp_path: Path) -> Clone:
    return promoted.copy(tmp_path / "served")


def typed(clone: Clone, *words: str) -> Any:
    """Type `ceteris accept` in a repository that runs its own code."""
    environment = clone.environment | {"PYTHONPATH": str(clone.root / "src")}
    return run(clone.root, "ceteris", "accept", *words, check=False, **environment)


def test_what_passed_is_served_as_it_was_measured_and_its_card_says_by_what(served: Clone) -> None:
    found = json.loads(served.read(GATE))
    model, candidate = open_package(served.root / MODEL), open_package(served.root / CANDIDATE)
    assert found["passed"]
    assert found["package"] == candidate.fingerprint
    assert set(states(found).values()) <= {"holds", "not asked"}
    assert {name: sha for name, sha in model.manifest["files"].items() if name != CARD} == {
        name: sha for name, sha in candidate.manifest["files"].items() if name != CARD
    }
    judged = pd.read_parquet(served.root / JUDGED)
    test = pd.read_parquet(served.root / "data/split/test.parquet").set_index("ceteris:id").loc[judged["ceteris:id"]]
    assert model.predict(test[["x", "y"]])[0].tolist() == judged["candidate"].tolist()
    card = served.read(f"{MODEL}/{CARD}")
    for line in (
        "| verdict | holds |",
        "- on the sealed test part: accuracy +",
        ": **helps**",
        "| label | ant |",
        "50 were dropped",
    ):
        assert line in card
    measured = [f"{one['seen']:.3g}" for one in found["guards"] if one["name"] == "latency_ms"]
    assert not any(f"{value} ms" in card for value in measured)  # else every run would make another model


def test_an_accepted_candidate_that_fails_a_guard_ends_with_9_spends_no_look_and_leaves_what_is_served(served: Clone) -> None:
    before, look = served.read(f"{MODEL}/{MANIFEST}"), served.read("release/looks.csv")
    terms = served.root / "release/release.yaml"
    terms.write_text(served.read("release/release.yaml").replace("  worst_slice:  ", "  worst_slice: 0.99"))
    said = typed(served)
    assert said.returncode == 9
    assert "The gate is closed for near/pruned, and what is served stays as it is: worst_slice\n" in said.stdout
    assert "is asked: gate.worst_slice in release/release.yaml" in said.stdout
    assert served.read(f"{MODEL}/{MANIFEST}") == before
    assert served.read("release/looks.csv") == look
    assert (acceptance(served)["accepted"], len(looks(served))) == (True, 1)
    assert typed(served).returncode == 9


def test_dvc_artifacts_get_brings_what_is_served_from_a_clone_and_dvc_checkout_the_one_before(
    served: Clone, tmp_path: Path
) -> None:
    served.dvc("remote", "add", "--default", "store", str(tmp_path / "remote"))
    served.commit()
    served.git("tag", "model@v1.0.0", "-m", HELPS)
    served.dvc("push", "release/model.dvc")
    first = served.read(f"{MODEL}/{MANIFEST}")
    other = served.fresh(tmp_path / "other")
    run(tmp_path, "dvc", "artifacts", "get", str(other.root), "model", "-o", "got", **served.environment)
    assert (tmp_path / "got" / MANIFEST).read_text() == first
    assert open_package(tmp_path / "got").manifest["cell"] == HELPS

    changed = open_package(served.root / CANDIDATE)
    promotion.replace(changed, "# another card\n", served.root / MODEL)
    served.dvc("add", MODEL)
    served.commit()
    assert served.read(f"{MODEL}/{MANIFEST}") != first
    served.git("checkout", "HEAD~1", "--", "release/model.dvc")
    served.dvc("checkout", "release/model.dvc")
    assert served.read(f"{MODEL}/{MANIFEST}") == first
    open_package(served.root / MODEL)


@pytest.mark.parametrize("after", range(4))
def test_a_promotion_that_was_stopped_leaves_the_old_model_or_one_that_nobody_opens_and_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    one, other = open_package(package_of(tmp_path / "one")), open_package(package_of(tmp_path / "other", GaussianNB()))
    target, done = tmp_path / "model", 0
    promotion.replace(one, "# one\n", target)
    old = open_package(target).fingerprint

    def at_last(write: Callable[[Path, Any], None]) -> Callable[[Path, Any], None]:
        def stopped(path: Path, content: Any) -> None:
            nonlocal done
            if done == after:
                raise KeyboardInterrupt
            done += 1
            write(path, content)

        return stopped

    with monkeypatch.context() as patch:
        patch.setattr(promotion, "write_bytes", at_last(promotion.write_bytes))
        patch.setattr(promotion, "write_json", at_last(promotion.write_json))
        if after < 3:  # card, model, manifest: the schema and the reference are the same
            with pytest.raises(KeyboardInterrupt):
                promotion.replace(other, "# other\n", target)
        else:
            promotion.replace(other, "# other\n", target)
    if after in (1, 2):
        with pytest.raises(IntegrityError, match="is not the package that was made"):
            open_package(target)
    else:
        assert (open_package(target).fingerprint == old) == (after == 0)
    promotion.replace(other, "# other\n", target)
    assert type(open_package(target).estimator) is GaussianNB


def test_a_bare_run_completes_a_promotion_that_was_stopped(served: Clone) -> None:
    before = served.read(f"{MODEL}/{MANIFEST}")
    (served.root / MODEL / MANIFEST).write_text("{}")
    (served.root / MODEL / "half").write_text("")
    said = typed(served)
    assert (said.returncode, len(looks(served))) == (0, 1), said.stderr
    assert served.read(f"{MODEL}/{MANIFEST}") == before
    open_package(served.root / MODEL)
    assert served.git("status", "--porcelain") == ""


def test_a_candidate_that_was_changed_after_the_gate_is_not_promoted(served: Clone) -> None:
    before = served.read(f"{MODEL}/{MANIFEST}")
    path = served.root / CANDIDATE / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cell": "another/one"}))
    with pytest.raises(IntegrityError, match=r"release/candidate is not the package that release/gate\.json tells of"):
        promotion.promote(served.root)
    assert served.read(f"{MODEL}/{MANIFEST}") == before


def test_before_any_look_dvc_checkout_and_commit_go_through(sealed: Clone) -> None:
    sealed.dvc("checkout")
    sealed.dvc("commit", "--force")
    assert sealed.git("status", "--porcelain") == ""


def test_a_candidate_that_is_not_accepted_is_measured_and_not_promoted(sealed: Clone) -> None:
    accept(sealed, UNSURE, because="a trial")
    found = gated(sealed)
    assert not found["passed"]
    assert states(found)["verdict"] == "fails"
    assert states(found)["package"] == "holds"
    assert next(one["seen"] for one in found["guards"] if one["name"] == "latency_ms") > 0
    with pytest.raises(IntegrityError):
        promotion.promote(sealed.root)
    assert not (sealed.root / MODEL).exists()


def test_groups_are_columns_that_are_named_cut_by_train_rows_and_cost_no_look(sealed: Clone) -> None:
    accept(sealed, HELPS)
    path = sealed.root / "release/release.yaml"
    named = json.loads(path.read_text())
    path.write_text(json.dumps(named | {"gate": {"groups": ["x"], "load_seconds": 0.1}}))
    go_on(sealed)
    found = gated(sealed)
    assert len(looks(sealed)) == 1
    table, judged = pd.read_csv(sealed.root / GROUPS), pd.read_parquet(sealed.root / JUDGED)
    train = pd.read_parquet(sealed.root / "data/split/train.parquet")["x"]
    assert set(table["column"]) == {"x"}
    assert table["rows"].sum() == len(judged)
    low = judged[judged["group:x"] <= train.quantile(0.25)]
    first = table[table["group"].str.startswith("up to")].iloc[0]
    assert (first["rows"], first["candidate"]) == (len(low), pytest.approx((low["candidate"] == low["label"]).mean(), abs=1e-6))
    assert "x " in next(one["told"] for one in found["guards"] if one["name"] == "worst_slice")


def test_a_column_that_is_not_there_is_refused_before_a_look(sealed: Clone) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sealed.name", lambda clone, *_, **__: None)
        terms = {"accept": {"candidate": HELPS, "baseline": "near/given"}, "gate": {"groups": ["sx"]}}
        (sealed.root / "release/release.yaml").write_text(json.dumps(terms))
        with pytest.raises(
            BadInputError, match=r"gate\.groups names the column 'sx', which the rows do not have\. Did you mean 'x'"
        ):
            accept(sealed, HELPS)
    assert looks(sealed) == ()


def test_a_model_that_no_package_can_hold_costs_a_look_only_with_a_reason_and_the_gate_names_it(sealed: Clone) -> None:
    (sealed.root / "estimators/near.py").write_text(OWN)
    own = NEAR | {"estimator": "estimators/near.py:Near"}
    sealed.change(**{"train.models": {"near": own, "tree": TREE}})
    small.run_stages(sealed.root, "train", "compare")
    with pytest.raises(BadInputError, match=r"near/pruned cannot be packaged, .*estimators/near\.py.*--because"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()
    assert accept(sealed, HELPS, because="to know what it is worth")["accepted"]
    found = gated(sealed)
    assert not found["passed"]
    assert found["guards"][1]["told"].startswith(
        "the candidate cannot be packaged: near/pruned cannot be packaged: its class stands in estimators/near.py"
    )
    assert not (sealed.root / CANDIDATE / MANIFEST).exists()


def test_a_package_names_its_embedding_model_and_is_served_with_no_other(
    sealed: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sealed.root / "data/source/mine.csv"
    rows = pd.read_csv(source)
    rows.assign(words=rows["label"].map({"ant": "fine film", "bee": "dull plot", "cow": "slow actor"})).to_csv(
        source, index=False
    )
    word_vectors(sealed.root / "estimators/words")
    monkeypatch.chdir(sealed.root)
    reading = NEAR | {"prepare": "embedded", "embedding": "estimators/words", "kinds": {"words": "text"}}
    sealed.change(**{"train.models": {"near": reading, "tree": TREE}})
    small.run_stages(sealed.root, "ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare")
    sealed.dvc("commit", "--force")
    accept(sealed, "near/given", "tree/given", because="to see what is packaged")
    package.main(open_stage("package", sealed.root))
    assert list(open_package(sealed.root / CANDIDATE).manifest["embeddings"]) == ["estimators/words"]
    (sealed.root / "estimators/words/config.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"The embedding model estimators/words in .* holds other files"):
        open_package(sealed.root / CANDIDATE)


def test_the_reference_has_the_labels_of_the_version_and_out_of_sample_answers(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = Trained(repo, read_layout(repo), read_params(repo))
    made = trained.table("versions", "simulated.parquet")
    whole = package._reference(trained, ("logistic", "simulated"), made)
    train = whole[whole["ceteris:part"] == "train"].set_index("ceteris:id")
    assert train["ceteris:label"].to_dict() == made.set_index("id")["label"].to_dict()
    assert (train["ceteris:label"] != trained.train.to_frame().set_index("ceteris:id")["ceteris:label"]).any()
    validation = whole[whole["ceteris:part"] == "validation"]
    chosen = validation[["ceteris:prob:ant", "ceteris:prob:bee", "ceteris:prob:cow"]].to_numpy().argmax(axis=1)
    assert validation["ceteris:predicted"].tolist() == [small.CLASSES[code] for code in chosen]

    monkeypatch.setattr(package, "MOST_ROWS", 20)
    few = package._reference(trained, ("logistic", "simulated"), made)
    assert few["ceteris:part"].value_counts().to_dict() == {"train": 20, "validation": 20}
    assert set(few["ceteris:id"]) < set(whole["ceteris:id"])


def test_the_edits_of_a_package_are_the_ledger_lines_that_made_its_version(repo: Path) -> None:
    stage = open_stage("package", repo)
    trained = Trained(repo, stage.layout, stage.params)
    assert package._edits(stage, trained, "reviewed") == ""
    row = trained.train.ids[0]
    small.by_hand(repo / "data/edits/ann-1.csv", small.edit(row, "confirm", trained.train.labels[0]))
    one = package._edits(stage, trained, "reviewed")
    assert len(one) == 64
    assert package._edits(stage, trained, "pruned") == ""
    small.by_hand(repo / "data/edits/bob-1.csv", small.edit(row, "confirm", trained.train.labels[0], reviewer="bob"))
    two = package._edits(stage, trained, "reviewed")
    assert two != one
    shutil.move(repo / "data/edits/ann-1.csv", repo / "data/edits/zoe-1.csv")
    assert package._edits(stage, trained, "reviewed") == two
