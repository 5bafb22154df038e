"""`ceteris monitor` from the command line: windows of a log, what is kept, queues that come back, and faults as sentences."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import run
from packages import resealed
from small import REPOSITORY
from watched_world import World, draw, log, package, world

from ceteris.dataset import ID, LABEL
from ceteris.errors import IntegrityError
from ceteris.monitoring.commands import ALARM, NOT_ENOUGH
from ceteris.monitoring.kept import asked_before, history
from ceteris.store import read_table, write_table

RNG = np.random.default_rng(30)


@dataclass(frozen=True)
class Served:
    """A repository whose package is served, and the fingerprint of that package."""

    root: Path
    world: World
    model: str

    def rows(self, count: int = 500, moved: float = 0.0, seed: int = 1, **how: Any) -> pd.DataFrame:
        """Return the lines of a log for rows drawn anew."""
        made = draw(np.random.default_rng([31, seed]), count, moved=moved, start=1000 * seed)
        return self.world.raw(made, **{"model": self.model, **how})

    def kept(self) -> list[dict[str, Any]]:
        """Return what is kept of all windows."""
        return history(self.root / "release/monitor", self.model[:8])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World, str]:
    root = tmp_path_factory.mktemp("served")
    for name in ("params.yaml", "dvc.yaml", "release/release.yaml", "release/gate.json", "release/watch/dvc.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    known = world()
    return root, known, package(root / "release/model", known)


@pytest.fixture
def served(made: tuple[Path, World, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A copy of the repository, as the working directory."""
    shutil.copytree(made[0], tmp_path / "repository")
    monkeypatch.chdir(tmp_path / "repository")
    return Served(tmp_path / "repository", made[1], made[2])


