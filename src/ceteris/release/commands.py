"""The command about the release: `ceteris accept` names a candidate, runs release/dvc.yaml, and says what came out."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceteris.errors import BadInputError, BusyError, CeterisError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ceteris.release.terms import Accept

__all__ = ["GATE_FAILED", "add_to", "opened", "tagged"]

GATE_FAILED = 9  # the exit code where a candidate is accepted, and its package does not pass the gate


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(accept)


def accept(
    candidate: Annotated[
        str | None, typer.Argument(help="MODEL/VERSION; default: go on with the look at what release/release.yaml names.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="MODEL/VERSION that it is to take the place of.")] = None,
    because: Annotated[str | None, typer.Option(help="Why, for a candidate that is not told to help on validation.")] = None,
    at_least: Annotated[
        str | None, typer.Option(help="The verdict that is asked for: helps, or no practical difference (a cheaper candidate).")
    ] = None,
) -> None:
    """Open the sealed test part for one candidate: the look is counted, spends its level, and says whether it is accepted.

    Only a candidate that is named here is looked at anew; without one, a look that was taken is gone on with. Then the gate
    measures its package, and promotes it to release/model where every guard holds. An accepted candidate that fails there ends
    this with the exit code 9.
    """
    options = {"candidate": candidate, "baseline": baseline, "at_least": at_least, "because": because}
    typed = {name: value for name, value in options.items() if value is not None}
    if typed and candidate is None:
        option = next(iter(typed)).replace("_", "-")
        raise BadInputError(
            f"--{option} was given without a candidate.", "ceteris accept MODEL/VERSION --baseline MODEL/VERSION"
        )
    found, gate = opened(typed)
    print(f"Keep it: git add release && git commit -m release{tagged(found, gate)}")
    if found["accepted"] and not gate["passed"]:
        raise SystemExit(GATE_FAILED)


def opened(typed: dict[str, str], changed: list[str] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Name what was typed, take the look, go to the gate and tell all of it; return acceptance.json and gate.json.

    Parameters
    ----------
    changed : list of str, optional
        What was not as the last commit holds it before a command changed the project; default: what is not now.
    """
    from ceteris.release.folder import alone
    from ceteris.release.terms import FILE as TERMS
    from ceteris.store import find_root

    root = find_root()
    with alone(root):
        before = (root / TERMS).read_bytes() if (root / TERMS).is_file() else b""
        named = _name(root, typed) if typed else _named(root)
        with _only_with_a_look(root, before):
            found = _found(root, named, anew=bool(typed), changed=changed)
        gate = _promoted(root)
    _tell(root, found, gate, typed.get("because") and named.because)
    return found, gate


def tagged(found: dict[str, Any], gate: dict[str, Any]) -> str:
    """Return what follows a commit: an annotated tag of the form by which `dvc artifacts get` finds a model that passed."""
    return f" && git tag model@v{found['look']}.0.0 -m {found['question']['candidate']}" if gate["passed"] else ""


@contextlib.contextmanager
def _only_with_a_look(root: Path, before: bytes) -> Iterator[None]:
    """Put release.yaml back as it was `before` a name was written, where what is done inside ends without a look for it.

    Once a look is taken the names stay, whatever happens then: `ceteris accept` goes on with it.
    """
    from ceteris.release.looks import FILE as LOOKS
    from ceteris.release.terms import FILE
    from ceteris.store import single_writer, write_bytes

    terms, looks = root / FILE, root / LOOKS
    written, taken = terms.read_bytes(), looks.read_bytes() if looks.is_file() else b""
    try:
        yield
    except BaseException:
        with single_writer(root, "accept"):
            unlooked = (looks.read_bytes() if looks.is_file() else b"") == taken
            if unlooked and terms.is_file() and terms.read_bytes() == written != before:
                write_bytes(terms, before)
        raise


def _named(root: Path) -> Accept:
    """Return what release.yaml names."""
    from ceteris.release.folder import read_terms
    from ceteris.release.terms import cells_of
    from ceteris.store import read_params

    known = read_terms(root).accept
    cells_of(known, read_params(root))
    return known


def _name(root: Path, typed: dict[str, str]) -> Accept:
    """Write what was typed to release.yaml, and return what it says now; nothing is written where that would be refused."""
    from ceteris.release.folder import read_terms
    from ceteris.release.terms import FILE, asked, cells_of, parse_terms
    from ceteris.starting.params_file import changed
    from ceteris.store import parse_yaml, read_params, single_writer, write_text

    with single_writer(root, "accept"):
        values = asked(read_terms(root).accept, typed)
        before = (root / FILE).read_text(encoding="utf-8")
        after = changed(before, {("accept", name): value for name, value in values.model_dump().items()})
        named = parse_terms(parse_yaml(after, FILE)).accept
        cells_of(named, read_params(root), typed)
        if after != before:
            write_text(root / FILE, after)
    return named


