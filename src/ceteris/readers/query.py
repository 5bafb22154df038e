"""What was asked of a database: a .sql file beside the rows that came of it, its first line the database, no password in it.

DVC cannot see a database change. So its rows are fetched by a command into a Parquet file, which DVC can see, and which names
the query that it came of.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ceteris.errors import BadInputError

__all__ = ["QUERY", "Query", "digest_of", "parse_query", "refuse_another_query", "spelled"]

QUERY = b"ceteris:query"  # the key in a Parquet file's metadata
_HEAD = "-- database: "
_CREDENTIALS = re.compile(r"^(?P<scheme>[^:/?#]+://)(?P<user>[^:@/?#]*):(?P<password>[^@/]*)@")
_SECRET = re.compile(r"[?&;]([^=&;]*(?:password|passwd|pwd|secret|token)[^=&;]*)=", re.IGNORECASE)
_VARIABLE = re.compile(r"^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$")


class Query(NamedTuple):
    """A question to a database.

    Attributes
    ----------
    database : str
        A SQLAlchemy URL; in the place of a password it may name an environment variable, as in `me:$SHOP_PASSWORD@host`.
    text : str
        SQL.
    """

    database: str
    text: str

    @property
    def password(self) -> str | None:
        """The password, from the environment variable that the URL names; None where it names none."""
        found = _CREDENTIALS.match(self.database)
        variable = _VARIABLE.match(unquote(found["password"])) if found else None
        if variable is None:
            return None
        if variable[1] not in os.environ:
            raise BadInputError(
                f"The database {self.database} takes its password from the environment variable {variable[1]}, which is not"
                " set.",
                f"Set it for this command: {variable[1]}=... ceteris fetch",
            )
        return os.environ[variable[1]]


def parse_query(text: str, name: str) -> Query:
    """Return what a .sql file asks; refuse one that names no database, or holds a password."""
    first, _, rest = text.lstrip("\ufeff").partition("\n")
    if not first.startswith(_HEAD.rstrip()):
        raise BadInputError(
            f"{name} does not start with a line that names its database.",
            f"Write `{_HEAD}URL` in its first line, as in `{_HEAD}sqlite:///shop.db`.",
        )
    database = first.removeprefix(_HEAD.rstrip()).strip()
    refuse_secrets(database, name)
    if not rest.strip():
        raise BadInputError(f"{name} holds no query.", "Write one SELECT below its first line.")
    return Query(database, rest.strip())


def refuse_secrets(database: str, name: str) -> None:
    """Refuse a URL with a password in it, without repeating it: the file is kept by git."""
    found = _CREDENTIALS.match(database)
    written = found is not None and found["password"] and not _VARIABLE.match(unquote(found["password"]))
    option = _SECRET.search(database)
    if written or option:
        place = f"as {option[1]!r}" if option else f"after {found['user']!r}" if found else ""
        raise BadInputError(
            f"{name} holds a password {place}, and would keep it in git.",
            "Name an environment variable in its place, in single quotes for the shell: 'postgresql+psycopg://me:$SHOP_PASSWORD"
            "@host/shop'.",
        )
    if "://" not in database:
        raise BadInputError(
            f"{name} names the database {database!r}, which is no URL.",
            "Write one as SQLAlchemy has it: sqlite:///shop.db, postgresql+psycopg://me:$SHOP_PASSWORD@host/shop.",
        )


def spelled(query: Query) -> str:
    """Return the text of a .sql file."""
    return f"{_HEAD}{query.database}\n{query.text.strip()}\n"


def digest_of(query: Query) -> str:
    """Return the sha256 of a question, whatever the line ends of its file."""
    return hashlib.sha256("\n".join(spelled(query).split("\r\n")).encode()).hexdigest()


def refuse_another_query(path: Path, name: str, metadata: dict[bytes, bytes]) -> None:
    """Refuse a file of rows that came of another query than the one that stands beside it now."""
    beside = path.with_suffix(".sql")
    if QUERY not in metadata or not beside.is_file():
        return
    asked = parse_query(beside.read_text(encoding="utf-8"), str(Path(name).with_suffix(".sql")))
    if metadata[QUERY].decode() != digest_of(asked):
        raise BadInputError(
            f"{name} holds the rows of another query than {Path(name).with_suffix('.sql')} asks now.",
            "Run: ceteris fetch",
        )
