"""The commands of the ledger of edits: bring answers in, take them back, list them, check them, tell the story of a row."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, StaleEditError, counted, nearest

if TYPE_CHECKING:
    import pandas as pd

    from ceteris.reviewing.arms import Question
    from ceteris.reviewing.patches import Written
    from ceteris.workbench import Workbench

__all__ = ["edits_app", "next_step"]

edits_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Reviewed fixes: data/edits/, and release/edits/ for test rows."
)
AsCsv = Annotated[bool, typer.Option("--csv", help="As CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, a list of objects.")]


@edits_app.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="A queue that was filled in.")],
    reviewer: Annotated[str, typer.Option(help="Who answered.")],
    batch: Annotated[str | None, typer.Option(help="Name of this batch of answers; default: the file's name.")] = None,
) -> None:
    """Add the answers of a filled-in queue to data/edits/, or release/edits/ for test rows, which git keeps."""
    import pandas as pd

    from ceteris.editing.answers import CHOSEN_BY, TICKET, to_edits
    from ceteris.editing.edit_lines import QUEUE_SOURCE
    from ceteris.release.review import asked_labels
    from ceteris.reviewing.patches import Ledgers, file_of
    from ceteris.reviewing.place import read_filled

    bench = _bench()
    if not file.is_file():
        raise BadInputError(f"{file} is not there.", "Write one with: ceteris queue NAME")
    batch = batch or file.stem
    name, ledgers = file_of(reviewer, batch), Ledgers(bench)
    with ledgers.alone("edits import"):
        filled = read_filled(file)
        if "label" in filled and not filled["label"].str.strip().any():
            raise BadInputError(f"No row of {file} is answered.", "Fill in its column `label`, then import it again.")
        sealed = asked_labels(bench.root, bench.parts(), filled.get("id", ()))
        given, judging = pd.concat([bench.given_labels(), sealed]), bench.judging_ids() | set(sealed.index)
        lines = to_edits(
            filled, given, judging, bench.classes(), ledgers.readable()[0],
            reviewer=reviewer, batch=batch, at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            asked=_asked(bench, filled),
        )  # fmt: skip
        written = ledgers.append(name, lines, who="edits import")
    where = " and ".join(written.files)
    n = len(written.saved)
    print(f"{n:,} new answer{'s' * (n != 1)} in {where}" if lines else "Nothing new: every answer is there already.")
    if lines:
        print(f"Keep them and see what they are worth: {next_step(written.files)}")
    if lines and TICKET not in filled and CHOSEN_BY not in filled and any(line["source"] == QUEUE_SOURCE for line in lines):
        print(f"{file} has no column `{TICKET}`: its answers count as those to rows that a ranking chose.")
    elif lines and TICKET in filled:
        bare = set(filled.loc[filled[TICKET].str.strip() == "", "id"])
        if n_bare := sum(line["id"] in bare and line["source"] == QUEUE_SOURCE for line in lines):
            told = "count as those to rows" if n_bare > 1 else "counts as one to a row"
            print(f"{counted(n_bare, 'answer')} without a {TICKET} {told} that a ranking chose.")
    _tell(written)


def _asked(bench: Workbench, filled: pd.DataFrame) -> dict[str, Question | None]:
    """Return what the tickets of the answered rows stand for, by id."""
    from ceteris.editing.answers import LABEL_COLUMN, TICKET
    from ceteris.reviewing.queues import open_queue
    from ceteris.reviewing.tickets import matched

    if TICKET not in filled or LABEL_COLUMN not in filled:
        return {}
    answered = filled[filled[LABEL_COLUMN].str.strip() != ""]
    return matched(zip(answered["id"], answered[TICKET], strict=True), open_queue(bench, "train").match)


@edits_app.command("revert")
def revert(
    which: Annotated[list[str], typer.Argument(help="REVIEWER/BATCH or the uuid of an answer; with --by: names of batches.")],
    reviewer: Annotated[str, typer.Option(help="Who takes it back.")],
    by: Annotated[
        str | None, typer.Option(help="What makes a batch, of train rows alone, as `ceteris credit --by` lists them.")
    ] = None,
) -> None:
    """Take back a batch of answers, or one: lines are added beside the answers, none is removed."""
    from ceteris.editing.reverts import still_answered, to_reverts
    from ceteris.measuring.credit import named
    from ceteris.reviewing.patches import Ledgers, plain

    bench = _bench()
    ledgers = Ledgers(bench)
    issues = None if by is None else bench.issues()
    suggested = {} if issues is None else dict(zip(issues["id"], issues["suggested_label"], strict=True))
    with ledgers.alone("edits revert"):
        known, at = ledgers.lines(), datetime.now(UTC).isoformat(timespec="milliseconds")
        chosen = named(known, which, by, suggested)
        lines = to_reverts(known, chosen, ", ".join(map(repr, which)), reviewer=reviewer, at=at)
        written = ledgers.append(f"{plain(reviewer)}-reverts.csv", lines, who="edits revert")
    print(f"{counted(len(written.saved), 'answer')} taken back in {' and '.join(written.files)}")
    if others := still_answered(known, lines):
        print(f"For {others:,} of these rows another answer, earlier or of somebody else, now counts.")
    print(f"Keep that and see what it is worth: {next_step(written.files)}")
    _tell(written)


@edits_app.command("list")
def list_(
    reviewer: Annotated[str | None, typer.Option(help="Of this person.")] = None,
    batch: Annotated[str | None, typer.Option(help="Of this batch.")] = None,
    source: Annotated[str | None, typer.Option(help="queue, random, disagreement, told, control or revert.")] = None,
    action: Annotated[str | None, typer.Option(help="relabel, confirm, drop, unsure or revert.")] = None,
    id: Annotated[str | None, typer.Option(help="About this row.")] = None,
    state: Annotated[str | None, typer.Option(help="live, reverted, replaced, control, again or revert.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or moment on (UTC), like 2026-01-31.")] = None,
    whole: Annotated[bool, typer.Option("--all", help="All lines, not the last 50.")] = False,
    csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Tell who changed what and when, and which answers count today, were taken back or replaced."""
    from rich.console import Console

    from ceteris.reviewing.edits_shown import listed
    from ceteris.reviewing.standing import chosen

    bench = _bench()
    wanted = {"reviewer": reviewer, "batch": batch, "source": source, "action": action, "id": id, "state": state}
    every = _standing(bench)
    found = chosen(every, since, **wanted)
    if not _as_data(found, csv, as_json):
        console = Console()
        console.print(listed(found, None if whole else 50, console.width, every=len(every)), crop=False)


