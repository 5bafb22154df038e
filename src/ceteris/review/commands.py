"""The commands of a review: write a queue, bring its answers back, take answers back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceteris.workbench import Workbench

__all__ = ["add_to"]

NOTHING_OF_TEST = (
    "Nothing to review: every row that could change this look is answered, or it is scored on true labels, or its arms never "
    "predict differently."
)
edits_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Reviewed fixes: data/edits/, and release/edits/ for test rows."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(queue)
    app.add_typer(edits_app, name="edits")


def queue(
    name: Annotated[
        str | None,
        typer.Argument(help="`train`, `random`, a contrast, or `test` within a look; default: print the names there are."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: review-NAME.csv.")] = None,
    between: Annotated[tuple[str, str] | None, typer.Option(help="Two revisions or experiments, instead of a NAME.")] = None,
    baseline: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the first.")] = None,
    candidate: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the second.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Of `random`: how many.")] = 50,
) -> None:
    """Write a queue to fill in: train rows in doubt, random ones to compare, or the rows that decide a contrast (blind)."""
    if (name is None) == (between is None):
        if name is not None:
            raise BadInputError("A NAME and --between were both given.", "Choose one of them.")
        from ceteris.asking import queue_names

        print("\n".join(["train", "random", *queue_names(_bench().root)]))
        return
    if between is None and (baseline or candidate):
        raise BadInputError("--baseline and --candidate name cells of two revisions.", "Name these: --between A B")
    from ceteris.review.place import free_place

    bench = _bench()
    target = free_place(out, "-".join(map(_plain, between)) if between else str(name), lambda: _known(bench))
    if name in ("train", "random"):
        _write_train_queue(bench, target, rows if name == "random" else None)
    elif name == "test":
        from ceteris.release.review import asked_rows

        _write(target, *asked_rows(bench.root), nothing=NOTHING_OF_TEST)
    elif between is None:
        from ceteris.asking import questions_about

        asked, features = questions_about(bench.root, str(name))
        _write(target, asked.rows, features, told=asked.told, nothing=asked.nothing)
    else:
        from ceteris.experiments.asking import questions_between
        from ceteris.experiments.commands import cells_named

        asked, features = questions_between(bench.root, *between, cells_named(baseline, candidate))
        _write(target, asked.rows, features, told=asked.told, nothing=asked.nothing)


def _write_train_queue(bench: Workbench, target: Path, random: int | None) -> None:
    from ceteris.answers import CHOSEN_BY, RANDOM_SOURCE

    rows = bench.queue() if random is None else _random_rows(bench, random).assign(**{CHOSEN_BY: RANDOM_SOURCE})
    nothing = "Nothing to review: " + ("the audit doubts no train row." if random is None else "every train row is answered.")
    columns = ("given_label", "suggested_label", "label_quality", *([] if random is None else [CHOSEN_BY]))
    _write(target, rows, bench.train_rows(), columns, nothing=nothing, also=", `drop`")


def _random_rows(bench: Workbench, most: int) -> pd.DataFrame:
    """Return the next random train rows, with what the audit says of them."""
    from ceteris import ledger
    from ceteris.answers import RANDOM_SOURCE, random_rows

    issues, known = bench.issues().set_index("id", drop=False), ledger.read_ledger(bench.path("edits"))
    answered = known.loc[known["source"] == RANDOM_SOURCE, "id"]
    return issues.loc[random_rows(list(issues.index), list(answered), most)].reset_index(drop=True)


def _write(
    target: Path,
    rows: pd.DataFrame,
    features: pd.DataFrame,
    columns: tuple[str, ...] = ("pi",),
    *,
    nothing: str,
    told: Callable[[], str] = lambda: "",
    also: str = "",
) -> None:
    """Write a queue, and say how many rows it holds, what is known of them, and how answers come back."""
    from ceteris.answers import columns_told, to_review
    from ceteris.store import write_table

    if rows.empty:
        print(nothing)
        return
    write_table(target, to_review(rows, features, columns))
    print(f"{len(rows):,} rows in {target}{f': {said}' if (said := told()) else '.'}")
    print(f"Fill in the column `label` with a class{also} or `unsure`.")
    print(f"The other columns are there to look at: {columns_told(columns)}, then the features of the row.")
    print(f"Bring the answers back with: ceteris edits import {target} --reviewer YOUR-NAME")


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
    from ceteris.review.place import read_filled
    from ceteris.store import single_writer

    bench = _bench()
    if not file.is_file():
        raise BadInputError(f"{file} is not there.", "Write one with: ceteris queue NAME")
    batch = batch or file.stem
    name = f"{_plain(reviewer)}-{_plain(batch)}.csv"
    with single_writer(bench.root, "edits import"):
        filled = read_filled(file)
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
    which: Annotated[list[str], typer.Argument(help="REVIEWER/BATCH or the uuid of an answer; with --by: names of batches.")],
    reviewer: Annotated[str, typer.Option(help="Who takes it back.")],
    by: Annotated[
        str | None, typer.Option(help="What makes a batch, of train rows alone, as `ceteris credit --by` lists them.")
    ] = None,
) -> None:
    """Take back a batch of answers, or one: lines are added beside the answers, none is removed."""
    from ceteris.answers import still_answered, to_reverts
    from ceteris.credit import named
    from ceteris.store import single_writer

    bench = _bench()
    issues = None if by is None else bench.issues()
    suggested = {} if issues is None else dict(zip(issues["id"], issues["suggested_label"], strict=True))
    with single_writer(bench.root, "edits revert"):
        known, at = _known(bench), datetime.now(UTC).isoformat(timespec="milliseconds")
        chosen = named(known, which, by, suggested)
        lines = to_reverts(known, chosen, ", ".join(map(repr, which)), reviewer=reviewer, at=at)
        written = _append(bench, f"{_plain(reviewer)}-reverts.csv", lines)
    print(f"{len(lines):,} answers taken back in {' and '.join(written)}")
    if others := still_answered(known, lines):
        print(f"For {others:,} of these rows another answer, earlier or of somebody else, now counts.")
    print(f"Keep that and see what it is worth: git add {' '.join(written)} && {_next(written)}")


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