def test_the_newest_whole_window_is_judged_and_kept_and_its_page_needs_nothing_beside_it(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(seed=1), served.rows(seed=2), served.rows(400, moved=3.0, seed=3))
    said = ceteris_("monitor", "--log", "log.sqlite")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        f"No alarm. Window {served.model[:8]}-00000501-00001000, 500 rows (lines 501 to 1,000 of the log)."
    )
    assert "where nothing has changed, 1 window in 100 alarms at most" in said.out
    assert {path.suffix for path in (served.root / "release/monitor").iterdir()} == {".json", ".csv", ".html"}
    page = (served.root / "release/monitor/index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    again = ceteris_("monitor", "--log", "log.sqlite", "--json")
    assert json.loads(again.out) == served.kept()[0]


def test_an_alarm_is_an_exit_code_and_a_queue_that_shows_nothing_of_the_prediction(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(moved=1.0))
    said = ceteris_("monitor", "--log", "log.sqlite")
    name = f"{served.model[:8]}-00000001-00000500"
    assert (said.code, said.err) == (ALARM, f"Rows worth labelling: release/review/{name}.csv\n")
    assert said.out.startswith("Alarm: ")
    queue = read_table(served.root / f"release/review/{name}.csv", text=("id", "label", "source"))
    assert list(queue.columns) == ["id", "label", "source", "pi", "age", "city", "size"]
    assert (len(queue), set(queue["label"]), queue["id"].is_unique) == (100, {""}, True)
    assert queue["source"].value_counts().to_dict() == {"active": 70, "random": 30}
    assert set(queue.loc[queue["source"] == "active", "pi"]) == {1.0}
    assert queue.loc[queue["source"] == "random", "pi"].tolist() == pytest.approx([30 / 430] * 30, abs=1e-6)


def test_a_queue_that_is_there_is_never_written_over_and_answers_make_accuracy_measurable(served: Served, ceteris_) -> None:
    rows = served.rows(moved=1.0)
    log(served.root / "log.sqlite", rows)
    ceteris_("monitor", "--log", "log.sqlite")
    path = next((served.root / "release/review").iterdir())
    truth = draw(np.random.default_rng([31, 1]), 500, moved=1.0, start=1000).set_index(ID)[LABEL]
    queue = read_table(path, text=("id", "label", "source"))
    queue["label"] = queue["id"].map(truth)
    write_table(path, queue)
    filled = path.read_bytes()
    with sqlite3.connect(served.root / "log.sqlite") as connection:
        lines = list(queue[["id", "label"]].itertuples(index=False, name=None))
        connection.executemany("INSERT INTO labels (row_id, label, at, who, source) VALUES (?, ?, 0, 'ann', 'review')", lines)
    said = ceteris_("monitor", "--log", "log.sqlite")
    assert (said.code, path.read_bytes()) == (ALARM, filled)
    assert said.err == f"{path.relative_to(served.root)} is left as it is: answers may stand in it.\n"
    real = served.kept()[0]["accuracy"]["real"]
    assert (real["rows"], real["told"]) == (100, "30 rows drawn at random stand for 430")
    right = (
        served.world.predict(draw(np.random.default_rng([31, 1]), 500, moved=1.0, start=1000))[0] == truth.to_numpy()
    ).mean()
    assert real["low"] <= right <= real["high"]


def test_labelled_rows_are_not_asked_for_and_texts_are_neutral_in_a_queue(served: Served, ceteris_) -> None:
    rows = served.rows(300, labelled=0.9)
    spoilt = [json.loads(text) | {"city": "=cmd()"} for text in rows["inputs"]]
    log(served.root / "log.sqlite", rows.assign(inputs=[json.dumps(one) for one in spoilt]))
    said = ceteris_("monitor", "--log", "log.sqlite", "--last", "300", "--queue")
    assert said.code == ALARM  # all cities are another
    text = next((served.root / "release/review").iterdir()).read_text(encoding="utf-8")
    assert len(text.splitlines()) == 31
    assert "'=cmd()" in text
    assert ",=cmd()" not in text


def test_every_window_is_judged_on_request_and_the_newest_says_the_exit_code(served: Served, ceteris_) -> None:
    parts = [served.rows(moved=1.0, seed=1), served.rows(seed=2), served.rows(300, seed=3)]
    log(served.root / "log.sqlite", *parts)
    assert ceteris_("monitor", "--log", "log.sqlite", "--windows").code == 0
    assert [one["alarm"] for one in served.kept()] == [True, False]
    page = (served.root / "release/monitor/index.html").read_text(encoding="utf-8")
    assert "1 of 2 windows alarmed; where nothing had changed, 0.02 would on average, and so many by luck with" in page


def test_a_window_too_small_to_judge_leaves_the_page_with_those_before_it(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(moved=1.0, seed=1), *[served.rows(100, seed=2)] * 5)
    _outcomes(served.root / "log.sqlite", "row-001000")
    said = ceteris_("monitor", "--log", "log.sqlite", "--windows")
    assert said.code == NOT_ENOUGH and "Not enough: 100 rows to judge" in said.out
    page = (served.root / "release/monitor/index.html").read_text(encoding="utf-8")
    assert "1 of 1 window alarmed" in page and "1 window more has too few rows to judge." in page
    assert "revenue" in page


def _outcomes(path: Path, row_id: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO outcomes (row_id, metric, value, at) VALUES (?, 'revenue', 3.0, 1e9)", (row_id,))
    connection.close()


def test_what_is_kept_is_the_same_for_the_same_window(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows())
    found = []
    for _ in range(2):
        ceteris_("monitor", "--log", "log.sqlite")
        found.append({path.name: path.read_bytes() for path in (served.root / "release/monitor").iterdir()})
    assert found[0] == found[1]


def test_the_newest_rows_are_all_where_more_are_asked_for_than_there_are(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(300))
    said = ceteris_("monitor", "--log", "log.sqlite", "--last", 10**30)
    assert (said.code, said.err) == (0, "") and "300 rows (lines 1 to 300 of the log)" in said.out


def test_rows_of_other_models_are_left_out_and_told(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(250, seed=1), served.rows(40, seed=2, model="o" * 64), served.rows(250, seed=3))
    said = ceteris_("monitor", "--log", "log.sqlite")
    assert (said.code, said.err) == (0, "Left out: 40 rows of 1 other model.\n")
    assert "500 rows (lines 1 to 540 of the log)" in said.out


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        (499, (), "Not enough: 499 of the 500 rows of a window (monitor.rows) are in the log yet."),
        (150, ("--last", "500"), "Not enough: 150 rows to judge, and under 200 nothing is told."),
        (0, (), "holds no row of this package's model"),
    ],
)
def test_too_few_rows_are_an_exit_code_of_their_own(
    served: Served, ceteris_, rows: int, options: tuple[str, ...], sentence
) -> None:
    log(served.root / "log.sqlite", served.rows(rows) if rows else served.rows(300, model="o" * 64))
    said = ceteris_("monitor", "--log", "log.sqlite", *options)
    assert said.code == NOT_ENOUGH
    assert sentence in said.out + said.err
    assert not (served.root / "release/review").exists()


