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
from ceteris.dataset import ID, LABEL
from ceteris.splitting.splits import TRAIN
from ceteris.store import read_parquet, write_parquet

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
        first = _opened(long), _opened(short)
        opened = side_by_side(
            f"a queue of {LONG:,} rows opens", f"one of {SHORT} rows", lambda: _opened(long), lambda: _opened(short),
            rounds=5, aim="1",
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
            f"The first opening after the audit: {first[0]:.2f} s of the long queue, {first[1]:.2f} s of the short one.",
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
    """Return a copy of a repository whose train part holds so many rows, audited."""
    import small

    shutil.copytree(short, long)
    split, names = long / "data/split", {"id": ID, "label": LABEL}
    many = small.table(rows).drop(columns="truth").rename(columns=names)
    write_parquet(split / "train.parquet", many)
    parts = read_parquet(split / "parts.parquet")
    added = pd.DataFrame({"id": many[ID], "part": TRAIN})
    write_parquet(split / "parts.parquet", pd.concat([parts[parts["part"] != TRAIN], added], ignore_index=True))
    with open(os.devnull, "w", encoding="utf-8") as quiet, contextlib.redirect_stderr(quiet):
        small.run_stages(long, "audit")
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
