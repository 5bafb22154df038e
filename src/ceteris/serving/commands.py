"""The commands about serving: `ceteris serve` puts a package behind HTTP, `ceteris labels` brings labels into its log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError, counted, nearest, some

if TYPE_CHECKING:
    import pandas as pd

    from ceteris.release.terms import Release

__all__ = ["TOKEN", "add_to", "refuse_without_libraries"]

TOKEN = "CETERIS_TOKEN"
_NEEDED = ("fastapi", "msgspec", "uvicorn", "prometheus_client")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(serve)
    app.command()(labels)


def serve(
    folder: Annotated[str, typer.Argument(help="A package: release/model, or release/candidate.")],
    log: Annotated[str, typer.Option(metavar="FILE", help="The SQLite file in which every inference is logged.")],
    host: Annotated[str, typer.Option(help="Whom to listen to; any but this machine asks for a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8000,
    token_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help=f"Holds the token that clients send; or the environment variable {TOKEN}."),
    ] = None,
    settings: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Its sections serve and package hold; default: release/release.yaml here."),
    ] = None,
) -> None:
    """Serve a packaged model over HTTP: POST /predict, every inference in the log."""
    refuse_without_libraries()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ceteris.serving.packaged import open_package
    from ceteris.serving.server import serve as run

    terms = _settings(settings)
    run(open_package(Path(folder), terms.package.trusted or ()), terms.serve, Path(log), host, port, _token(token_file))


def refuse_without_libraries() -> None:
    """Refuse to serve where the extra `serve` is not installed."""
    from importlib.util import find_spec

    lacking = [name for name in _NEEDED if find_spec(name) is None]
    if lacking:
        raise BadInputError(
            f"Serving needs {some(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed.",
            "Install the extra: pip install 'ceteris[serve]'",
        )


def _settings(file: str | None) -> Release:
    from ceteris.release.terms import FILE, Release, parse_terms
    from ceteris.store import read_yaml

    path = Path(file or FILE)
    if path.is_file():
        return parse_terms(read_yaml(path))
    if file is not None:
        raise BadInputError(f"--settings names {file}, which is not there.", "Name a file like release/release.yaml.")
    return Release()


def _token(file: str | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN) or None
    try:
        found = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadInputError(
            f"--token-file names {file}, which cannot be read.", "Write the token into it, and nothing else."
        ) from None
    if not found:
        raise BadInputError(f"{file} holds no token.", "Write one into it: openssl rand -hex 32")
    return found


def labels(
    file: Annotated[str, typer.Argument(help="A CSV file with the columns id and label; rows without a label are left out.")],
    log: Annotated[str, typer.Option(metavar="FILE", help="The log of the served model.")],
    who: Annotated[str, typer.Option(help="The name of whoever says so.")],
    source: Annotated[str, typer.Option(help="late (they became known), review (a queue came back), business.")] = "review",
) -> None:
    """Bring labels that came later into the log of a served model, joined by the id of the row; again, and nothing is added."""
    from ceteris.serving.brought_labels import brought
    from ceteris.serving.log_file import SOURCES, add_labels, read_classes

    if source not in SOURCES:
        raise BadInputError(f"--source is {source!r}.{nearest(source, SOURCES)}", f"Write one of {', '.join(SOURCES)}.")
    if not who.strip():
        raise BadInputError("--who is empty.", "Name whoever gave the labels.")
    if not who.isprintable():
        raise BadInputError(f"--who is {who!a}, which is no plain text.", "Name whoever gave the labels, in one line.")
    found, blank = brought(Path(file), read_classes(Path(log)))
    added, unknown = add_labels(Path(log), found, who.strip(), source)
    if unknown and len(unknown) == len(found):
        raise BadInputError(
            f"No row in {log} has any of the {counted(len(found), 'id')} of {file}: {some(unknown)}. Nothing was added.",
            "Name the log of the server that answered these rows, and give each label the id that its row was sent with.",
        )
    _tell(found, blank, added, unknown)


def _tell(found: pd.DataFrame, blank: int, added: int, unknown: list[str]) -> None:
    print(f"{counted(added, 'label')} added")
    known = len(found) - len(unknown)
    if known > added:
        print(f"  {known - added:,} stood there already")
    if blank:
        print(f"  {counted(blank, 'row')} left out: no label is filled in")
    if unknown:
        print(f"  {counted(len(unknown), 'id')} left out, which no logged row has: {some(unknown)}")