def spoil(served: Served, how: str) -> None:
    path = served.root / "log.sqlite"
    if how == "absent":
        return
    if how == "no database":
        path.write_text("a log" * 1000)
        return
    if how == "another database":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE things (x)")
        return
    log(path, served.rows())
    with sqlite3.connect(path) as connection:
        if how == "newer":
            connection.execute("UPDATE meta SET value = '2'")
        if how == "no object":
            connection.execute("UPDATE inferences SET inputs = '[]' WHERE seq = 7")
        if how == "a column of another name":
            connection.execute("ALTER TABLE inferences RENAME COLUMN inputs TO asked")
        if how == "a time that is none":
            connection.execute("UPDATE inferences SET at = 'x' WHERE seq > 4")
        if how == "an outcome without end":
            connection.execute("INSERT INTO outcomes SELECT 9, row_id, 'revenue', 9e999, 1.0 FROM inferences WHERE seq = 7")
    if how == "no package":
        shutil.rmtree(served.root / "release/model")
    if how == "tampered":
        (served.root / "release/model/reference.parquet").write_bytes(b"x")
    if how == "groups":
        text = (served.root / "release/release.yaml").read_text()
        lines = [line if not line.startswith("  groups:") else "  groups:\n    - town" for line in text.splitlines()]
        (served.root / "release/release.yaml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        ("absent", 2, "log.sqlite is not there: no log was written."),
        ("no database", 8, "log.sqlite is no SQLite file, or a damaged one."),
        ("another database", 8, "log.sqlite is a SQLite file, and no log of ceteris."),
        ("newer", 8, "log.sqlite is a log of form 2, and this ceteris reads 1."),
        ("no object", 2, "Line 7 of the log holds inputs that are no JSON object."),
        (
            "a column of another name",
            8,
            "log.sqlite is no log as ceteris writes one: no such column: inputs. Name another file",
        ),
        ("a time that is none", 8, "496 lines of the log can have no such 'at' as stands there, as line 5 of its table."),
        ("an outcome without end", 8, "1 line of the log can have no such 'value' as stands there, as line 9 of its table."),
        ("no package", 2, "release/model holds no manifest.json: no model was packaged there."),
        ("tampered", 8, "'reference.parquet' differ from the manifest."),
        ("groups", 2, "monitor.groups names 'town', which is no feature of the model."),
    ],
)
def test_a_fault_is_a_sentence_and_nothing_is_written(served: Served, ceteris_, how: str, code: int, sentence: str) -> None:
    spoil(served, how)
    said = ceteris_("monitor", "--log", "log.sqlite")
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert not (served.root / "release/monitor").exists()


def test_a_reference_that_is_no_table_or_lacks_a_column_is_refused_though_the_manifest_fits(served: Served, ceteris_) -> None:
    folder = served.root / "release/model"
    known = pd.read_parquet(folder / "reference.parquet")
    known.drop(columns=["ceteris:predicted", "age"]).to_parquet(folder / "reference.parquet")
    for sentence in ("reference.parquet lacks 'age', 'ceteris:predicted'.", "reference.parquet is no table that can be read."):
        (served.root / "log.sqlite").unlink(missing_ok=True)
        resealed(folder)
        model = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        log(served.root / "log.sqlite", served.rows().assign(model=model))
        said = ceteris_("monitor", "--log", "log.sqlite")
        assert said.code == 8 and sentence in said.err
        (folder / "reference.parquet").write_bytes(b"PAR1")


