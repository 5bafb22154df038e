"""An installed ceteris, in somebody's repository: a real wheel in an environment of its own, their pipeline before ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from checkout import run
from clone import LOGISTIC, TREE
from host import LABELS, hashes, host, relabel
from small import REPOSITORY, by_hand, edit

from ceteris import installed
from ceteris.canvas.form import form
from ceteris.dataset import ID, LABEL
from ceteris.editing.edit_lines import JUDGING_SOURCE
from ceteris.errors import BadInputError, IntegrityError
from ceteris.installed import PIPELINES, installed_code, lock_text, pipeline_text, refuse_other_code, upgrade
from ceteris.release.terms import parse_terms
from ceteris.starting.params_file import changed
from ceteris.starting.template import COPIED, template
from ceteris.store import LOCK, parse_yaml, write_text

SMALL: dict[tuple[str, ...], Any] = {
    ("audit", "folds"): 3,
    ("train", "seeds"): 5,
    ("train", "models"): {"logistic": LOGISTIC, "tree": TREE},
    ("fix", "recipes"): {"given": None, "reviewed": [{"step": "apply_edits"}]},
    ("compare", "planned"): [
        {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "reviewed"},
        {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "tree"},
    ],
}


@dataclass(frozen=True)
class Environment:
    """A Python environment that holds ceteris as its wheel left it, and the libraries of this one."""

    home: Path

    @property
    def variables(self) -> dict[str, str]:
        path = f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "DVC_SITE_CACHE_DIR": str(self.home / "dvc"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def __call__(self, folder: Path, *words: str, check: bool = True) -> str:
        done = run(folder, *words, check=check, **self.variables)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    home = tmp_path_factory.mktemp("installed")
    run(REPOSITORY, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(home / "dist"))
    (wheel,) = (home / "dist").glob("*.whl")
    run(home, sys.executable, "-m", "venv", "--without-pip", str(home / "venv"))
    python = str(home / "venv/bin/python")
    run(home, sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    (site,) = (home / "venv/lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Environment(home / "venv")


@dataclass
class Lived:
    """A project in somebody's repository, and what was said while people worked in it and upstream."""

    theirs: Path
    answered: list[str]
    before: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.theirs / "ceteris"