@edits_app.command("check")
def check(csv: AsCsv = False, as_json: AsJson = False) -> None:
    """Check every line against the data of today, and say what to do; the exit code is 5 where something must be done."""
    from rich.console import Console

    from ceteris.reviewing.edits_shown import checked_shown

    bench = _bench()
    found = bench.check_edits()
    if not _as_data(found, csv, as_json):
        Console(soft_wrap=True).print(checked_shown(found, len(bench.edits())))
    if found["must"].any():
        raise typer.Exit(StaleEditError.exit_code)


@edits_app.command("agree")
def agree(csv: AsCsv = False, as_json: AsJson = False) -> None:
    """Tell how far each two reviewers agree, with Cohen's kappa, and on how many rows they part now."""
    from rich.console import Console

    from ceteris.reviewing.agreement import disagreements
    from ceteris.reviewing.edits_shown import agreed
    from ceteris.reviewing.patches import Ledgers

    bench = _bench()
    pairs = bench.agreement()
    if not _as_data(pairs, csv, as_json):
        Console().print(agreed(pairs, disagreements(Ledgers(bench).readable()[0])))


@edits_app.command("who")
def who(id: Annotated[str, typer.Argument(help="The row.")], csv: AsCsv = False, as_json: AsJson = False) -> None:
    """Tell the story of one row: every answer, in order, and what they come to."""
    from rich.console import Console

    from ceteris.editing import edits
    from ceteris.reviewing.edits_shown import story
    from ceteris.reviewing.patches import Ledgers

    bench = _bench()
    every = _standing(bench)
    found = every[every["id"] == id]
    if found.empty:
        known = sorted(set(every["id"]))
        raise BadInputError(f"Nobody has answered for a row {id!r}.{nearest(id, known)}", "See: ceteris edits list")
    if not _as_data(found, csv, as_json):
        lines, _ = Ledgers(bench).readable()
        settled = edits.settle(lines[lines["answer"].isin(set(found["answer"]))], bench.params.fix.conflicts)
        Console(soft_wrap=True).print(story(found, id, bench.given_labels().get(id), settled))


def next_step(files: tuple[str, ...]) -> str:
    """Return the command that keeps answers which stand in these files, and shows what they are worth."""
    from ceteris.release.folder import EDITS

    tests = [path.startswith(f"{EDITS}/") for path in files]
    commands = ["dvc repro && ceteris summary"] * (not all(tests)) + ["ceteris accept"] * any(tests)
    return " && ".join([f"git add {' '.join(files)}", *commands])


def _tell(written: Written) -> None:
    """Say on standard error what hinders other lines of the ledger, and refuse where an answer was not written."""
    for remark in written.remarks:
        print(remark, file=sys.stderr)
    if written.refused:
        lines = [f"{answer}: {why}" for answer, why in written.refused.items()]
        raise StaleEditError("These answers were not written:", "Correct them, and import the file again.", lines)


def _standing(bench: Workbench) -> pd.DataFrame:
    """Return the ledger as a table, and say on standard error where lines of it cannot be read."""
    from ceteris.reviewing.patches import Ledgers, left_out

    _, faults = Ledgers(bench).readable()
    if faults:
        print(left_out(faults), file=sys.stderr)
    return bench.edits()


def _as_data(table: pd.DataFrame, csv: bool, as_json: bool) -> bool:
    """Print a table as CSV or JSON where that is asked for, and return whether it was."""
    from ceteris.store import table_text

    if csv and as_json:
        raise BadInputError("--csv and --json were both asked for.", "Choose one of them.")
    if csv:
        sys.stdout.write(table_text(table))
    elif as_json:
        print(json.dumps(table.to_dict("records"), indent=1, ensure_ascii=False, allow_nan=False))
    return csv or as_json


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench
