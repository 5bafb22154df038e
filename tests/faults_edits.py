"""Bad edits: what a person, a program or a spreadsheet does to data/edits/, and the words of the refusal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from faults_stages import LEDGER, Change, Fault, another, both, file, line, rows, stated, wrote
from small import edit

from ceteris.editing import edits, ledger
from ceteris.errors import LeakageError, SealedTestError, StaleEditError

__all__ = ["FAULTS", "HEADER", "LATER"]

LATER = "2026-01-31T13:00:00+00:00"
HEADER = ",".join(edits.COLUMNS)


def stale(name: str, change: Change, *words: str) -> Fault:
    """Return a fault that `fix` refuses as edits that do not fit."""
    return Fault(name, change, "fix", StaleEditError, words)


def mangled(**cells: str) -> Change:
    """Return a change that writes a ledger file as a spreadsheet would save it, with some cells turned into others."""

    def change(root: Path) -> None:
        wrote(line)(root)
        frame = pd.read_csv(root / LEDGER, dtype=str, keep_default_na=False)
        frame.assign(**cells).to_csv(root / LEDGER, index=False)

    return change


def every_bee_dropped(root: Path) -> None:
    lines = [edit(name, "drop", given) for name, given in rows(root, label="bee")]
    ledger.append(root / LEDGER, lines)


def bobs_drop(root: Path) -> dict[str, str]:
    return line(root, "drop", reviewer="bob", at=LATER)


an_edit_of_a_test_row = wrote(lambda root: line(root, part="test"))

FAULTS = [
    stale(
        "an unknown id", wrote(edit("nobody", new="bee")), "data/edits/ann-1.csv line 2", "'nobody' is unknown", "data/edits/"
    ),
    stale(
        "a stale given label",
        wrote(lambda root: line(root, given_label=another(another(rows(root)[0][1])))),
        "data/edits/ann-1.csv line 2",
        "the edit was made on",
        "revert these lines",
    ),
    stale(
        "a label outside the classes",
        wrote(lambda root: line(root, new_label="beee")),
        "line 2",
        "'beee' is none of the classes. Did you mean 'bee'?",
    ),
    stale(
        "two answers for one id at one moment",
        wrote(line, lambda root: line(root, reason="again", answer="00000000-0000-4000-8000-000000000001")),
        "line 3",
        "ann said of 'row-",
        "at one moment",
    ),
    stale("drop and relabel at one moment", wrote(line, lambda root: line(root, "drop")), "line 3", "and drop"),
    stale(
        "one answer on two lines",
        wrote(line, lambda root: line(root, "drop", place=1, answer=line(root)["answer"])),
        "line 3",
        "stands on two different lines",
    ),
    stale(
        "a revert of an unknown answer",
        wrote(edit("", "revert", reverts="nowhere")),
        "line 2: reverts the unknown answer 'nowhere'",
    ),
    stale(
        "a whole class dropped",
        every_bee_dropped,
        "'reviewed' would hold no row of 'bee'",
        "fix.recipes.reviewed in params.yaml",
        "revert",
    ),
    stale(
        "every bad line is listed",
        wrote(*[edit(f"nobody {number}", new="bee") for number in range(8)]),
        *[f"ann-1.csv line {number + 2}: the id 'nobody {number}'" for number in range(8)],
    ),
    stale(
        "reviewers who disagree",
        wrote(line, bobs_drop),
        "ann says relabel",
        "bob says drop",
        "fix.conflicts: latest (or majority) in params.yaml",
    ),
    stale(
        "reviewers who disagree, evenly, by majority",
        both(stated("fix/conflicts", "majority"), wrote(line, bobs_drop)),
        "Reviewers disagree",
        "fix.conflicts",
    ),
    stale(
        "answers in a folder of their own",
        file(HEADER + "\n", "data/edits/ann/1.csv"),
        "'ann', 'ann/1.csv' in edits/ cannot be read as edits",
        "one file NAME.csv a reviewer and batch",
    ),
    Fault(
        "an edit of a test row",
        an_edit_of_a_test_row,
        "fix",
        SealedTestError,
        ("ann-1.csv line 2", "sealed test part", "release/edits/"),
    ),
    Fault("an edit of a test row, met later", an_edit_of_a_test_row, "compare", SealedTestError, ("release/edits/",)),
    Fault(
        "a validation edit from another source",
        wrote(lambda root: line(root, part="validation")),
        "compare",
        LeakageError,
        ("ann-1.csv line 2", "from 'queue'", "`ceteris queue`"),
    ),
    Fault(
        "a validation row dropped",
        wrote(lambda root: line(root, "drop", "validation", source="disagreement")),
        "compare",
        LeakageError,
        ("drop of", "none may drop a row"),
    ),
    # a spreadsheet was here
    stale("semicolons", file(HEADER.replace(",", ";") + "\n"), "ann-1.csv line 1", "semicolons", "git"),
    stale(
        "a date in another form",
        mangled(at="31/01/2026 12:00"),
        "line 2",
        "is no ISO date and time",
        "git checkout data/edits/ann-1.csv",
    ),
    stale("a date without a zone", mangled(at="2026-01-31 12:00:00"), "has no time zone"),
    stale("an id like 1E5", mangled(id="1E+05"), "the id '1E+05' is unknown"),
    stale("an answer like 1E5", mangled(answer="1E+35"), "answer '1E+35' is no uuid"),
    stale("an action with a capital", mangled(action="Relabel"), "action 'Relabel'. Did you mean 'relabel'?"),
    stale("a new label that is a date", mangled(new_label="01.02.2026"), "'01.02.2026' is none of the classes"),
    stale("a column lost", file(HEADER.removesuffix(",reverts") + "\n"), "not the header of an edits file", HEADER),
    stale("a ragged line", file(HEADER + "\na,b\n"), "line 2: 2 fields, not 11"),
    stale("an open quote", file(HEADER + '\n"a,b\n'), "unexpected end of data"),
    stale("another encoding", file(HEADER + "\ngrün\n", encoding="cp1252"), "ann-1.csv line 2 is not UTF-8", "UTF-8"),
]
