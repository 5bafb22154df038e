"""The command line: what a person does around the pipeline. Stages themselves are run by `dvc repro`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, CeterisError
from ceteris.experiments import commands
from ceteris.release import commands as release

if TYPE_CHECKING:
    import pandas as pd

    from ceteris.workbench import Workbench

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What is a change to the data worth, with the model held fixed? Run the pipeline with `dvc repro`.",
)
edits_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Reviewed fixes: data/edits/, and release/edits/ for test rows."
)
app.add_typer(edits_app, name="edits")
commands.add_to(app)
release.add_to(app)


@app.command()
def init(
    file: Annotated[str, typer.Argument(help="A CSV or Parquet file; it is copied to data/source/ where it is not there yet.")],
    label: Annotated[str, typer.Option(help="Name of the label column.")],
    id: Annotated[str | None, typer.Option(help="Name of the id column; default: made of each row's content.")] = None,
    true_label: Annotated[str | None, typer.Option(help="Name of a column with verified labels.")] = None,
    group: Annotated[str | None, typer.Option(help="Name of a column whose rows belong together.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Name of a column that is no feature; may be repeated.")] = None,
    plant: Annotated[
        float, typer.Option(help="Change this share of the labels on purpose, 0 to 0.5: a trial of the pipeline.")
    ] = 0.0,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV file; default: found.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV file; default: found.")] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Rows without a label: refuse, drop.")] = None,
    normalise: Annotated[str | None, typer.Option(help="Merge labels that differ only by case or space: none, labels.")] = None,
    infinite: Annotated[str | None, typer.Option(help="Infinite or too large numbers: refuse, missing.")] = None,
    label_type: Annotated[str | None, typer.Option(help="What the labels are: text, integer, boolean.")] = None,
) -> None:
    """Look at a file of your own, say what is in it, and write params.yaml for it."""
    from ceteris.onboarding import init_command

    asked = {"unlabelled": unlabelled, "normalise": normalise, "infinite": infinite, "label_type": label_type}

    init_command(
        file,
        label,
        id=id,
        true_label=true_label,
        group=group,
        drop=tuple(drop or ()),
        plant=plant,
        delimiter=delimiter,
        encoding=encoding,
        reading={key: value for key, value in asked.items() if value is not None},
    )


@app.command()
def summary() -> None:
    """Say in a few lines which lever moved the score, by how much, how sure, and scored on what."""
    import ceteris
    from ceteris.planning import made_otherwise, plan_name
    from ceteris.reviews import reviews_of
    from ceteris.story import simulated_versions
    from ceteris.story import summary as told

    bench = ceteris.open()
    found, compare, reviews = bench.effects(), bench.params.compare, reviews_of(bench.verified())
    for line in told(found, compare.metric, compare.confidence, simulated_versions(bench.versions()), reviews):
        print(line)
    print(made_otherwise(found, compare) or f"Made under {plan_name(compare)}")
    print(f"The whole story: {bench.path('reports').relative_to(bench.root)}/report.html")


@app.command()
def effects(every: Annotated[bool, typer.Option("--all", help="Also what was not planned.")] = False) -> None:
    """Print the effects on the primary metric, each with its interval and verdict."""
    import ceteris
    from ceteris.finding import findings
    from ceteris.planning import made_otherwise
    from ceteris.story import lever, planned, simulated_versions

    bench = ceteris.open()
    table, compare = bench.effects(), bench.params.compare
    found = findings(table, simulated_versions(bench.versions()))
    chosen = (
        [one for one in found if one.metric == compare.metric and one.applicable] if every else planned(found, compare.metric)
    )
    for one in chosen:
        print(lever(one, compare.confidence))
    otherwise = made_otherwise(table, compare)
    if otherwise:
        print(otherwise, file=sys.stderr)


@app.command()
def queue(
    name: Annotated[
        str | None,
        typer.Argument(help="`train`, the name of a contrast, or `test` within a look; default: print the names there are."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: review-NAME.csv.")] = None,
    between: Annotated[tuple[str, str] | None, typer.Option(help="Two revisions or experiments, instead of a NAME.")] = None,
    baseline: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the first.")] = None,
    candidate: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the second.")] = None,
) -> None:
    """Write a queue as a CSV to fill in: train rows in doubt, or the rows that decide a contrast (blind)."""
    if (name is None) == (between is None):
        if name is not None:
            raise BadInputError("A NAME and --between were both given.", "Choose one of them.")
        from ceteris.asking import queue_names

        print("\n".join(["train", *queue_names(_bench().root)]))
        return
    if between is None and (baseline or candidate):
        raise BadInputError("--baseline and --candidate name cells of two revisions.", "Name these: --between A B")
    target = out or Path(f"review-{'-'.join(map(_plain, between)) if between else name}.csv")
    if target.exists():
        raise BadInputError(f"{target} is there already and may hold answers.", "Import or move it, or pass another --out.")
    if name == "train":
        _write_train_queue(target)
        return
    if name == "test":
        _write_test_queue(target)
        return
    from ceteris.answers import to_review
    from ceteris.store import write_table

    if between is None:
        from ceteris.asking import questions_about

        asked, features = questions_about(_bench().root, str(name))
    else:
        from ceteris.experiments.asking import questions_between

        asked, features = questions_between(_bench().root, *between, commands.cells_named(baseline, candidate))
    if asked.rows.empty:
        print(_NOTHING_LEFT)
        return
    write_table(target, to_review(asked.rows, features, ("pi",)))
    print(f"{len(asked.rows):,} rows in {target}: {asked.told()}")
    _print_how(target, "")


def _write_train_queue(target: Path) -> None:
    from ceteris.answers import to_review
    from ceteris.store import write_table

    rows, features = _bench().queue(), _bench().train_rows()
    if rows.empty:
        print("Nothing to review: the audit doubts no train row.")
        return
    write_table(target, to_review(rows, features, ("given_label", "suggested_label", "label_quality")))
    print(f"{len(rows):,} rows in {target}.")
    _print_how(target, " or `drop`")


def _write_test_queue(target: Path) -> None:
    from ceteris.answers import to_review
    from ceteris.release.review import asked_rows
    from ceteris.store import write_table

    rows, features = asked_rows(_bench().root)
    if rows.empty:
        print(_NOTHING_LEFT)
        return
    write_table(target, to_review(rows, features, ("pi",)))
    print(f"{len(rows):,} rows in {target}.")
    _print_how(target, "")


def _print_how(target: Path, also: str) -> None:
    print(f"Fill in the column `label` with a class, `unsure`{also}.")
    print(f"Bring the answers back with: ceteris edits import {target} --reviewer YOUR-NAME")


_NOTHING_LEFT = (
    "Nothing to review: every row that could change this contrast is answered, or its arms never predict differently."
)


@edits_app.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="A queue that was filled in.")],
    reviewer: Annotated[str, typer.Option(help="Who answered.")],
    batch: Annotated[str | None, typer.Option(help="Name of this batch of answers; default: the file's name.")] = None,
) -> None:
    """Add the answers of a filled-in queue to data/edits/, or release/edits/ for test rows, which git keeps."""
    import pandas as pd

    from ceteris.answers import to_edits
    from ceteris.release.review import asked_labels
    from ceteris.store import read_table, single_writer

    bench = _bench()
    if not file.is_file():
        raise BadInputError(f"{file} is not there.", "Write one with: ceteris queue NAME")
    batch = batch or file.stem
    name = f"{_plain(reviewer)}-{_plain(batch)}.csv"
    with single_writer(bench.root, "edits import"):
        try:
            filled = read_table(file, text=("id", "label"))
        except ValueError as error:
            said = str(error).split("\n")[0].rstrip(".")
            raise BadInputError(f"{file} cannot be read: {said}.", "Save it as CSV in UTF-8, with commas.") from None
        if "label" in filled and not filled["label"].str.strip().any():
            raise BadInputError(f"No row of {file} is answered.", "Fill in its column `label`, then import it again.")
        sealed = asked_labels(bench.root, bench.parts(), filled.get("id", ()))
        given, judging = pd.concat([bench.given_labels(), sealed]), bench.judging_ids() | set(sealed.index)
        lines = to_edits(
            filled, given, judging, bench.classes(), _known(bench),
            reviewer=reviewer, batch=batch, at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )  # fmt: skip
        written = _append(bench, name, lines)
    where = " and ".join(written)
    print(f"{len(lines):,} new answers in {where}" if lines else "Nothing new: every answer is there already.")
    if lines:
        print(f"Keep them and see what they are worth: git add {' '.join(written)} && {_next(written)}")


@edits_app.command("revert")
def revert(
    which: Annotated[str, typer.Argument(help="REVIEWER/BATCH, or the uuid of one answer.")],
    reviewer: Annotated[str, typer.Option(help="Who takes it back.")],
) -> None:
    """Take back a batch of answers, or one: lines are added beside the answers, none is removed."""
    from ceteris.answers import to_reverts
    from ceteris.store import single_writer

    bench = _bench()
    with single_writer(bench.root, "edits revert"):
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        lines = to_reverts(_known(bench), which, reviewer=reviewer, at=at)
        written = _append(bench, f"{_plain(reviewer)}-reverts.csv", lines)
    print(f"{len(lines):,} answers taken back in {' and '.join(written)}")
    print(f"Keep that and see what it is worth: git add {' '.join(written)} && {_next(written)}")


def main() -> None:
    """Run the command line: a refusal is a sentence on standard error and an exit code."""
    try:
        app()
    except CeterisError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except FileNotFoundError as error:
        print(f"{error.filename or error} is not there. Make it: dvc repro, or bring it: dvc pull", file=sys.stderr)
        raise SystemExit(BadInputError.exit_code) from None


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench


def _known(bench: Workbench) -> pd.DataFrame:
    """Return every line of both ledgers."""
    import pandas as pd

    from ceteris.ledger import read_ledger
    from ceteris.release.folder import EDITS

    return pd.concat([read_ledger(bench.path("edits")), read_ledger(bench.root / EDITS)], ignore_index=True)


def _append(bench: Workbench, name: str, lines: list[dict[str, str]]) -> list[str]:
    """Add lines to the ledger that their rows belong to, and return the files that were written."""
    from ceteris import edits, ledger
    from ceteris.release.folder import EDITS
    from ceteris.splits import TEST

    parts, written = bench.parts(), []
    sealed = [parts.get(line["id"]) == TEST for line in lines]
    for folder, of_test in ((bench.path("edits"), False), (bench.root / EDITS, True)):
        path, mine = folder / name, [line for line, test in zip(lines, sealed, strict=True) if test == of_test]
        if mine:
            ledger.append(path, mine)
            edits.parse(path.read_text(encoding="utf-8"), path.name)
            written.append(path.relative_to(bench.root).as_posix())
    return written


def _next(written: list[str]) -> str:
    """Return what shows the worth of answers that stand in these files."""
    from ceteris.release.folder import EDITS

    tests = [path.startswith(f"{EDITS}/") for path in written]
    commands = ["dvc repro && ceteris summary"] * (not all(tests)) + ["ceteris accept"] * any(tests)
    return " && ".join(commands)


def _plain(name: str) -> str:
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_")
    if not kept:
        raise BadInputError(f"{name!r} names no file.", "Use letters and digits.")
    return kept
