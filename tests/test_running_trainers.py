"""A command of one's own: its runs, all that can go wrong with one, and that nothing of it lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from own_trainers import CENTROIDS, PERL, WRONG
from small import CLASSES, REPOSITORY

from ceteris.errors import BadInputError
from ceteris.training.cells import Cell, Draw
from ceteris.training.fitted import Job, fit_cells
from ceteris.training.pred_probs import out_of_fold
from ceteris.training.running_trainers import Trainer, program_of

RNG = np.random.default_rng(2)
CODES = np.arange(60) % 3
FEATURES = pd.DataFrame(RNG.normal(size=(60, 2)) + 2 * np.eye(3)[CODES][:, :2], columns=["x", "y"])
FEATURES.index = pd.Index([f"row-{row:03d}" for row in range(60)], dtype=object)
TRAIN, JUDGED = FEATURES.iloc[:45], FEATURES.iloc[45:]
PYTHON = sys.executable


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that holds the training loops."""
    for name, source in {"centroids.py": CENTROIDS, "nearest.pl": PERL, "wrong.py": WRONG}.items():
        (tmp_path / name).write_text(source)
    return tmp_path


def trainer(home: Path, command: str = "centroids.py {train} {predict} {out} {seed}", **more: Any) -> Trainer:
    return Trainer(f"{PYTHON} {command}", root=home, classes=CLASSES, called="net/given", **{"exchange": "csv"} | more)


def cell_of(model: Trainer, seeds: int = 3, labels: np.ndarray = CODES[:45]) -> Cell:
    job = Job("net", "given", model, TRAIN, (Draw(None, labels),), tuple(range(seeds)))
    ((_, cell),) = fit_cells([job], JUDGED, 3)
    return cell


# what a run gives


def test_a_run_trains_and_predicts_and_ids_decide_which_row_is_which(home: Path) -> None:
    found = trainer(home).fit(TRAIN, CODES[:45])
    assert (found.predict(JUDGED) == CODES[45:]).mean() > 0.6
    assert np.allclose(found.predict_proba(JUDGED).sum(axis=1), 1)
    assert np.array_equal(found.predict_proba(JUDGED).argmax(axis=1), found.predict(JUDGED))


def test_predictions_and_probabilities_of_the_same_rows_are_one_run(home: Path) -> None:
    model = trainer(home, "-c 'import sys, pathlib; pathlib.Path(\"runs\").open(\"a\").write(\"x\"); "
                          "sys.argv = sys.argv[0:1] + sys.argv[1:]; exec(open(\"centroids.py\").read())' "
                          "{train} {predict} {out} {seed}")  # fmt: skip
    assert cell_of(model).fits == 3
    assert (home / "runs").read_text() == "xxx"


def test_a_command_that_draws_is_run_once_a_seed_and_its_seeds_differ(home: Path) -> None:
    cell = cell_of(trainer(home), seeds=4)
    assert (cell.deterministic, cell.fits, cell.predicted.shape) == (False, 4, (4, 15))
    assert cell.pred_probs is not None
    assert len({probabilities.tobytes() for probabilities in cell.pred_probs}) == 4
    again = cell_of(trainer(home), seeds=4)
    assert again.pred_probs is not None
    assert np.array_equal(again.pred_probs, cell.pred_probs)


def test_a_command_whose_seeds_give_equal_probabilities_is_run_twice_only(home: Path) -> None:
    (home / "still.py").write_text(CENTROIDS.replace("rng.gauss(0, 0.05)", "0"))
    cell = cell_of(trainer(home, "still.py {train} {predict} {out} {seed}"), seeds=9)
    assert (cell.deterministic, cell.fits) == (True, 2)


def test_equal_labels_prove_no_determinism_where_a_seed_was_given(home: Path) -> None:
    (home / "labels.py").write_text(
        CENTROIDS.replace('["id", *classes]', '["id", "label"]').replace(
            "*(weight / sum(weights) for weight in weights)", "classes[weights.index(max(weights))]"
        )
    )
    cell = cell_of(trainer(home, "labels.py {train} {predict} {out} {seed}"), seeds=4)
    assert (cell.deterministic, cell.fits, cell.pred_probs) == (False, 4, None)


