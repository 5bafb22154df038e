"""The command about the canvas: `ceteris canvas` says where it parts from what is run, and draws it on a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, nearest

if TYPE_CHECKING:
    from pandas import DataFrame

    from ceteris.canvas.terms import Canvas

__all__ = ["PARTS", "add_to"]

PARTS = 9  # the exit code where canvas and run say different things: no refusal, and nothing that a scheduler passes over


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(canvas)


def canvas(
    windows: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file, a line a window, the two metrics of live_evaluation as columns; default: what monitor judged."
        ),
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page here instead.")] = None,
) -> None:
    """Check canvas.yaml against params and gate, say what labelling returns, and draw it; exit code 9 where it parts."""
    import ceteris
    from ceteris.canvas.drawn import drawing, lines_of
    from ceteris.canvas.page import canvas_page
    from ceteris.canvas.reading import checked, read_canvas
    from ceteris.canvas.returns import together
    from ceteris.canvas.terms import FILE
    from ceteris.canvas.told import together_told
    from ceteris.experiments.commands import tell_page
    from ceteris.experiments.pages import keep_canvas
    from ceteris.store import find_root, write_text
    from ceteris.telling.finding import findings
    from ceteris.telling.story import simulated_versions

    root = find_root()
    said = read_canvas(root)
    if said is None:
        lacks = "holds nothing that is filled in" if (root / FILE).is_file() else "is not there"
        raise BadInputError(f"{root / FILE} {lacks}.", "Fill it in; docs/canvas.md says how.")
    bench = ceteris.open()
    measured = (bench.path("results") / "compare/effects.csv").is_file()
    found = checked(root, said, bench.params, bench.cells() if measured else None)
    effects = findings(bench.effects(), simulated_versions(bench.versions())) if measured else []
    table, confidence = _watched(root, said) if windows is None else _asked_for(windows, said), bench.params.compare.confidence
    over = together(table["business_metric"].to_numpy(), table["model_metric"].to_numpy(), confidence) if len(table) else None
    drawn = drawing(said, found, effects, bench.params, together_told(over, said, confidence))
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


def _asked_for(path: Path, said: Canvas) -> DataFrame:
    """Return the two metrics of the windows in a file."""
    import pandas as pd

    from ceteris.canvas.terms import FILE
    from ceteris.store import read_table

    if not path.is_file():
        raise BadInputError(f"{path} is not there.", "Name a CSV file with a line a window: --windows FILE")
    try:
        table, columns = read_table(path), {}
    except ValueError:
        raise BadInputError(
            f"{path} is no table.", "Write a CSV file with the names of its columns as the first line."
        ) from None
    for key in ("business_metric", "model_metric"):
        name = getattr(said.live_evaluation, key)
        if name not in table:
            known = nearest(str(name), map(str, table.columns))
            raise BadInputError(
                f"{path} has no column {name!r}.{known}", f"Name the column, or correct live_evaluation.{key} in {FILE}."
            )
        columns[key] = pd.to_numeric(table[name], errors="coerce")
        if columns[key].notna().sum() < table[name].notna().sum():
            raise BadInputError(f"{path}: the column {name!r} holds values that are no numbers.", "Write a number, or nothing.")
    return pd.DataFrame(columns)


def _watched(root: Path, said: Canvas) -> DataFrame:
    """Return the two metrics of the windows that `ceteris monitor` judged, each row of the log in one window at most."""
    from ceteris.canvas.windows import metrics_of
    from ceteris.monitoring.kept import FOLDER, history

    folder, live = root / FOLDER, said.live_evaluation
    models = sorted({path.name.partition("-")[0] for path in folder.glob("*-*.json")})
    windows = [one for model in models for one in history(folder, model)]
    return metrics_of(windows, str(live.business_metric), str(live.model_metric))
