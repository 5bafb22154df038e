"""A history with holes: what cannot be read is said in a sentence with what to do, and the rest of the table is shown."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from checkout import run
from clone import Clone
from past import dvc

from ceteris.dataset import ID, LABEL
from ceteris.experiments.account import account
from ceteris.experiments.history import History
from ceteris.experiments.table import Line

Json = dict[str, dict[str, Any]]


def enter(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Make a copy of the history the working directory."""
    monkeypatch.chdir(clone.root)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", clone.environment["DVC_SITE_CACHE_DIR"])
    return clone


@pytest.fixture
def clone(past: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A copy of the history, to be broken."""
    return enter(past.copy(tmp_path / "clone"), monkeypatch)


@pytest.fixture(scope="module")
def sound(past: Clone) -> Json:
    """What `--json` says of the history as it is."""
    from ceteris.experiments.commands import as_rows

    return {row["name"]: row for row in as_rows(account(past.root), "accuracy")}


@pytest.fixture
def told(ceteris_: Any) -> Callable[[], Json]:
    def read() -> Json:
        said = ceteris_("experiments", "--json")
        assert said.code == 0, said.err
        return {row["name"]: row for row in json.loads(said.out)}

    return read


def refused(said: Any, *words: str, code: int = 2) -> None:
    assert said.code == code, said.err
    assert said.out == ""
    assert "Traceback" not in said.err and said.err.count("\n") <= 2
    for word in words:
        assert word in said.err


def object_of(clone: Clone, name: str, path: str) -> Path:
    """Return the file of the DVC cache that holds an output of a revision; a folder's own where the path ends there."""
    with History(clone.root) as history:
        snapshot = next(one for one in history.snapshots if one.name == name)
        run_ = history._runs[snapshot.rev, snapshot.name]
        place, _, file = path.partition("/")
        md5 = run_.folder(place)[file] if file else run_.md5(place)
    return clone.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


# objects that are gone or damaged


def test_a_removed_experiment_stays_in_the_count(clone: Clone, told: Callable[[], Json], sound: Json) -> None:
    before = told()
    history = clone.read(".ceteris/history.csv")
    with dvc(clone.root) as repo:
        repo.experiments.remove(["added", "softer"])
    after = told()
    assert set(before) - set(after) == {"added", "softer"}
    verdicts = ("verdict", "level", "p_value", "reason")
    for name in set(after) - {"both"}:  # whose one corner was trained by `softer`
        assert [after[name][key] for key in verdicts] == [before[name][key] for key in verdicts]
    assert clone.read(".ceteris/history.csv") == history
    assert "added" in sound


def test_a_collected_prediction_is_named_with_what_brings_it(
    clone: Clone, told: Callable[[], Json], sound: Json, ceteris_: Any
) -> None:
    object_of(clone, "softer", "models/logistic/given/predictions.npz").unlink()
    rows = told()
    bring = "Bring it with `dvc exp apply softer && dvc repro`."
    assert "What softer made is not in the DVC cache" in rows["softer"]["reason"] and bring in rows["softer"]["reason"]
    assert rows["softer"]["difference"] is None and rows["softer"]["axis"] == "model"
    assert {name: row for name, row in rows.items() if name not in ("softer", "both")}.items() <= sound.items()
    refused(ceteris_("compare", "main", "softer"), "What softer made is not in the DVC cache", bring)
    clone.dvc("remote", "add", "-d", "store", "../store")
    bring = "Bring it with `dvc exp pull origin softer`, or, where the remote does not hold it, "
    assert bring in told()["softer"]["reason"]


def test_a_collected_run_leaves_its_row_and_the_others(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    object_of(clone, "recipe", "models").unlink()
    row = told()["recipe"]
    assert "What recipe made is not in the DVC cache" in row["reason"] == row["changed"]
    assert (row["axis"], row["verdict"], row["difference"]) == ("", "", None)
    shown = " ".join(ceteris_("experiments").out.split())
    assert "what 1 commit and 1 experiment made is not, since git clones no results (recipe, " in shown
    assert "DVC knows no remote to fetch it from; to make the newest of it anew: git checkout " in shown
    refused(ceteris_("compare", "recipe", "main"), "`dvc exp apply recipe && dvc repro`")


def test_one_byte_that_changed_is_named_and_has_its_exit_code(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    path = object_of(clone, "answered", "models/logistic/reviewed/predictions.npz")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    row = told()["answered"]
    assert f"is not what was stored: {path}. Remove it" in row["reason"] and "dvc exp apply answered" in row["reason"]
    assert row["difference"] is None
    refused(ceteris_("compare", "main", "answered"), "is not what was stored", f"rm -f {path}", code=8)


def test_a_damaged_part_that_all_share_is_each_ones_fault(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    path = object_of(clone, "main", "versions")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"given", b"taken"))
    rows = told()
    assert "is not what was stored" in rows["main"]["reason"] and "is not what was stored" in rows["softer"]["reason"]
    assert rows["recipe"]["changed"] == "the first run that can be read here"
    refused(ceteris_("compare", "main", "recipe"), "An object of main", code=8)


# validation rows and classes that are others


def judged_otherwise(clone: Clone, name: str, change: Callable[[pd.DataFrame], pd.DataFrame], classes: list[str]) -> None:
    """Make an experiment that is `answered`, but for other validation rows and classes."""
    base = clone.git("rev-parse", "HEAD").strip()
    folder = f"refs/exps/{base[:2]}/{base[2:]}"
    clone.git("switch", "-q", "--detach", f"{folder}/answered")
    rows = change(pd.read_parquet(clone.root / "data/split/validation.parquet"))
    for path, content in {"validation.parquet": rows.to_parquet(), "classes.json": json.dumps(classes).encode()}.items():
        old, new = (hashlib.md5(of).hexdigest() for of in ((clone.root / "data/split" / path).read_bytes(), content))
        place = clone.root / ".dvc/cache/files/md5" / new[:2] / new[2:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        (clone.root / "dvc.lock").write_text(clone.read("dvc.lock").replace(old, new))
    clone.commit()
    clone.git("update-ref", f"{folder}/{name}", "HEAD")
    clone.git("switch", "-q", "main")


def test_revisions_without_a_common_row_have_no_number_but_a_sentence(
    clone: Clone, told: Callable[[], Json], ceteris_: Any
) -> None:
    judged_otherwise(clone, "elsewhere", lambda rows: rows.assign(**{ID: "other " + rows[ID]}), ["ant", "bee", "cow"])
    row = told()["elsewhere"]
    assert (row["axis"], row["difference"], row["verdict"]) == ("data", None, "")
    assert row["reason"].startswith("These revisions hold no validation row in common. Compare revisions of one source")
    refused(ceteris_("compare", "main", "elsewhere"), "These revisions hold no validation row in common.")


def test_a_class_that_was_renamed_is_no_gain_of_the_data(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    judged_otherwise(
        clone, "renamed-class", lambda rows: rows.replace({LABEL: {"ant": "[b]emmet[/b]"}}), ["[b]emmet[/b]", "bee", "cow"]
    )
    row = told()["renamed-class"]
    assert (row["axis"], row["difference"]) == ("data", None)
    assert "Classes were renamed or merged in between: 'ant' (now '[b]emmet[/b]')." in row["reason"]
    assert "'[b]emmet[/b]'" in ceteris_("experiments").out.replace("\n", " ")
    refused(ceteris_("compare", "main", "renamed-class"), "Classes were renamed or merged", "one set of classes")


# revisions of another layout

LOCK = "dvc.lock"


def other_versions(lock: str) -> str:
    """Return a dvc.lock as it is after `dvc repro fix` alone: what `fix` wrote is not what `train` had read."""
    made = lock.index("    - path: data/versions\n")
    return lock[:made] + re.sub(r"md5: [0-9a-f]+", "md5: " + 32 * "0", lock[made:], count=1)


ODD: dict[str, tuple[str, Callable[[str], str] | None, str]] = {
    "no-pipeline": ("dvc.yaml", None, "There is no dvc.yaml in"),
    "no-params": ("params.yaml", None, "There is no params.yaml in"),
    "no-counts": ("results/fix/versions.csv", None, "There is no results/fix/versions.csv in"),
    "no-lock": (LOCK, None, "There is no dvc.lock in"),
    "other-pipeline": ("dvc.yaml", lambda _: "stages:\n  train:\n    cmd: python train.py\n", "dvc.yaml holds no `vars: path`"),
    "list-pipeline": ("dvc.yaml", lambda _: "- train\n", "dvc.yaml holds no `vars: path`"),
    "outside": ("dvc.yaml", lambda text: text.replace("results: results", "results: ../../x"), "There is no ../../x/fix"),
    "conflict": (LOCK, lambda text: f"<<<<<<< HEAD\n{text}=======\n>>>>>>> other\n", "is not readable as YAML"),
    "empty-lock": (LOCK, lambda _: "", "dvc.lock of empty-lock names no stages"),
    "list-lock": (LOCK, lambda _: "- a\n", "dvc.lock of list-lock names no stages"),
    "bare-stages": (LOCK, lambda _: "stages:\n  train: null\n", "is laid out otherwise than this ceteris"),
    "no-outs": (LOCK, lambda _: "stages:\n  train:\n    cmd: x\n", "dvc.lock of no-outs names no data/split/valid"),
    "no-md5": (LOCK, lambda text: text.replace("      md5: ", "      sha: "), "dvc.lock of no-md5 names no data/split"),
    "half-way": (LOCK, other_versions, "stopped half-way: its models were trained on another state of 'data/versions'"),
    "bad-params": ("params.yaml", lambda _: "train: [\n", "params.yaml line 2 is not readable as YAML"),
    "list-params": ("params.yaml", lambda _: "- train\n", "fine"),
    "old-params": ("params.yaml", lambda _: "train:\n  - logistic\nfix: true\ncompare:\n  planned: {axis: data}\n", "fine"),
    "bad-counts": ("results/fix/versions.csv", lambda _: "name,n\ngiven,184\n", "is laid out otherwise than this ceteris"),
    "bad-edits": ("data/edits/x.csv", lambda _: "who,what\n", "not the header of an edits file"),
}  # fmt: skip


@pytest.fixture(scope="module")
def odd(past: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of the history with a branch for every odd thing, and one that never saw ceteris."""
    clone = past.copy(tmp_path_factory.mktemp("odd") / "clone")
    for name, (path, change, _) in ODD.items():
        clone.git("switch", "-q", "-c", name, "main")
        place = clone.root / path
        if change is None:
            place.unlink()
        else:
            place.write_text(change(place.read_text() if place.exists() else ""), encoding="utf-8")
        if path != LOCK:
            clone.append(LOCK, "# another run\n")
        clone.commit()
    clone.git("switch", "-q", "--orphan", "stranger")
    clone.append("README.md", "Nothing of ours.\n")
    clone.git("add", "README.md")
    clone.commit_staged()
    clone.git("switch", "-q", "main")
    return clone


@pytest.fixture(scope="module")
def lines(odd: Clone) -> dict[str, Line]:
    return {line.snapshot.name: line for line in account(odd.root)}


@pytest.mark.parametrize("name", ODD)
def test_a_revision_that_is_laid_out_otherwise_is_a_sentence(name: str, lines: dict[str, Line]) -> None:
    line, words = lines[name], ODD[name][2]
    if words == "fine":
        assert line.snapshot.fault is None
        assert line.against_parent is not None and line.against_parent.move.axis in ("none", "evaluation")
        return
    assert line.snapshot.fault is not None
    assert words in str(line.snapshot.fault)
    assert len(line.snapshot.fault.do) > 10
    assert line.changed == str(line.snapshot.fault)


def test_odd_revisions_leave_the_others_as_they_are(lines: dict[str, Line], sound: Json) -> None:
    for name, row in sound.items():
        effect = lines[name].effect
        assert (effect.difference if effect else None) == row["difference"]


def test_a_branch_without_ceteris_is_no_row_and_no_revision(
    odd: Clone, lines: dict[str, Line], ceteris_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(odd, monkeypatch)
    assert "stranger" not in lines
    refused(
        ceteris_("compare", "main", "stranger"),
        "'stranger' is no revision or experiment with a run here.",
        "ceteris experiments",
    )
    refused(ceteris_("compare", "main", "conflict"), "dvc.lock of conflict is not readable as YAML")
    said = ceteris_("experiments")
    assert said.code == 0 and "more are not read: ceteris experiments --json" in said.out


# names


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("main", "sofer"), "'sofer' is no revision or experiment with a run here. Did you mean 'softer'?"),
        (("", "main"), "'' is no revision or experiment"),
        (("main", "--", "--all"), "'--all' is no revision or experiment"),
        (("main", "$(id)"), "'$(id)' is no revision or experiment"),
        (("main", "0123456789"), "'0123456789' is no revision or experiment"),
        (("main", "softer", "--baseline", "logistic"), "'logistic' names no cell. Write MODEL/VERSION"),
        (("main", "softer", "--candidate", "logistic/given/x"), "'logistic/given/x' names no cell."),
        (("main", "softer", "--baseline", "/"), "'/' names no cell."),
        (("main", "softer", "--baseline", "tree/givn"), "main holds no cell 'tree/givn'. Did you mean 'tree/given'?"),
        (("main", "softer", "--claim", "magic"), "--claim is 'magic'. Say data or model."),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_with_the_nearest(
    words: tuple[str, ...], sentence: str, past: Clone, ceteris_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(past, monkeypatch)
    refused(ceteris_("compare", *words), sentence)


def test_formats_exclude_each_other(past: Clone, ceteris_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(past, monkeypatch)
    refused(ceteris_("experiments", "--csv", "--json"), "Choose one of them.")


def test_an_ambiguous_name_is_refused_with_its_hashes(clone: Clone, ceteris_: Any) -> None:
    base, older = (clone.git("rev-parse", name).strip() for name in ("HEAD", "HEAD~1"))
    added = clone.git("rev-parse", f"refs/exps/{base[:2]}/{base[2:]}/added").strip()
    clone.git("update-ref", f"refs/exps/{older[:2]}/{older[2:]}/softer", added)
    refused(ceteris_("compare", "main", "softer"), "'softer' names 2 revisions: ", added[:7], "Give the hash of one.")
    for name in (added[:7], added, "added"):
        assert "model stump added" in ceteris_("compare", "main", name).out


def test_an_experiment_that_became_a_branch_is_one_row(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    base = clone.git("rev-parse", "HEAD").strip()
    clone.git("branch", "kept", f"refs/exps/{base[:2]}/{base[2:]}/added")
    assert [name for name, row in told().items() if "stump" in row["changed"]] == ["added"]
    assert "model stump added" in ceteris_("compare", "main", "kept").out


def test_an_experiment_may_have_any_name_that_git_takes(clone: Clone, ceteris_: Any) -> None:
    names = ("=1+1", "<b>&;$(id)'", "\u202egnp.exe", "\u05e2\u05d1\u05e8\u05d9\u05ea", "-n", "a%09b")
    base = clone.git("rev-parse", "HEAD").strip()
    softer = clone.git("rev-parse", f"refs/exps/{base[:2]}/{base[2:]}/softer").strip()
    for name in names:
        clone.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", softer)
    object_of(clone, "softer", "models/logistic/given/predictions.npz").unlink()
    rows = {row["name"]: row for row in json.loads(ceteris_("experiments", "--json").out)}
    for name in names:
        assert rows[name]["axis"] == "model"
        assert f"dvc exp apply {shlex.quote(name)} && dvc repro" in rows[name]["reason"]
    assert "\u202e" not in ceteris_("experiments").out
    assert "\n=1+1" not in ceteris_("experiments", "--csv").out


# repositories


def test_a_detached_head_and_a_baseline_on_no_branch_are_read(clone: Clone, told: Callable[[], Json], sound: Json) -> None:
    base = clone.git("rev-parse", "HEAD").strip()
    clone.git("switch", "-q", "--detach")
    clone.git("branch", "-D", "main")
    detached = told()
    assert detached["softer"] | {"parent": "main"} == sound["softer"]
    assert detached["softer"]["parent"] == base[:7]
    clone.git("switch", "-q", "--detach", "HEAD~1")
    loose = told()
    assert loose["softer"] == detached["softer"]
    assert "main" not in loose and base[:7] in loose


def test_a_repository_without_experiments_has_its_commits(clone: Clone, told: Callable[[], Json]) -> None:
    for ref in clone.git("for-each-ref", "--format=%(refname)", "refs/exps").split():
        clone.git("update-ref", "-d", ref)
    assert [name for name in told() if name == "main" or len(name) == 7][-1] == "main"
    assert len(told()) == 2


def test_a_repository_without_commits_has_its_workspace(clone: Clone, told: Callable[[], Json], ceteris_: Any) -> None:
    shutil.rmtree(clone.root / ".git")
    run(clone.root, "git", "init", "-q", "-b", "main")
    rows = told()
    assert list(rows) == ["workspace"]
    assert rows["workspace"]["changed"] == "the first run" and rows["workspace"]["reason"] == ""
    refused(ceteris_("compare", "main", "workspace"), "'main' is no revision or experiment with a run here.")
    (clone.root / "dvc.lock").unlink()
    assert ceteris_("experiments").out.startswith("No commit or experiment holds a run yet. Make one: dvc repro")
    assert ceteris_("experiments", "--json").out == "[]\n"
    assert ceteris_("experiments", "--csv").out.startswith("name,rev,parent,axis")


def test_a_workspace_that_changed_since_its_run_is_marked(clone: Clone, ceteris_: Any) -> None:
    assert "has changed since" not in ceteris_("experiments").out
    clone.change(**{"train.models.logistic.params.C": 3.0})
    clone.append("data/edits/README.md", "More.\n")
    marked = "The workspace has changed since it was run ('data/edits', 'params.yaml: train'), which is not measured yet"
    assert marked in " ".join(ceteris_("experiments").out.split())
    said = ceteris_("experiments", "--json")
    assert marked in said.err and "workspace" not in [row["name"] for row in json.loads(said.out)]
    refused(ceteris_("compare", "main", "workspace"), "The workspace holds no run that is not committed.", "dvc repro")


def test_what_was_run_is_told_and_not_what_params_say_since(clone: Clone, told: Callable[[], Json]) -> None:
    base = clone.git("rev-parse", "HEAD").strip()
    clone.git("restore", "-s", f"refs/exps/{base[:2]}/{base[2:]}/softer", "--", ".")
    clone.change(**{"train.models.logistic.params.C": 7.0})
    assert told()["workspace"]["changed"] == "logistic: C 1.0 -> 0.01"


def test_a_shallow_clone_says_what_is_not_in_it(
    clone: Clone, tmp_path: Path, ceteris_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = Clone(tmp_path / "shallow")
    clone.git("clone", "-q", "--depth", "1", clone.root.as_uri(), str(shallow.root))
    monkeypatch.chdir(shallow.root)
    said = ceteris_("experiments")
    assert (
        "The history is here; what 1 commit made is not, since git clones no results (main);" in " ".join(said.out.split())
        and "anew:\ngit checkout main && dvc repro\n" in said.out
    )
    assert "This clone is shallow, older commits are not in it: git fetch --unshallow" in said.out
    refused(ceteris_("compare", "HEAD~1", "main"), "'HEAD~1' is no revision or experiment with a run here.")


def test_a_merge_stands_on_its_first_parent(clone: Clone, told: Callable[[], Json]) -> None:
    base = clone.git("rev-parse", "HEAD").strip()
    clone.git("branch", "side", f"refs/exps/{base[:2]}/{base[2:]}/answered")
    clone.append("README.md", "Meanwhile.\n")
    clone.commit()
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    row = told()["main"]
    assert (row["parent"], row["axis"], row["changed"]) == (base[:7], "data", "30 labels")


def test_what_is_no_repository_is_refused(clone: Clone, ceteris_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(clone.root.parent))
    (clone.root / ".dvc/config").unlink(missing_ok=True)
    shutil.rmtree(clone.root / ".dvc")
    refused(ceteris_("experiments"), "DVC cannot work in", "dvc init")
    shutil.rmtree(clone.root / ".git")
    refused(ceteris_("experiments"), "not a git repository", "git init")
    (clone.root / "dvc.yaml").unlink()
    refused(ceteris_("compare", "a", "b"), "No dvc.yaml and params.yaml at or above", "Run this inside a ceteris repository")


def test_a_page_that_cannot_be_written_is_refused(clone: Clone, ceteris_: Any) -> None:
    (clone.root / "page").mkdir()
    said = ceteris_("compare", "main", "softer", "--page", "page")
    assert said.code == 2 and "page could not be written" in said.err


def test_a_history_that_cannot_be_kept_is_said_and_shown(clone: Clone, ceteris_: Any) -> None:
    (clone.root / ".ceteris/history.csv").unlink(missing_ok=True)
    (clone.root / ".ceteris/history.csv").mkdir()
    said = ceteris_("experiments", "--json")
    assert said.code == 0 and "The count of tests is not kept" in said.err
    assert len(json.loads(said.out)) > 10