def test_a_locked_log_is_told_and_one_that_is_being_written_is_read(served: Served, ceteris_, monkeypatch) -> None:
    monkeypatch.setattr("ceteris.serving.log_file.PATIENCE", 0.1)
    path = log(served.root / "log.sqlite", served.rows())
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM inferences")
    assert ceteris_("monitor", "--log", "log.sqlite").code == 0
    writer.execute("ROLLBACK")
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.execute("BEGIN EXCLUSIVE")
    said = ceteris_("monitor", "--log", "log.sqlite")
    writer.close()
    assert (said.code, said.err) == (
        7,
        "log.sqlite is locked: another process is writing it. Wait for it, or end it, then try again.\n",
    )


def test_a_spoilt_queue_is_named_and_moved_out_by_its_owner(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows())
    (served.root / "release/review").mkdir()
    (served.root / "release/review/mine.csv").write_text("id;label\n1;cat\n")
    said = ceteris_("monitor", "--log", "log.sqlite")
    assert (said.code, "mine.csv is no queue any more" in said.err) == (8, True)


@pytest.mark.parametrize(
    ("source", "pi"), [("random", 0.0), ("random", -1.0), ("random", np.inf), ("active", 2.0), ("mine", 1.0)]
)
def test_a_queue_whose_chances_were_changed_measures_nothing(tmp_path: Path, source: str, pi: float) -> None:
    write_table(tmp_path / "a.csv", pd.DataFrame({"id": ["007"], "label": [""], "source": [source], "pi": [pi]}))
    with pytest.raises(IntegrityError, match="changed in the columns source or pi, of '007'"):
        asked_before(tmp_path)


def test_a_row_that_two_queues_ask_for_has_the_chance_of_the_first(tmp_path: Path) -> None:
    for name, pi in (("a", 0.2), ("b", 0.9)):
        write_table(tmp_path / f"{name}.csv", pd.DataFrame({"id": ["007"], "label": [""], "source": ["random"], "pi": [pi]}))
    assert asked_before(tmp_path) == {"007": ("random", 0.2)}


def test_names_from_a_log_stay_text_on_the_page(served: Served, ceteris_) -> None:
    rows = served.rows()
    spoilt = [json.loads(text) | {"city": "<script>alert(1)</script>$x_1$"} for text in rows["inputs"]]
    log(served.root / "log.sqlite", rows.assign(inputs=[json.dumps(one) for one in spoilt]))
    assert ceteris_("monitor", "--log", "log.sqlite").code == ALARM
    page = (served.root / "release/monitor/index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_an_exported_window_says_as_a_stage_what_it_says_of_the_log(served: Served, ceteris_) -> None:
    log(served.root / "log.sqlite", served.rows(moved=1.0))
    assert ceteris_("monitor", "--log", "log.sqlite", "--export", "data/windows/first.parquet").code == 0
    assert not (served.root / "release/monitor").exists()
    assert ceteris_("monitor", "--log", "log.sqlite").code == ALARM
    shutil.copytree(REPOSITORY / "src", served.root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    run(served.root, "git", "init", "-q")
    run(served.root, "dvc", "init", "-q")
    environment = {"DVC_SITE_CACHE_DIR": str(served.root.with_name("site"))}
    said = run(served.root, "dvc", "repro", "release/watch/dvc.yaml", **environment)
    assert "watch: first.parquet: Alarm: " in said.stderr
    for path in (served.root / "release/monitor").iterdir():
        assert path.read_bytes() == (served.root / "release/watch/results" / path.name).read_bytes(), path.name
    again = run(served.root, "dvc", "repro", "release/watch/dvc.yaml", **environment)
    assert "didn't change, skipping" in again.stdout