def test_another_language_that_writes_labels_and_knows_no_seed_is_run_twice(home: Path) -> None:
    model = trainer(home).set_params(command="perl nearest.pl {train} {predict} {out}")
    cell = cell_of(model, seeds=6)
    assert (cell.deterministic, cell.fits, cell.pred_probs) == (True, 2, None)
    assert (cell.predicted[0] == CODES[45:]).mean() > 0.6


def test_its_cpu_time_is_counted(home: Path) -> None:
    (home / "busy.py").write_text("import time\nwhile time.process_time() < 0.5: pass\n" + CENTROIDS)
    assert cell_of(trainer(home, "busy.py {train} {predict} {out} {seed}"), seeds=1).cpu_seconds > 0.5


def test_parquet_and_csv_carry_the_same_values(home: Path) -> None:
    (home / "both.py").write_text(
        "import sys, pandas as pd\n"
        "train, predict, out = sys.argv[1:]\n"
        "read = pd.read_csv if train.endswith('csv') else pd.read_parquet\n"
        "rows, judged = read(train), read(predict)\n"
        "assert list(rows.columns) == ['id', 'label', 'weight', 'x', 'feature:label'], list(rows.columns)\n"
        "assert list(judged.columns) == ['id', 'x', 'feature:label'], list(judged.columns)\n"
        "share = 1 / (1 + abs(judged['x'] * rows['x'].sum() + rows['weight'].sum()))\n"
        "found = pd.DataFrame({'id': judged['id'], 'ant': share, 'bee': 1 - share, 'cow': 0.0})\n"
        "found.set_index('id').to_parquet(out) if out.endswith('parquet') else found.to_csv(out, index=False)\n"
    )
    rows = pd.DataFrame({"x": FEATURES["x"], "label": [None, "a\rb", 'c"d', "e,f\ng"] * 15}, index=FEATURES.index)
    found = [
        trainer(home, "both.py {train} {predict} {out}", exchange=exchange)
        .fit(rows.iloc[:45], CODES[:45], sample_weight=np.full(45, 0.1))
        .predict_proba(rows.iloc[45:])
        for exchange in ("csv", "parquet")
    ]
    assert np.array_equal(*found)


def test_a_class_without_train_rows_needs_no_column(home: Path) -> None:
    cell = cell_of(trainer(home), seeds=1, labels=CODES[:45] % 2)
    assert cell.pred_probs is not None
    assert (cell.pred_probs[0, :, 2] == 0).all()
    assert np.allclose(cell.pred_probs.sum(axis=2), 1)


def test_each_fold_of_an_audit_is_a_run_that_has_not_seen_the_rows_it_judges(home: Path) -> None:
    (home / "seen.py").write_text(
        CENTROIDS + "assert not {row['id'] for row in rows} & {row['id'] for row in judged}\n"
        "open('folds', 'a').write(' '.join(row['id'] for row in judged) + ' ')\n"
    )
    model = trainer(home, "seen.py {train} {predict} {out} {seed}")
    found = out_of_fold(model, FEATURES, CODES, 3, folds=4)
    assert found.shape == (60, 3)
    assert sorted((home / "folds").read_text().split()) == list(FEATURES.index)
    assert sorted(path.name for path in (home / ".ceteris/trainers/audit").iterdir()) == [f"fold-{fold}" for fold in range(4)]


def test_an_audit_by_labels_alone_is_refused(home: Path) -> None:
    model = trainer(home).set_params(command="perl nearest.pl {train} {predict} {out}")
    with pytest.raises(BadInputError, match=r"Probabilities are needed here, and the command of audit/fold-0 wrote labels\."):
        out_of_fold(model, FEATURES, CODES, 3, folds=4)


def test_what_it_prints_is_kept_and_its_tables_are_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = home / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    cell_of(trainer(home), seeds=2)
    assert (home / ".ceteris/trainers/net/given/seed-1.out").read_text() == "45 rows\n"
    assert list(scratch.iterdir()) == []


