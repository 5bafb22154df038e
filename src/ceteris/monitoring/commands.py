"""The command that watches a served model: `ceteris monitor` reads its log, judges windows, and says what came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceteris.errors import BadInputError, ParamsError, counted, nearest

if TYPE_CHECKING:
    from pandas import DataFrame

    from ceteris.monitoring.logged import Log
    from ceteris.monitoring.settings import Monitor
    from ceteris.serving.packaged import Packaged
    from ceteris.serving.schema import InputSchema

__all__ = ["ALARM", "NOT_ENOUGH", "add_to", "check_groups", "package_of"]

ALARM, NOT_ENOUGH = 10, 11  # exit codes


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(monitor)


def monitor(
    log: Annotated[Path, typer.Option(metavar="FILE.sqlite", help="What `ceteris serve --log` writes.")],
    package: Annotated[Path, typer.Option(help="The package that is served.")] = Path("release/model"),
    last: Annotated[
        int | None, typer.Option(min=1, help="Judge the newest so many rows; default: the newest whole window of monitor.rows.")
    ] = None,
    windows: Annotated[bool, typer.Option("--windows", help="Judge every whole window of the log.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Write a review queue without an alarm, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what release/monitor/ keeps of the window.")] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE.parquet", help="Write the window there instead, for dvc repro release/watch/dvc.yaml."),
    ] = None,
) -> None:
    """Judge the newest window of a log against the rows that the model was made of. Exit code 10: alarm; 11: too few rows."""
    from ceteris.release.folder import read_terms
    from ceteris.store import find_root

    if last is not None and windows:
        raise BadInputError("--last and --windows were both asked for.", "Choose one of them.")
    root = find_root()
    settings = read_terms(root).monitor
    packaged = package_of(root, package)
    check_groups(settings, packaged.schema)
    raws, told = _lines(root, log, packaged, settings, last, windows)
    if told:
        typer.echo(told, err=True)
    if not raws:
        raise typer.Exit(NOT_ENOUGH)
    if export is not None:
        _export(export, raws[-1])
        return
    result = _judged(root, packaged, settings, raws, queue)
    _tell(root, result, settings, as_json)
    if not result["enough"]:
        raise typer.Exit(NOT_ENOUGH)
    if result["alarm"]:
        raise typer.Exit(ALARM)


def package_of(root: Path, folder: Path) -> Packaged:
    """Return the package of a folder, as it was named or below the root of the repository."""
    from ceteris.release.folder import read_terms
    from ceteris.serving.packaged import open_package

    place = folder if folder.is_absolute() or folder.is_dir() else root / folder
    return open_package(place, read_terms(root).package.trusted or ())


def check_groups(settings: Monitor, schema: InputSchema) -> None:
    """Refuse groups by a column that the model does not take."""
    names = [one.name for one in schema.features]
    for name in settings.groups or ():
        if name not in names:
            raise ParamsError(
                f"release/release.yaml: monitor.groups names {name!r}, which is no feature of the model.{nearest(name, names)}",
                "Name a column that stands in what the model is asked.",
            )


def _lines(
    root: Path, path: Path, packaged: Packaged, settings: Monitor, last: int | None, every: bool
) -> tuple[list[DataFrame], str]:
    """Return the lines of each window that is asked for, and what is to be told of the log."""
    from ceteris.monitoring.kept import REVIEW, asked_before
    from ceteris.monitoring.logged import open_log

    asked = asked_before(root / REVIEW)
    with open_log(path) as log:
        own, others, models = log.rows_of(packaged.fingerprint)
        told = [f"Left out: {counted(others, 'row')} of {counted(models, 'other model')}."] if others else []
        spans = _spans(log, packaged.fingerprint, own, settings, last, every)
        if own and not spans:
            told.append(f"Not enough: {own:,} of the {settings.rows:,} rows of a window (monitor.rows) are in the log yet.")
        if not own:
            told.append(f"Not enough: {path} holds no row of this package's model ({packaged.fingerprint[:8]}).")
        return [log.lines(packaged.fingerprint, *span, asked) for span in spans], "\n".join(told)


def _spans(log: Log, model: str, own: int, settings: Monitor, last: int | None, every: bool) -> list[tuple[int, int]]:
    if last is not None:
        return [log.newest(model, min(last, own))] if own else []
    return log.windows(model, settings.rows)[0 if every else -1 :]


def _export(path: Path, raw: DataFrame) -> None:
    from ceteris.store import write_parquet

    if path.suffix != ".parquet":
        raise BadInputError(f"--export is {str(path)!r}.", "Name a Parquet file: --export data/windows/NAME.parquet")
    write_parquet(path, raw)
    typer.echo(f"{path} holds {counted(len(raw), 'line')} of the log. Judge them: dvc repro release/watch/dvc.yaml")


def _judged(root: Path, packaged: Packaged, settings: Monitor, raws: list[DataFrame], queue: bool) -> dict[str, Any]:
    """Judge windows, keep what they say, and write the queue of the newest where it alarms; return what the newest says."""
    from ceteris.monitoring.asked import queue_of
    from ceteris.monitoring.kept import FOLDER, REVIEW, keep, keep_queue
    from ceteris.monitoring.watched import NEEDED, watch
    from ceteris.monitoring.windows import window_of

    reference = packaged.reference(NEEDED)
    found = [window_of(raw, packaged.schema) for raw in raws]
    results = [watch(one, reference, packaged.schema, settings) for one in found]
    keep(root / FOLDER, results, str(packaged.manifest.get("cell", "")))
    if results[-1]["alarm"] or (queue and results[-1]["enough"]):
        path = root / REVIEW / f"{results[-1]['window']}.csv"
        kept = keep_queue(path, queue_of(found[-1], reference, packaged.schema, settings))
        place = path.relative_to(root)
        typer.echo(
            f"Rows worth labelling: {place}" if kept else f"{place} is left as it is: answers may stand in it."
            if path.is_file() else "No row is left to ask for: all are labelled or were asked for.",
            err=True,
        )  # fmt: skip
    return results[-1]


def _tell(root: Path, result: dict[str, Any], settings: Monitor, as_json: bool) -> None:
    import json

    from ceteris.monitoring.kept import FOLDER, PAGE
    from ceteris.monitoring.told import lines_told

    if as_json:
        typer.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False))
        return
    for line in lines_told(result, settings.alarms):
        typer.echo(line)
    typer.echo(f"The page: {FOLDER}/{PAGE}")
