"""A review at a person's pace: from a key press to the next row on the screen; and how a long queue opens beside a short."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import pandas as pd

from benchmarks.ratios import Result, side_by_side, table
from benchmarks.repository import ROOT, environment
from ceteris.dataset import LABEL

PRESSES, PACE = 150, 120  # keys, and milliseconds between them
SHORT, LONG = 100, 1_000_000  # train rows, about
P50, P95 = 50.0, 100.0  # milliseconds
_OPEN = """
import sys, time
from ceteris.reviewing.session import open_session
started = time.perf_counter()
rows, _ = open_session("train", reviewer="bench", root=sys.argv[1]).deal(20)
assert len(rows) == 20
print(time.perf_counter() - started)
"""
# From the press, as the browser stamped it, to the first moment after the frame that holds the next row.
_CLOCK = """
() => {
  window.clocked = [];
  const shown = () => document.querySelector('[data-testid=review-row] .id')?.textContent;
  window.addEventListener('keydown', (event) => {
    const before = shown();
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => window.clocked.push(shown() === before ? NaN : performance.now() - event.timeStamp);
      painted.port2.postMessage(null);
    });
  }, true);
}
"""


def run() -> Result:
    """Return the milliseconds of key presses, and what opening takes."""
    for folder in ("tests/browser", "tests"):  # the JupyterLab and the small worlds of the tests
        sys.path.insert(0, str(ROOT / folder))
    with tempfile.TemporaryDirectory(prefix="ceteris-bench-") as name:
        short = _world(Path(name) / "short", SHORT)
        long = _longer(short, Path(name) / "long", LONG)
        first = _opened(long)  # orders are made once, and kept until the audit is run anew
        _opened(short)
        opened = side_by_side(
            f"a queue of {LONG:,} rows opens", f"one of {SHORT} rows", lambda: _opened(long), lambda: _opened(short),
            rounds=3, aim="1",
        )  # fmt: skip
        load = os.getloadavg()[0]
        spent = _pressed(_world(Path(name) / "pressed", 2 * PRESSES), Path(name) / "home")
    lost = sum(one != one for one in spent)
    known = sorted(one for one in spent if one == one)
    p50, p95 = statistics.median(known), known[int(0.95 * len(known))]
    row = (f"{len(spent)}", f"{p50:.0f}", f"{P50:.0f}", f"{p95:.0f}", f"{P95:.0f}", f"{lost}", f"{load:.1f}")
    return Result(
        (opened,),
        notes=(
            f"The first opening of the long queue after an audit makes its orders: {first:.1f} s.",
            f"From a key press to the frame that shows the next row, keys paced at {PACE} ms, in Chromium:",
            table(("presses", "p50, ms", "under", "p95, ms", "under", "late", "load"), [row]),
            "Late: presses after which the next frame held the same row still.",
        ),
    )


def _world(root: Path, rows: int) -> Path:
    """Return a repository of the small table, audited, whose train part holds so many rows."""
    import small
    from worlds import notebook

    small.repository(root, small.params(), small.table(2 * rows))
    with open(os.devnull, "w", encoding="utf-8") as quiet, contextlib.redirect_stderr(quiet):
        small.run_stages(root, "ingest", "validate", "split", "audit")
    notebook(root)
    return root


def _longer(short: Path, long: Path, rows: int) -> Path:
    """Return a copy of a repository with each of its rows so often that the train part holds `rows`, ids numbered on."""
    shutil.copytree(short, long)
    there = len(pd.read_parquet(short / "data/split/train.parquet", columns=[LABEL]))
    for path in [*(long / "data/split").glob("*.parquet"), *(long / "data/audit").glob("*.parquet")]:
        frame = pd.read_parquet(path)
        id = next((name for name in frame.columns if frame[name].astype(str).str.startswith("row-").all()), None)
        if id is None:
            continue
        times = -(-rows // there)
        many = frame.loc[frame.index.repeat(times)].reset_index(drop=True)
        many[id] = many[id] + "-" + pd.Series(list(islice(cycle(map(str, range(times))), len(many))))
        many.to_parquet(path, index=False)
    return long


def _opened(root: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(root)], env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"opening {root.name} failed:\n{done.stderr[-3000:]}")
    return float(done.stdout)


def _pressed(root: Path, home: Path) -> list[float]:
    """Return the milliseconds of each press, NaN where the next frame came without the next row."""
    from lab import Notebook, chromium, serve, until
    from worlds import NOTEBOOK

    with serve(root, home) as lab, chromium() as browser:
        notebook = Notebook(lab, browser.new_page(viewport={"width": 1400, "height": 1000}), NOTEBOOK).open()
        notebook.run_all()
        until(notebook.row, "a row")
        notebook.page.evaluate(_CLOCK)
        notebook.review.focus()
        for key in islice(cycle("123"), PRESSES):
            notebook.page.keyboard.press(key)
            notebook.page.wait_for_timeout(PACE)
        notebook.saved()
        return [float("nan") if one is None else float(one) for one in notebook.page.evaluate("window.clocked")]
