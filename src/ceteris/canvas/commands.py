"""The command about the canvas: `ceteris canvas` says where it parts from what is run, and draws it on a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, nearest

if TYPE_CHECKING:
    from ceteris.canvas.returns import Together
    from ceteris.canvas.terms import Canvas

__all__ = ["PARTS", "add_to"]

PARTS = 9  # the exit code where canvas and run say different things: no refusal, and nothing that a scheduler passes over


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(canvas)


def canvas(
    windows: Annotated[
        Path | None,
        typer.Option(help="A CSV file, a line a logged window, with the two metrics of live_evaluation as columns."),
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page here instead.")] = None,
) -> None:
    """Check canvas.yaml against params and gate, say what labelling returns, and draw it; exit code 9 where it parts."""
    import ceteris
    from ceteris.canvas.drawn import drawing, lines_of
    from ceteris.canvas.page import canvas_page
    from ceteris.canvas.reading import checked, read_canvas
    from ceteris.canvas.terms import FILE
    from ceteris.experiments.commands import tell_page
    from ceteris.experiments.pages import keep_canvas
    from ceteris.finding import findings
    from ceteris.store import find_root, write_text
    from ceteris.story import simulated_versions

    root = find_root()
    said = read_canvas(root)
    if said is None:
        raise BadInputError(f"{root / FILE} is not there, or nothing is filled in.", "Fill it in; docs/canvas.md says how.")
    bench = ceteris.open()
    found = checked(root, said, bench.params)
    measured = (bench.path("results") / "compare/effects.csv").is_file()
    effects = findings(bench.effects(), simulated_versions(bench.versions())) if measured else []
    over = None if windows is None else _together(windows, said, bench.params.compare.confidence)
    drawn = drawing(said, found, effects, bench.params, over)
    for line in lines_of(drawn):
        print(line)
    title = bench.params.report.title
    if page is not None:
        write_text(page, canvas_page(drawn, title))
        print(f"The page: {page}")
    else:
        tell_page(lambda: keep_canvas(root, drawn, title))
    if found:
        raise SystemExit(PARTS)


def _together(path: Path, said: Canvas, confidence: float) -> Together:
    """Return the correlation of the two metrics over the windows of a file."""
    import pandas as pd

    from ceteris.canvas.returns import together
    from ceteris.canvas.terms import FILE
    from ceteris.store import read_table

    if not path.is_file():
        raise BadInputError(f"{path} is not there.", "Name a CSV file with a line a window: --windows FILE")
    table, columns = read_table(path), []
    for key in ("business_metric", "model_metric"):
        name = getattr(said.live_evaluation, key)
        if name not in table:
            known = nearest(str(name), map(str, table.columns))
            raise BadInputError(
                f"{path} has no column {name!r}.{known}", f"Name the column, or correct live_evaluation.{key} in {FILE}."
            )
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.notna().sum() < table[name].notna().sum():
            raise BadInputError(f"{path}: the column {name!r} holds values that are no numbers.", "Write a number, or nothing.")
        columns.append(numbers.to_numpy(dtype=float))
    return together(columns[0], columns[1], confidence)