def test_a_long_run_tells_its_last_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ceteris.training.running_trainers._TOLD_EVERY", 0.3)
    (home / "slow.py").write_text("import time\nprint('epoch 1')\nprint('epoch 2')\ntime.sleep(1.5)\n" + CENTROIDS)
    cell_of(trainer(home, "slow.py {train} {predict} {out} {seed}"), seeds=1)
    assert "net/given: 1 s. epoch 2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["; touch hit", "$(touch hit)", "`touch hit`", "a b", "{seed}", "&& touch hit", "--x"])
def test_no_name_is_run_by_a_shell_or_leaves_its_word(home: Path, name: str) -> None:
    (home / "words.py").write_text("import json, sys\njson.dump(sys.argv[4:], open('words', 'w'))\n" + CENTROIDS)
    place = home / name
    place.mkdir()
    for file in ("words.py", "centroids.py"):
        (place / file).write_text((home / file).read_text())
    model = Trainer(
        f"{PYTHON} words.py {{train}} {{predict}} {{out}} {{seed}} x={{out}}", "csv", 60.0, place, CLASSES, called="net/given"
    )
    cell_of(model, seeds=1)
    assert not list(home.rglob("hit"))
    assert len(pd.read_json(place / "words", typ="series")) == 2


# all that goes wrong


FAULTS = {
    "fails": "seed 0 ended with exit code 1.\nThe last lines of its stderr:\n*RuntimeError: CUDA out of memory",
    "dies": "seed 0 ended with signal 11. It said nothing on stderr.",
    "hangs": "seed 0 was stopped after 1 seconds, with all that it had started.",
    "writes nothing": "seed 0 wrote to {out} is not there.",
    "an empty file": "seed 0 wrote to {out} is empty.",
    "a folder": "seed 0 wrote to {out} is not there.",
    "half a file": "holds NaN, infinite or empty values in rows 'row-059'",
    "half a Parquet file": "cannot be read as Parquet",
    "not UTF-8": "cannot be read as CSV: 'utf-8' codec",
    "rows missing": "other rows than the 15 that were to be predicted; 3 rows are missing: 'row-057', 'row-058', 'row-059'",
    "rows too many": "1 row is unknown: 'row-999'",
    "a row twice": "1 row is repeated: 'row-045'",
    "no ids": "has the columns 'ant', 'bee', 'cow': `id` must be among them",
    "row numbers for ids": "15 rows are missing: 'row-045', 'row-046', 'row-047', 'row-048', 'row-049' and 10 more",
    "a long row": "cannot be read as CSV: ",
    "NaN": "holds NaN, infinite or empty values in rows 'row-046'; the first is (nan, 0.25, 0.25)",
    "text for a number": "holds NaN, infinite or empty values in rows 'row-046'",
    "logits": "holds values outside 0 to 1 in rows 'row-046'; the first is (2.5, -1.5, 0)",
    "percentages": "holds values outside 0 to 1 in rows 'row-046'",
    "no sum of 1": "holds probabilities that do not sum to 1 in rows 'row-046'; the first is (0.5, 0.25, 0.2)",
    "a strange class": "'ants' are no classes. Did you mean 'ant'?",
    "a class lacking": "the classes 'cow' have none.",
    "a column twice": "'bee.1' are no classes.",
    "a strange label": "holds labels that are no classes, 'cows' first, in rows 'row-045'. Did you mean 'cow'?",
    "an empty label": "holds labels that are no classes, '' first, in rows 'row-045'",
    "ids alone": "the classes 'ant', 'bee', 'cow' have none.",
}


@pytest.mark.parametrize("how", FAULTS)
def test_what_goes_wrong_is_a_sentence_on_model_version_and_seed(home: Path, how: str) -> None:
    timeout = 1.0 if how == "hangs" else 60.0
    model = trainer(home, f"wrong.py '{how}' {{train}} {{predict}} {{out}} {{seed}}", timeout=timeout)
    with pytest.raises(BadInputError) as refusal:
        cell_of(model)
    said = str(refusal.value)
    assert "he command of net/given, seed 0" in said
    for words in FAULTS[how].split("*"):
        assert words in said
    assert ".ceteris/trainers/net/given/seed-0.out and .err" in said
    assert len(said) < 3000


