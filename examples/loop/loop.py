"""The production loop, end to end, in a scratch folder: `make loop`.

A model is accepted, packaged and served; a stream of digits is sent to it, which another writer joins; the monitor alarms, a
simulated reviewer labels what it asks for, the model is trained with these labels and without, passes the gate, and is served.
`docs/loop.md` is written from what came out, with its figures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from stream import PIXELS, known_digits, stream, with_errors

ROOT = Path(__file__).resolve().parents[2]
CETERIS = "from ceteris.cli import main; main()"
LOG, WINDOW, ALARM, BATCH = "requests.sqlite", 200, 10, "another-writer"
SERVED = "logistic/reviewed-simulated"


@dataclass
class Loop:
    """What was done, and what came out.

    Attributes
    ----------
    root : Path
        The scratch folder.
    windows : list
        Of each window that was looked at: what the monitor keeps of it, and how many of its rows were right.
    told : list of (str, str)
        Each command that was run, and what it printed.
    retrained : dict or None
        The line of release/retrained.csv.
    """

    root: Path
    windows: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    retrained: dict[str, Any] | None = None
    wrong_labels: tuple[int, int] = (0, 0)

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> int:
        """Run a ceteris command in the scratch folder, and return its exit code."""
        print(f"$ ceteris {' '.join(words)}", flush=True)
        done = subprocess.run(
            [sys.executable, "-c", CETERIS, *words],
            cwd=self.root,
            env=environment(self.root),
            capture_output=True,
            encoding="utf-8",
        )
        said = done.stdout + (done.stderr if done.returncode not in codes else "")
        print("".join(f"  {line}\n" for line in said.splitlines()), end="", flush=True)
        if done.returncode not in codes:
            raise SystemExit(f"ceteris {words[0]} ended with {done.returncode}")
        self.told.append((f"ceteris {' '.join(words)}", done.stdout))
        return done.returncode

    def tool(self, *words: str) -> None:
        """Run git or DVC in the scratch folder."""
        done = subprocess.run(words, cwd=self.root, env=environment(self.root), capture_output=True, encoding="utf-8")
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.tool("git", "add", "-A")
        self.tool("git", "-c", "user.name=loop", "-c", "user.email=loop@example.org", "commit", "-q", "-m", message)


def environment(root: Path) -> dict[str, str]:
    """Return the environment of commands in the scratch folder: its own code, one thread, no word to DVC's makers."""
    return os.environ | {
        "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DVC_NO_ANALYTICS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "110",
    }  # fmt: skip


def prepare(root: Path, settings: Mapping[str, Any]) -> Loop:
    """Clone the repository into a scratch folder, on the digits that are known, and run its pipeline."""
    from ceteris.starting.params_file import changed

    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
    loop = Loop(root)
    known_digits(settings["stream"]["seed"]).to_parquet(root / "data/source/digits.parquet", index=False)
    logistic = {
        "estimator": "sklearn.linear_model.LogisticRegression",
        "prepare": "scaled",
        "params": {"C": 0.1, "max_iter": 1000},
    }
    edit = {
        ("ingest", "source"): "data/source/digits.parquet",
        ("ingest", "id"): "id",
        ("fix", "recipes"): {"given": None, "reviewed-simulated": [{"step": "simulate_review", "rows": 300}]},
        ("train", "models"): {"logistic": logistic},
        ("compare", "planned"): [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "reviewed-simulated"}],
    }
    _edit(root / "params.yaml", changed, edit)
    terms = {
        ("monitor", "rows"): WINDOW, ("monitor", "queue_rows"): 180, ("monitor", "random"): 0.3,
        ("retrain", "cool_down_hours"): 0.0, ("retrain", "margin"): 0.05,
    }  # fmt: skip
    _edit(root / "release/release.yaml", changed, terms)
    print("$ dvc repro", flush=True)
    loop.tool("dvc", "repro")
    loop.commit("The digits that are known")
    return loop


def _edit(path: Path, changed: Any, edit: Mapping[tuple[str, ...], Any]) -> None:
    path.write_text(changed(path.read_text(encoding="utf-8"), dict(edit)), encoding="utf-8")