def _found(root: Path, named: Accept, *, anew: bool, changed: list[str] | None) -> dict[str, Any]:
    """Run the stage, and return acceptance.json once it is about what was named; with `anew` the run may take a look.

    Raises
    ------
    BusyError
        It is about something else.
    """
    from ceteris.release.folder import ACCEPTANCE, request

    environment = request(named if anew else None, changed)
    _run(root, environment, "release/dvc.yaml")
    found = _acceptance(root)
    if not _is_about(root, found, named):  # `dvc commit` told DVC that the stage had run
        _run(root, environment, "--force", "--single-item", "release/dvc.yaml:accept")
        _run(root, environment, "release/dvc.yaml")
        found = _acceptance(root)
    if not _is_about(root, found, named):
        raise BusyError(f"{ACCEPTANCE} is about another question: release.yaml was changed meanwhile.", "Run it again.")
    return found


def _promoted(root: Path) -> dict[str, Any]:
    """Return gate.json, once what passed is what is served."""
    from ceteris.release.folder import GATE
    from ceteris.release.promotion import promote
    from ceteris.store import read_json

    gate: dict[str, Any] = read_json(root / GATE)
    if gate["passed"]:
        promote(root)
    return gate


def _acceptance(root: Path) -> dict[str, Any]:
    from ceteris.release.folder import ACCEPTANCE
    from ceteris.store import read_json

    try:
        found = read_json(root / ACCEPTANCE)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_about(root: Path, found: dict[str, Any], named: Accept) -> bool:
    """Return whether acceptance.json is about what was named, and about the cells that these names stand for now."""
    from ceteris.layout import read_layout
    from ceteris.measuring.fingerprint import Fingerprint
    from ceteris.training.cell_files import cell_state

    models = root / read_layout(root)["models"]
    wanted: dict[str, str | None] = {"at_least": named.at_least}
    for role, name in (("candidate", named.candidate), ("baseline", named.baseline)):
        state = cell_state(models / str(name))
        wanted |= {role: name, f"{role}_cell": Fingerprint(**state["fingerprint"]).fit_key if state else None}
    said = found.get("question")
    return isinstance(said, dict) and all(said.get(key) == value for key, value in wanted.items())


def _run(root: Path, environment: dict[str, str], *what: str) -> None:
    """Let DVC bring the pipeline up to date and run the stage; what the stage refuses it says itself, and so it ends this."""
    import re
    import subprocess

    command, code, locked = [sys.executable, "-m", "dvc", "repro", *what], 1, ""
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as dvc:
        for line in dvc.stderr or ():
            refused = re.search(r"(?:accept|package|gate)': failed to run: .* exited with (\d+)$", line.rstrip())
            if locked or re.match(
                "ERROR: .*(Unable to acquire lock|is busy, it is being blocked by|Unable to read RWLock)", line
            ):
                locked += line
            elif refused is None:
                print(line, end="", file=sys.stderr, flush=True)
            code = int(refused[1]) if refused else code
    if dvc.returncode and locked:
        raise _locked(locked)
    if dvc.returncode:
        raise SystemExit(code)


def _locked(said: str) -> CeterisError:
    """Return what DVC says of its locks as a sentence."""
    import re

    if "Unable to read RWLock" in said:
        return IntegrityError(
            "DVC's list of locks, .dvc/tmp/rwlock, was torn when a command was stopped.",
            "Remove it, once no DVC command is at work here: rm .dvc/tmp/rwlock",
        )
    who = "".join(f" (process {number})" for number in re.findall(r"\(PID (\d+)\): ", said)[:1])
    return BusyError(f"Another DVC command is at work here{who}.", "Wait for it to end, or end it, then run this again.")


def _tell(root: Path, found: dict[str, Any], gate: dict[str, Any], because: str | None) -> None:
    """Print what the look said; `because` is a reason that was typed, which a look that was taken before does not take over."""
    from ceteris.release.folder import read_looks
    from ceteris.release.looks import level_of
    from ceteris.release.record import FILE as VERDICTS
    from ceteris.release.told import gate_told, told
    from ceteris.telling.wording import percent, upper_first

    looks = len(read_looks(root))
    print("\n".join(upper_first(line) for line in told(found)))
    if because and because != found["because"]:
        print(f"  --because is not in the record: look {found['look']} was taken before it was said")
    taken = f"{looks} look{'s were' if looks > 1 else ' was'} taken in all"
    level = percent(level_of(looks + 1))
    print(f"  {taken} ({VERDICTS} says what came out); the next is tested at the level {level}, half of the last")
    print("\n".join(map(upper_first, gate_told(gate))))
