"""`ceteris fetch`: a database's answer is a file that DVC can see, the same for the same rows, and no password is kept."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from checkout import unstarted
from written import rows

from ceteris import cli
from ceteris.errors import BadInputError
from ceteris.readers.fetching import fetch_command
from ceteris.readers.sources import read
from ceteris.sections import Ingest
from ceteris.starting.params_file import changed

QUERY = "select * from pets"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A git repository with the shipped params.yaml, and a database of thirty pets beside it."""
    home = unstarted(tmp_path / "repository")
    columns = rows()
    ask(home, "create table pets (id text, label text, size real, colour text)")
    for values in zip(*columns.values(), strict=True):
        ask(home, "insert into pets values (?, ?, ?, ?)", values)
    return home


def ask(root: Path, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
    shop = sqlite3.connect(root.parent / "shop.db")
    with shop:
        found = shop.execute(statement, values).fetchall()
    shop.close()
    return found


def url(root: Path) -> str:
    return f"sqlite:///{root.parent / 'shop.db'}"


def fetch(root: Path, *arguments: str | None) -> str:
    told: list[str] = []
    fetch_command(*arguments, root=root, tell=told.append)
    return "\n".join(told)


def refusal_of(root: Path, *arguments: str | None) -> str:
    with pytest.raises(BadInputError) as refusal:
        fetch(root, *arguments)
    return str(refusal.value)


def held(root: Path, name: str = "pets") -> pa.Table:
    return pq.read_table(root / f"data/source/{name}.parquet")


def declare(root: Path) -> None:
    path = root / "params.yaml"
    path.write_text(changed(path.read_text(), {("ingest", "source"): "data/source/pets.parquet"}))


def test_an_answer_is_kept_beside_its_query_and_both_are_staged(root: Path) -> None:
    told = fetch(root, "pets", url(root), QUERY)
    assert "data/source/pets.parquet: 30 rows and 4 columns" in told
    assert "next: ceteris init data/source/pets.parquet --label COLUMN" in told
    assert (root / "data/source/pets.sql").read_text() == f"-- database: {url(root)}\n{QUERY}\n"
    staged = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert staged.split() == ["data/source/pets.parquet", "data/source/pets.sql"]
    assert len(read(Ingest(source="data/source/pets.parquet", id="id"), root).frame) == 30


def test_the_same_rows_in_another_order_are_the_same_bytes(root: Path) -> None:
    fetch(root, "pets", url(root), QUERY)
    before = (root / "data/source/pets.parquet").read_bytes()
    ask(root, "create table turned as select * from pets order by size desc")
    ask(root, "drop table pets")
    ask(root, "alter table turned rename to pets")
    declare(root)
    assert "30 rows, the same as before" in fetch(root)
    assert (root / "data/source/pets.parquet").read_bytes() == before


def test_what_came_and_went_is_told(root: Path) -> None:
    fetch(root, "pets", url(root), QUERY)
    ask(root, "update pets set label = 'dog' where id = 'r000'")
    ask(root, "insert into pets values ('new', 'cat', 1, 'red')")
    declare(root)
    told = fetch(root)
    assert "31 rows: 2 are new or changed, 1 of those before are gone or changed" in told
    assert told.endswith("next: dvc repro")


def test_rows_of_another_query_than_the_one_beside_them_are_refused_until_fetched(root: Path) -> None:
    fetch(root, "pets", url(root), QUERY)
    beside = root / "data/source/pets.sql"
    beside.write_text(beside.read_text().replace(QUERY, f"{QUERY} where size > 2"))
    with pytest.raises(BadInputError, match=r"rows of another query .* Run: ceteris fetch"):
        read(Ingest(source="data/source/pets.parquet", id="id"), root)
    fetch(root, "pets")
    assert len(read(Ingest(source="data/source/pets.parquet", id="id"), root).frame) == 25
    beside.write_bytes(beside.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read(Ingest(source="data/source/pets.parquet", id="id"), root).frame) == 25


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://me:hunter2@host/shop",
        "postgresql+psycopg://me:hunter2%40x@host/shop?sslmode=require",
        "postgresql://host/shop?user=me&password=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER=x;PWD=hunter2",
    ],
)
def test_a_password_is_refused_and_never_repeated_or_written(database: str, root: Path) -> None:
    said = refusal_of(root, "pets", database, QUERY)
    assert "holds a password" in said and "$SHOP_PASSWORD" in said and "hunter2" not in said
    assert not (root / "data").exists()
    (root / "data/source").mkdir(parents=True)
    (root / "data/source/pets.sql").write_text(f"-- database: {database}\n{QUERY}\n")
    said = refusal_of(root, "pets")
    assert "holds a password" in said and "hunter2" not in said