def test_a_program_that_is_not_there_is_refused_before_anything_runs(home: Path) -> None:
    with pytest.raises(BadInputError, match=r"The program 'pyhton', .* is not found\. Install it"):
        program_of("pyhton", home)
    with pytest.raises(BadInputError, match=r"'\./nearest\.pl', .* is not found\. Install it, .*: chmod \+x FILE"):
        program_of("./nearest.pl", home)
    (home / "nearest.pl").chmod(0o755)
    assert program_of("./nearest.pl", home) == str(home / "nearest.pl")


def test_vectors_in_a_csv_file_are_refused(home: Path) -> None:
    rows = pd.DataFrame({"v": [np.ones(3, dtype=np.float32)] * 45}, index=TRAIN.index)
    with pytest.raises(BadInputError, match=r"The columns 'v' hold vectors, which no CSV file can\."):
        trainer(home).fit(rows, CODES[:45]).predict(rows)


# nothing of it lives on


def gone(*processes: int) -> bool:
    """Whether all of these processes end within some seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not any(alive(process) for process in processes):
            return True
        time.sleep(0.1)
    return False


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def started_by(home: Path, how: str) -> list[int]:
    """Return the processes that the command notes in its log, when it has."""
    log = home / ".ceteris/trainers/net/given/seed-0.out"
    until = time.monotonic() + 60
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < until, f"{how} did not start"
        time.sleep(0.05)
    return [int(word) for word in log.read_text().split()]


@pytest.fixture
def fitting(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that fits a command which never ends."""
    program = (
        "import sys, numpy as np, pandas as pd; from pathlib import Path\n"
        "from ceteris.training.running_trainers import Trainer\n"
        f"rows = pd.DataFrame({{'x': np.zeros(6)}}); home = Path({str(home)!r})\n"
        f"command = {PYTHON!r} + ' wrong.py hangs {{train}} {{predict}} {{out}} {{seed}}'\n"
        "model = Trainer(command, 'csv', 600.0, home, ('ant', 'bee', 'cow'), 'net/given')\n"
        "model.fit(rows, np.arange(6) % 3).predict(rows)\n"
    )
    (home / "scratch").mkdir()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src"), "TMPDIR": str(home / "scratch")}
    process = subprocess.Popen(
        [PYTHON, "-c", program], env=environment, stderr=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_caller_that_is_stopped_leaves_no_process_and_no_table(
    fitting: subprocess.Popen[bytes], home: Path, number: signal.Signals
) -> None:
    processes = started_by(home, "the command")
    assert all(alive(process) for process in processes)
    fitting.send_signal(number)
    assert fitting.wait(20) != 0
    assert gone(*processes)
    until = time.monotonic() + 5
    while list((home / "scratch").iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    assert list((home / "scratch").iterdir()) == []


@pytest.mark.parametrize("how", ["hangs", "leaves a child"])
def test_what_a_command_started_ends_with_it(home: Path, how: str) -> None:
    model = trainer(home, f"wrong.py '{how}' {{train}} {{predict}} {{out}} {{seed}}", timeout=2.0 if how == "hangs" else 60.0)
    if how == "hangs":
        with pytest.raises(BadInputError, match="raise `timeout` of this model"):
            cell_of(model, seeds=1)
    else:
        cell_of(model, seeds=1)
    assert gone(*started_by(home, how))


# the example


@pytest.mark.parametrize("seed", [0, 1])
def test_the_torch_example_learns_and_repeats_itself(home: Path, seed: int) -> None:
    python = os.environ.get("CETERIS_TORCH", PYTHON)  # of an environment of its own: torch is none of our libraries
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("no torch here: name a Python that has it in CETERIS_TORCH (CONTRIBUTING.md)")
    (home / "torch_train.py").write_text((REPOSITORY / "examples/torch_train.py").read_text())
    command = f"{python} torch_train.py {{train}} {{predict}} {{out}} {{seed}}"
    model = trainer(home, exchange="parquet").set_params(command=command, random_state=seed)
    found = [model.fit(TRAIN, CODES[:45]).predict_proba(JUDGED) for _ in range(2)]
    assert np.array_equal(*found)
    assert (found[0].argmax(axis=1) == CODES[45:]).mean() > 0.6
