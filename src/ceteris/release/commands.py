"""The command about the release: `ceteris accept` names a candidate, runs release/dvc.yaml, and says what came out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, BusyError

if TYPE_CHECKING:
    from pathlib import Path

    from ceteris.release.terms import Accept

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(accept)


def accept(
    candidate: Annotated[
        str | None, typer.Argument(help="MODEL/VERSION; default: what release/release.yaml names, to go on with its look.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="MODEL/VERSION that it is to take the place of.")] = None,
    because: Annotated[str | None, typer.Option(help="Why, for a candidate that is not told to help on validation.")] = None,
    at_least: Annotated[
        str | None, typer.Option(help="The verdict that is asked for: helps, or no practical difference (a cheaper candidate).")
    ] = None,
) -> None:
    """Open the sealed test part for one candidate: the look is counted, spends its level, and says whether it is accepted."""
    from ceteris.release.folder import ACCEPTANCE, read_looks
    from ceteris.release.looks import level_of
    from ceteris.release.told import told
    from ceteris.store import find_root, read_json
    from ceteris.wording import percent, upper_first

    root = find_root()
    if candidate is None and baseline is None:
        _refuse_unless_taken(root)
    named = _name(root, candidate, baseline, because, at_least)
    _run(root)
    found = read_json(root / ACCEPTANCE)
    asked = found.get("question", {})
    if any(asked.get(key) != getattr(named, key) for key in ("candidate", "baseline", "at_least")):
        raise BusyError(
            f"{ACCEPTANCE} is about another question: somebody named another candidate meanwhile, or the stage was committed "
            "without a run.",
            "Run it: dvc repro --force --single-item release/dvc.yaml:accept",
        )
    looks = len(read_looks(root))
    print("\n".join(upper_first(line) for line in told(found)))
    print(
        f"  {looks} look{'s were' if looks > 1 else ' was'} taken in all; the next has the level {percent(level_of(looks + 1))}"
    )
    print("Keep it: git add release && git commit")


def _name(root: Path, candidate: str | None, baseline: str | None, because: str | None, at_least: str | None) -> Accept:
    """Write what was named to release.yaml, and return what it says now; nothing is written where that would be refused.

    Another candidate or baseline takes over neither the reason nor the terms of the one before.
    """
    from ceteris.params_file import changed
    from ceteris.release.folder import read_terms
    from ceteris.release.terms import FILE, cells_of, parse_terms
    from ceteris.store import parse_yaml, read_params, single_writer, write_text

    if candidate is None and baseline is not None:
        raise BadInputError(
            "--baseline was given without a candidate.", "ceteris accept MODEL/VERSION --baseline MODEL/VERSION"
        )
    with single_writer(root, "accept"):
        known = read_terms(root).accept
        if candidate is not None:
            baseline = baseline or known.baseline
            if (candidate, baseline) != (known.candidate, known.baseline):
                known = type(known)()
        values = {
            "candidate": candidate or known.candidate,
            "baseline": baseline or known.baseline,
            "at_least": at_least or known.at_least,
            "because": because or known.because,
        }
        before = (root / FILE).read_text(encoding="utf-8")
        after = changed(before, {("accept", key): value for key, value in values.items()})
        named = parse_terms(parse_yaml(after, FILE)).accept
        cells_of(named, read_params(root))
        if after != before:
            write_text(root / FILE, after)
    return named


def _refuse_unless_taken(root: Path) -> None:
    """Refuse to open the test part anew for a candidate that nobody named just now."""
    from ceteris.release.folder import ACCEPTANCE, read_looks, read_terms
    from ceteris.store import read_json

    known = read_terms(root).accept
    asked = [look.question for look in read_looks(root)]
    taken: set[tuple[str | None, str | None]] = {(question.candidate, question.baseline) for question in asked}
    if (root / ACCEPTANCE).is_file():
        said = read_json(root / ACCEPTANCE).get("question") or {}
        taken.add((said.get("candidate"), said.get("baseline")))
    if known.candidate is not None and (known.candidate, known.baseline) not in taken:
        raise BadInputError(
            f"No look was taken for {known.candidate} in place of {known.baseline}, so there is none to go on with.",
            f"Name it to take one: ceteris accept {known.candidate} --baseline {known.baseline}",
        )


def _run(root: Path) -> None:
    """Let DVC bring the pipeline up to date and run the stage; what the stage refuses it says itself, and so it ends this."""
    import re
    import subprocess

    command, code = [sys.executable, "-m", "dvc", "repro", "release/dvc.yaml"], 1
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as dvc:
        for line in dvc.stderr or ():
            refused = re.search(r"accept': failed to run: .* exited with (\d+)$", line.rstrip())
            if refused is None:
                print(line, end="", file=sys.stderr, flush=True)
            code = int(refused[1]) if refused else code
    if dvc.returncode:
        raise SystemExit(code)