def test_a_password_comes_from_the_variable_that_the_url_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceteris.readers.query import Query

    asked = Query("postgresql://me:$SHOP_PASSWORD@host/shop", QUERY)
    assert "environment variable SHOP_PASSWORD, which is not set" in refusal_of(root, "pets", *asked)
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    assert asked.password == "hunter2"
    assert Query("postgresql://me@host/shop", QUERY).password is None


@pytest.mark.parametrize(
    ("database", "query", "words"),
    [
        (None, "select * from cats", ("did not answer", "no such table: cats", "rows fetched before are kept")),
        (None, "select * from pets where size > 1000", ("answered with no rows",)),
        (None, "select id, label as id from pets", ("more than one column named 'id'",)),
        (None, "delete from pets", ("returns no table, and was taken back",)),
        (None, "select id from pets; drop table pets", ("did not answer",)),
        (
            None,
            "select id, cast(id as blob) as raw from pets",
            ("column 'raw' holds bytes", "row 1", "leave it out of the query"),
        ),
        (None, " ", ("no query was given",)),
        (None, "gone.sql", ("There is no file 'gone.sql'",)),
        ("sqlite:////no/such/folder/shop.db", QUERY, ("is not there", "no file /no/such/folder/shop.db")),
        ("sqlite:////proc", QUERY, ("did not answer", "unable to open")),
        ("nosuch://host/shop", QUERY, ("does not know: 'nosuch'",)),
        ("mysql+pymysql://host/shop", QUERY, ("driver of mysql+pymysql is not installed",)),
        ("shop.db", QUERY, ("'shop.db', which is no URL",)),
    ],
)
def test_a_database_that_does_not_answer_is_a_sentence_and_nothing_is_written(
    database: str | None, query: str, words: tuple[str, ...], root: Path
) -> None:
    said = refusal_of(root, "pets", database or url(root), query)
    assert all(word in said for word in words), said
    assert not (root / "data").exists()
    assert ask(root, "select count(*) from pets") == [(30,)]


def test_a_database_that_goes_away_leaves_the_rows_that_were_fetched(root: Path) -> None:
    fetch(root, "pets", url(root), QUERY)
    before = (root / "data/source/pets.parquet").read_bytes()
    (root.parent / "shop.db").write_bytes(b"no database at all" * 100)
    declare(root)
    assert "file is not a database" in refusal_of(root)
    assert (root / "data/source/pets.parquet").read_bytes() == before


def test_a_sqlite_file_that_is_gone_is_named_and_no_empty_one_is_made_in_its_place(root: Path) -> None:
    fetch(root, "pets", url(root), QUERY)
    before = (root / "data/source/pets.parquet").read_bytes()
    shop = root.parent / "shop.db"
    shop.unlink()
    declare(root)
    said = refusal_of(root)
    assert f"there is no file {shop}" in said and "Bring it back, or name where it is now by --database" in said
    assert not shop.exists()
    assert (root / "data/source/pets.parquet").read_bytes() == before


def test_a_query_is_sent_as_it_is_written(root: Path) -> None:
    fetch(root, "pets", url(root), "select id, label, ':x' as colon, 7 % 4 as rest, '%s' as percent from pets -- :y")
    assert held(root).to_pylist()[0] == {"id": "r000", "label": "cat", "colon": ":x", "rest": 3, "percent": "%s"}


def test_a_query_may_stand_in_a_file(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("select id,\n  label, size from pets\n")
    fetch(root, "pets", url(root), str(tmp_path / "mine.sql"))
    assert held(root).column_names == ["id", "label", "size"]


def test_values_of_several_types_are_told_when_they_are_fetched(root: Path) -> None:
    ask(root, "update pets set size = 'many' where id = 'r003'")
    told = fetch(root, "pets", url(root), QUERY)
    assert "column 'size' is read as text, since it holds numbers in 29 rows, texts in 1 row" in told
    assert held(root).column("size").to_pylist()[3] == "many"


def test_a_file_that_came_of_no_query_is_not_written_over(root: Path) -> None:
    (root / "data/source").mkdir(parents=True)
    pq.write_table(pa.table({"x": [1]}), root / "data/source/pets.parquet")
    assert "is no answer of a database" in refusal_of(root, "pets", url(root), QUERY)
    assert held(root).to_pydict() == {"x": [1]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None,), "beside which no .sql file stands"),
        (("pets",), "no database was given"),
        (("../pets", "sqlite://", QUERY), "to name two files"),
    ],
)
def test_what_is_to_be_fetched_is_named(arguments: tuple[Any, ...], words: str, root: Path) -> None:
    assert words in refusal_of(root, *arguments)


def test_fetch_is_a_command(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setattr("sys.argv", ["ceteris", "fetch", "pets", "--database", url(root), "--query", QUERY])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert "30 rows and 4 columns" in capsys.readouterr().out