@contextlib.contextmanager
def served(loop: Loop) -> Iterator[str]:
    """Serve release/model, and yield its address; what was answered is in the log when this ends."""
    command = [sys.executable, "-c", CETERIS, "serve", "release/model", "--port", "0", "--log", LOG]
    print(f"$ ceteris {' '.join(command[3:])}", flush=True)
    with subprocess.Popen(
        command, cwd=loop.root, env=environment(loop.root), stderr=subprocess.STDOUT, stdout=subprocess.PIPE, encoding="utf-8"
    ) as server:
        assert server.stdout is not None
        address = None
        for line in server.stdout:
            print(f"  {line}", end="", flush=True)
            found = re.search(r"http://[\w.:]+", line)
            if found:
                address = found[0]
                break
        if address is None:
            raise SystemExit("the server did not start")
        try:
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=60)


def send(address: str, rows: pd.DataFrame) -> int:
    """Ask for rows, ten a request, and return how many were answered rightly."""
    right = 0
    for start in range(0, len(rows), 10):
        part = rows.iloc[start : start + 10]
        asked = [{"id": row["id"], **{name: row[name] for name in PIXELS}} for row in part.to_dict("records")]
        request = urllib.request.Request(
            f"{address}/predict", json.dumps({"rows": asked}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = {one["id"]: one["label"] for one in json.load(answer)["predictions"]}
        right += sum(said[row["id"]] == row["label"] for row in part.to_dict("records"))
    return right


def watch(loop: Loop, rows: pd.DataFrame, right: int) -> bool:
    """Let the monitor judge the newest window, and return whether it alarms."""
    code = loop.run("monitor", "--log", LOG, codes=(0, ALARM))
    newest = max((loop.root / "release/monitor").rglob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    kept = json.loads(newest.read_text(encoding="utf-8"))
    loop.windows.append({"kept": kept, "n_right": right, "drifted": int(rows["drifted"].sum()), "alarm": code == ALARM})
    return code == ALARM


def review(loop: Loop, rows: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Fill in every queue that came back, as a reviewer does who errs now and then, and bring the labels into the log."""
    truth, wrong, asked = rows.set_index("id")["label"], 0, 0
    for path in sorted((loop.root / "release/review").glob("*.csv")):
        queue = pd.read_csv(path, dtype={"id": str, "label": str})
        right = truth.loc[queue["id"]].reset_index(drop=True)
        queue["label"] = with_errors(right, settings["review"]["errors"], settings["stream"]["seed"])
        wrong, asked = wrong + int((queue["label"] != right).sum()), asked + len(queue)
        queue.to_csv(path, index=False)
        loop.run("labels", str(path.relative_to(loop.root)), "--log", LOG, "--who", "simulated", "--source", "review")
    loop.wrong_labels = wrong, asked


def run(root: Path, settings: Mapping[str, Any]) -> Loop:
    """Go through the loop once, and return what came out."""
    loop = prepare(root, settings)
    loop.run("accept", SERVED, "--baseline", "logistic/given")
    loop.commit("The first model that is served")
    rows = stream(settings)
    whole = [rows.iloc[start : start + WINDOW] for start in range(0, len(rows) - WINDOW + 1, WINDOW)]
    left, alarms = list(whole), 0
    with served(loop) as address:
        while left and alarms < settings["review"]["windows"]:
            window = left.pop(0)
            alarms += watch(loop, window, send(address, window))
    if not alarms:  # labels of a quiet window are asked for all the same: they are to promote nothing
        loop.run("monitor", "--log", LOG, "--queue")
    review(loop, rows, settings)
    code = loop.run("retrain", "--log", LOG, "--batch", BATCH, codes=(0, 9, 13))
    loop.retrained = pd.read_csv(loop.root / "release/retrained.csv", dtype=str).iloc[-1].to_dict()
    loop.commit("What came back")
    if code == 0:
        with served(loop) as address:
            for window in left:
                watch(loop, window, send(address, window))
    return loop


def main() -> None:
    """Run the loop and write its page."""
    from ceteris.store import read_yaml

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--params", type=Path, default=Path(__file__).with_name("loop.yaml"))
    parser.add_argument("--keep", type=Path, help="A new folder that the project stays in; default: a temporary one.")
    parser.add_argument("--page", type=Path, default=ROOT / "docs", help="The folder of loop.md and its figures.")
    chosen = parser.parse_args()
    settings = read_yaml(chosen.params)
    with tempfile.TemporaryDirectory(prefix="ceteris-loop-") as scratch:
        loop = run(Path(scratch) / "project", settings)
        from page import write

        write(loop, settings, chosen.page)
        if chosen.keep:
            shutil.copytree(loop.root, chosen.keep, symlinks=True)


if __name__ == "__main__":
    main()