@pytest.fixture(scope="module")
def lived(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Their labels measured; four rows answered, two of them then mended upstream; an experiment in the background; a look."""
    theirs = host(tmp_path_factory.mktemp("lived") / "theirs")
    root, before = theirs / "ceteris", hashes(theirs, "ceteris")
    init = environment(theirs, "ceteris", "init", LABELS, "--label", "label", "--id", "id", "--into", "ceteris")
    write_text(root / "params.yaml", changed((root / "params.yaml").read_text(encoding="utf-8"), SMALL))
    said = {"init": init, "first": environment(root, "dvc", "repro")}
    commit(theirs, "ceteris")
    rows = pd.concat([pd.read_parquet(root / f"data/split/{part}.parquet").head(3) for part in ("train", "validation")])
    other = {name: "cow" if label != "cow" else "bee" for name, label in zip(rows[ID], rows[LABEL], strict=True)}
    answers = dict(zip(rows[ID], rows[LABEL], strict=True))
    sources = ["queue"] * 3 + [JUDGING_SOURCE] * 3
    by_hand(
        root / "data/edits/ann-1.csv",
        *(edit(name, given=answers[name], new=other[name], source=kind) for name, kind in zip(answers, sources, strict=True)),
    )
    names = list(answers)
    mended = [*names[:2], names[3]]
    relabel(theirs, {name: other[name] for name in mended})
    said["mended"] = environment(root, "dvc", "repro")
    commit(theirs, "raw", "dvc.lock", "ceteris")
    code = "import ceteris; b = ceteris.open(); r = b.run_experiment('aside').wait(300); print(r.state, r.told, r.log)"
    write_text(root / "params.yaml", (root / "params.yaml").read_text(encoding="utf-8").replace("C: 1.0", "C: 0.01"))
    said["aside"] = environment(root, "python", "-c", code)
    run(root, "git", "checkout", "-q", "--", "params.yaml")
    return Lived(theirs, names, before, said)


def commit(theirs: Path, *names: str) -> None:
    run(theirs, "git", "add", *names)
    run(theirs, "git", "commit", "-q", "-m", "work")


def stages(said: str) -> list[str]:
    """Return the stages that DVC ran."""
    return re.findall(r"^Running stage '(\S+)'", said, re.MULTILINE)


OURS = ["ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare", "report"]


def test_the_wheel_alone_runs_their_file_from_init_to_the_report(lived: Lived, environment: Environment) -> None:
    where = environment(lived.root, "python", "-c", "import ceteris; print(ceteris.__file__)")
    assert where.startswith(str(environment.home))
    assert stages(lived.said["first"]) == OURS
    assert (lived.root / "reports/report.html").is_file()
    assert "Stage '../dvc.yaml:prepare' didn't change, skipping" in lived.said["first"]
    assert hashes(lived.theirs, "ceteris").keys() == lived.before.keys()
    now, mended = hashes(lived.theirs, "ceteris"), {"raw/rows.txt", "dvc.lock", LABELS}
    assert {name for name in now if now[name] != lived.before[name]} == mended  # as they mended them themselves
    assert "data: given" in environment(lived.root / "notebooks", "ceteris", "summary")


def test_the_wheel_alone_makes_a_worked_example_that_it_can_run(environment: Environment, tmp_path: Path) -> None:
    said = environment(tmp_path, "ceteris", "example", "credit", "--rows", "300")
    root = tmp_path / "ceteris-credit"
    assert said.rstrip().endswith(f"next: cd {root} && git add . && git commit -m 'Add ceteris' && dvc repro")
    run(root, "git", "add", ".")
    run(root, "git", "commit", "-q", "-m", "Add ceteris")
    assert sorted(environment(root, "dvc", "stage", "list", "--name-only").split()) == sorted(OURS)
    assert stages(environment(root, "dvc", "repro", "split")) == OURS[:3]


def test_a_change_upstream_runs_their_stage_and_then_ours(lived: Lived) -> None:
    assert stages(lived.said["mended"]) == ["../dvc.yaml:prepare", *OURS]


def test_labels_that_were_mended_upstream_are_told_as_already_applied(lived: Lived, environment: Environment) -> None:
    assert "1 relabelled; 3 labels reviewed; 2 already applied in the source" in lived.said["mended"]
    checked = environment(lived.root, "ceteris", "edits", "check")
    assert checked.count("already applied") == 3, checked
    assert "StaleEditError" not in checked
    table = pd.read_csv(lived.root / "results/fix/versions.csv").set_index("version")
    assert table.loc["reviewed", "relabelled"] == 1
    for words in (["credit", "--by", "batch"], ["next"], ["queue", "train", "--out", "q.csv"]):
        assert "do not fit" not in environment(lived.root, "ceteris", *words)
    asked = pd.read_csv(lived.root / "q.csv")
    assert not set(asked["id"]) & set(lived.answered[:3])
    (lived.root / "q.csv").unlink()


def test_an_experiment_runs_in_a_copy_that_holds_their_file_and_the_folder(lived: Lived, environment: Environment) -> None:
    assert lived.said["aside"].startswith("done aside is done"), lived.said["aside"]
    assert "logistic: C 1.0 -> 0.01" in lived.said["aside"]
    assert sorted(os.listdir(lived.theirs)) == sorted({name.split("/")[0] for name in lived.before} | {".git", "ceteris"})
    assert not (lived.root / ".dvc").exists()
    told = environment(lived.root, "ceteris", "experiments")
    assert "aside" in told
    assert "logistic" in environment(lived.root, "ceteris", "compare", "HEAD", "aside")


def test_an_experiment_of_theirs_is_none_of_ours(lived: Lived, environment: Environment) -> None:
    environment(lived.theirs, "dvc", "exp", "run", "-q", "-n", "theirs", "-S", "prepare.rows=998")
    run(lived.theirs, "git", "checkout", "-q", ".")
    environment(lived.theirs, "dvc", "checkout", "-q", "--force")
    told = environment(lived.root, "ceteris", "experiments")
    assert "theirs" not in told
    assert "aside" in told


def test_a_look_at_the_test_part_is_taken_in_the_folder(lived: Lived, environment: Environment) -> None:
    words = ("accept", "tree/given", "--baseline", "logistic/given", "--because", "a trial")
    assert "tree/given in place of logistic/given" in environment(lived.root, "ceteris", *words)
    staged = run(lived.root, "git", "diff", "--cached", "--name-only").stdout.split()
    assert {"ceteris/release/looks.csv", "ceteris/release/verdicts.csv"} <= set(staged)
    assert "dirty" not in (lived.root / "release/looks.csv").read_text(encoding="utf-8")


# the code that runs, and what is watched


@pytest.mark.parametrize("name", PIPELINES)
def test_the_pipeline_of_a_project_is_ours_but_for_how_code_is_run_and_watched(name: str) -> None:
    ours, theirs = parse_yaml((REPOSITORY / name).read_text("utf-8"), name), parse_yaml(pipeline_text(name), name)
    assert list(ours["stages"]) == list(theirs["stages"])
    for stage, said in ours["stages"].items():
        own = theirs["stages"].pop(stage)
        module = said.pop("cmd").removeprefix("PYTHONPATH=src python -m ceteris.")
        assert own.pop("cmd") == f"python -m ceteris.installed {module}"
        deps = [dep for dep in said.pop("deps") if not dep.startswith("src/")]
        assert [dep for dep in own.pop("deps") if dep != "${ingest.source}" or stage != "ingest"] == deps
        assert own.pop("params") == [{LOCK: [f"code.{stage}"]}, *said.pop("params")]
        assert own == said
    assert {key: value for key, value in theirs.items() if key != "stages"} == {
        key: value for key, value in ours.items() if key != "stages"
    }
    assert "${ingest.source}" in pipeline_text("dvc.yaml")


def test_the_code_of_a_stage_covers_the_page_that_it_fills() -> None:
    code = installed_code()
    assert set(code) == {*OURS, "accept", "package", "gate", "watch"}
    assert len(set(code.values())) == len(code)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in PIPELINES:
        write_text(tmp_path / name, pipeline_text(name))
    write_text(tmp_path / "params.yaml", (REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
    write_text(tmp_path / "canvas.yaml", form())
    write_text(tmp_path / LOCK, lock_text())
    for name in ("release/release.yaml", *COPIED):
        write_text(tmp_path / name, template(name))
    return tmp_path


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A release in which the file that draws a figure was changed."""
    import shutil

    package = tmp_path_factory.mktemp("newer") / "ceteris"
    shutil.copytree(installed.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "plots/forest.py").open("a", encoding="utf-8") as file:
        file.write("# better\n")
    monkeypatch.setattr(installed, "PACKAGE", package)
    monkeypatch.setattr(installed, "__version__", "9.9.9")


def test_a_stage_whose_code_is_that_of_the_lock_runs_and_another_is_refused(project: Path, newer: None) -> None:
    refuse_other_code(project, "train")
    with pytest.raises(BadInputError) as refusal:
        refuse_other_code(project, "report")
    assert str(refusal.value) == (
        "ceteris.lock was written for ceteris 0.1.0, and the code of the stage report in ceteris 9.9.9, which is installed, is "
        "another. Take the new code over: ceteris upgrade && dvc repro. Or go back: pip install ceteris==0.1.0"
    )


def test_an_upgrade_names_the_stages_that_will_run_and_is_done_once(project: Path, newer: None) -> None:
    assert list(upgrade(project)) == [
        "ceteris.lock: ceteris 0.1.0 -> 9.9.9", "code that changed: report, watch; next: dvc repro",
    ]  # fmt: skip
    refuse_other_code(project, "report")
    assert list(upgrade(project))[-1] == "no stage's code changed"


def test_a_project_from_before_there_was_a_canvas_is_given_its_form_and_a_filled_one_stays(project: Path) -> None:
    (project / "canvas.yaml").unlink()
    assert any(line.startswith("canvas.yaml is a new file") for line in upgrade(project))
    assert (project / "canvas.yaml").read_text(encoding="utf-8") == form()
    write_text(project / "canvas.yaml", "when_not:\n- never\n")
    assert not any("canvas" in line for line in upgrade(project))
    assert (project / "canvas.yaml").read_text(encoding="utf-8") == "when_not:\n- never\n"


def test_a_project_from_before_there_was_a_gate_is_given_its_sections_and_folders(project: Path) -> None:
    before = "# mine\naccept:\n  candidate: a/b\n  baseline: a/c\n"
    write_text(project / "release/release.yaml", before)
    (project / "data/windows/README.md").unlink()
    told = list(upgrade(project))
    assert "new files, which git is to keep: data/windows/README.md" in told
    assert "release/release.yaml has new sections: package, gate, serve, monitor, retrain" in told
    text = (project / "release/release.yaml").read_text(encoding="utf-8")
    assert text.startswith(before) and parse_terms(parse_yaml(text, "release.yaml")).accept.candidate == "a/b"
    shipped = parse_terms(parse_yaml(template("release/release.yaml"), "release.yaml"))
    assert parse_terms(parse_yaml(text, "release.yaml")).gate == shipped.gate
    assert not any("new" in line for line in upgrade(project))


def test_a_pipeline_that_was_edited_by_hand_is_kept_until_asked_for(project: Path) -> None:
    edited = pipeline_text("dvc.yaml").replace("models: models", "models: cells")
    write_text(project / "dvc.yaml", edited)
    for _ in range(2):
        assert "dvc.yaml was edited and stays as it is" in "\n".join(upgrade(project))
        assert (project / "dvc.yaml").read_text(encoding="utf-8") == edited
    assert "dvc.yaml is written anew" in list(upgrade(project, pipelines=True))
    assert (project / "dvc.yaml").read_text(encoding="utf-8") == pipeline_text("dvc.yaml")


def test_a_lock_that_is_gone_or_spoilt_and_a_stage_that_is_none_are_refused(project: Path) -> None:
    (project / LOCK).write_text("version: 1\n", encoding="utf-8")
    with pytest.raises(IntegrityError, match="is not what `ceteris upgrade` wrote"):
        refuse_other_code(project, "train")
    (project / LOCK).unlink()
    with pytest.raises(BadInputError, match=r"There is no ceteris\.lock"):
        refuse_other_code(project, "train")
    with pytest.raises(BadInputError, match="this repository runs its own src/"):
        list(upgrade(project))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    words = [sys.executable, "-m", "ceteris.installed"]
    for more, said in (("cli", "'cli' is no stage"), ("stages.fit", "no stage"), ("stages.train", "There is no ceteris.lock")):
        done = subprocess.run([*words, more], cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
