"""A command of the user's own as a classifier: each fit is one run of it, which trains and predicts, judged by its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.command_line import OUT, PREDICT, SEED, TRAIN, filled, is_seeded, words_of
from ceteris.errors import BadInputError, CeterisError
from ceteris.fixing.tables_out import read_table_of, rows_out, table_bytes
from ceteris.store import STATE, home_of
from ceteris.training.kept import kept
from ceteris.training.predictions_table import checked

__all__ = ["LOGS", "Trainer", "program_of"]

LOGS = "trainers"  # below .ceteris: what each run said, under model/version/seed
_TOLD_EVERY = 10.0  # seconds
_LAST_LINES, _LAST_LETTERS = 8, 1500


class Trainer:
    """A classifier in scikit-learn's sense whose `fit` notes the rows and whose predictions are one run of the command.

    Parameters
    ----------
    command, exchange, timeout : as in `ModelRecipe`
    root : Path
        The repository, where the command runs.
    classes : tuple of str
        What the label codes stand for; empty: the codes themselves.
    called : str
        What it is run for, in refusals and as the name of its logs; whoever fits it says so.
    """

    alone = True  # one run at a time: how many cores, and which card, is the command's own business

    def __init__(
        self,
        command: str = "",
        exchange: str = "parquet",
        timeout: float = 3600.0,
        root: Path = Path(),
        classes: tuple[str, ...] = (),
        called: str = "a model",
        random_state: int = 0,
    ) -> None:
        self.command, self.exchange, self.timeout, self.root = command, exchange, timeout, root
        self.classes, self.called, self.random_state = classes, called, random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; `random_state` only where the command is told a seed: without one none can be promised."""
        names = ["command", "exchange", "timeout", "root", "classes", "called"]
        return {name: getattr(self, name) for name in [*names, *(["random_state"] if is_seeded(self.command) else [])]}

    def set_params(self, **params: Any) -> Trainer:
        """Set parameters, and return this."""
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Trainer:
        """Note the rows to train on; their index, where they have one, is their ids."""
        names = self.classes or tuple(map(str, range(int(np.max(y)) + 1)))
        self.classes_ = np.arange(len(names))
        labels = np.array(names, dtype=object)[np.asarray(y)]
        weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self._names, self._train = names, (X, labels, weights)
        self._ran: tuple[Any, np.ndarray, np.ndarray | None] | None = None
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the label code of each row, shape (n_rows,)."""
        return self._run_for(X)[1]

    @property
    def predict_proba(self) -> Any:
        """Return a function to probabilities, shape (n_rows, n_classes); absent once a run has brought labels alone."""
        ran = getattr(self, "_ran", None)
        if ran is not None and ran[2] is None:
            raise AttributeError("predict_proba")
        return self._probabilities

    def _probabilities(self, X: Any) -> np.ndarray:
        found: np.ndarray | None = self._run_for(X)[2]
        if found is None:
            raise BadInputError(
                f"Probabilities are needed here, and {self._who} wrote labels.",
                "Let it write one column a class beside `id`, or name a model that gives probabilities.",
            )
        return found

    def _run_for(self, X: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
        if self._ran is None or self._ran[0] is not X:
            self._ran = (X, *self._run(X))
        return self._ran

    @property
    def _who(self) -> str:
        seed = f", seed {self.random_state}" if is_seeded(self.command) else ""
        return f"the command of {self.called}{seed}"

    def _run(self, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
        rows, labels, weights = self._train
        with tempfile.TemporaryDirectory(prefix="ceteris-", ignore_cleanup_errors=True) as scratch:
            places = {name: str(Path(scratch, f"{name}.{self.exchange}")) for name in (TRAIN, PREDICT, OUT)}
            judged = rows_out(X)
            self._write(places[TRAIN], rows_out(rows, {"label": labels, "weight": weights}))
            self._write(places[PREDICT], judged)
            log = self._log()
            self._kept_to_its_end(places | {SEED: str(self.random_state)}, log, scratch)
            what = f"What {self._who} wrote to {{{OUT}}}"
            do = f"Correct the command of this model; {self._kept_in(log)}"
            table = read_table_of(Path(places[OUT]), what, do)
        trained = tuple(name for name in self._names if name in set(labels))
        return checked(table, judged["id"].to_numpy(dtype=object), self._names, what, do, trained)

    def _write(self, place: str, table: pd.DataFrame) -> None:
        try:
            Path(place).write_bytes(table_bytes(table, self.exchange))
        except OSError as error:
            raise CeterisError(f"{place} could not be written: {error.strerror}.", "Make room, or set TMPDIR.") from None

    def _log(self) -> Path:
        name = f"seed-{self.random_state}" if is_seeded(self.command) else "run"
        log = home_of(self.root) / STATE / LOGS / self.called / name
        log.parent.mkdir(parents=True, exist_ok=True)
        return log

    def _kept_in(self, log: Path) -> str:
        return f"all that it said is in {log.relative_to(home_of(self.root)).as_posix()}.out and .err"

    def _kept_to_its_end(self, places: Mapping[str, str], log: Path, scratch: str) -> None:
        words = filled(words_of(self.command), places)
        out, err = (log.with_name(f"{log.name}.{kind}") for kind in ("out", "err"))
        words[0] = program_of(words[0], self.root)
        environment = {"PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0"} | os.environ
        with kept(words, self.root, scratch, out=out, err=err, seconds=self.timeout, environment=environment) as process:
            how = _ending(process, self.called, lambda: _last_lines(out, 1) or _last_lines(err, 1))
        if how == "exit 0":
            return
        said = {
            "timeout": f"was stopped after {self.timeout:g} seconds, with all that it had started",
            "stopped": "was stopped from outside",
        }.get(how, f"ended with {how.replace('exit', 'exit code')}")
        do = (
            "Let it end sooner, or raise `timeout` of this model in params.yaml"
            if how == "timeout"
            else "Correct the command of this model"
        )
        lines = _last_lines(err)
        told = f"\nThe last lines of its stderr:\n{lines}\n" if lines else " It said nothing on stderr. "
        raise BadInputError(f"T{self._who[1:]} {said}.{told}", f"{do}; {self._kept_in(log)}")


def program_of(word: str, root: Path) -> str:
    """Return the file that the first word of a command names: on PATH, beside this Python, or below the repository.

    Raises
    ------
    BadInputError
    """
    found = shutil.which(word) or shutil.which(word, path=str(Path(sys.executable).parent))
    if "/" in word:
        found = str(root / word) if os.access(root / word, os.X_OK) and (root / word).is_file() else None
    if found is None:
        raise BadInputError(
            f"The program {word!r}, with which a command of params.yaml begins, is not found.",
            "Install it, name it by its path, or make it executable: chmod +x FILE",
        )
    return found


def _ending(process: subprocess.Popen[str], called: str, last: Callable[[], str]) -> str:
    """Wait for a kept command, telling its last line from time to time, and return how it ended."""
    started = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=_TOLD_EVERY)[0].strip() or "stopped"
        except subprocess.TimeoutExpired:
            print(f"{called}: {time.monotonic() - started:,.0f} s. {last()}".rstrip(), file=sys.stderr, flush=True)


def _last_lines(path: Path, most: int = _LAST_LINES) -> str:
    """Return the last lines of a file as plain text, short enough for a refusal."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4 * _LAST_LETTERS))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = ["".join(letter for letter in line if letter.isprintable()).rstrip() for line in text.splitlines()]
    return "\n".join([line for line in lines if line][-most:])[-_LAST_LETTERS:]
