"""The command line: what a person does around the pipeline. Stages themselves are run by `dvc repro`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
import typer.core

from ceteris.canvas import commands as canvas
from ceteris.detectors import commands as detecting
from ceteris.errors import BadInputError, CeterisError, counted
from ceteris.experiments import commands as experiments
from ceteris.experiments import lever_commands as levers
from ceteris.families import commands as families
from ceteris.monitoring import commands as monitoring
from ceteris.recommending import commands as recommending
from ceteris.release import commands as release
from ceteris.retraining import commands as retraining
from ceteris.reviewing import commands as review
from ceteris.serving import commands as serving

__all__ = ["main"]


class _Told(typer.core.TyperGroup):
    """A group that tells what each command does to the end, on as many lines as it takes."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(1000)) for name, command in found if command])


app = typer.Typer(
    cls=_Told,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What is a change to the data worth, with the model held fixed? Run the pipeline with `dvc repro`.",
)


def _version(asked: bool) -> None:
    if asked:
        from ceteris import __version__

        print(f"ceteris {__version__}")
        raise typer.Exit


@app.callback()
def _of_all(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it, and end.")] = False,
) -> None:
    pass


@app.command()
def init(
    file: Annotated[
        str,
        typer.Argument(
            help="A CSV, Parquet, JSON lines (.jsonl) or Excel (.xlsx) file, or a folder with one folder of pictures a class;"
            " it is copied to data/source/ where it is not there yet."
        ),
    ],
    label: Annotated[str | None, typer.Option(help="Name of the label column; of pictures: the name of their folder.")] = None,
    id: Annotated[str | None, typer.Option(help="Name of the id column; default: made of each row's content.")] = None,
    annotator: Annotated[
        list[str] | None, typer.Option(help="Name of a column with one person's labels; repeated, once for each person.")
    ] = None,
    votes: Annotated[
        str | None, typer.Option(help="A file of several people's labels instead: columns id, annotator, label.")
    ] = None,
    given: Annotated[
        str | None, typer.Option(help="Instead of --label: majority (of these people), or the name of one of them.")
    ] = None,
    true_label: Annotated[str | None, typer.Option(help="Name of a column with verified labels.")] = None,
    group: Annotated[str | None, typer.Option(help="Name of a column whose rows belong together.")] = None,
    time: Annotated[str | None, typer.Option(help="Name of a column with times: the newest rows judge.")] = None,
    time_format: Annotated[str | None, typer.Option(help="How it spells dates, as '%d.%m.%Y'; default: 2018-03-31.")] = None,
    time_feature: Annotated[bool, typer.Option("--time-feature", help="The time is a feature, too.")] = False,
    split_column: Annotated[str | None, typer.Option(help="Name of a column that says train, validation or test.")] = None,
    verified: Annotated[str | None, typer.Option(help="Name of a true/false column: a person verified this label.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Name of a column that is no feature; may be repeated.")] = None,
    plant: Annotated[
        float, typer.Option(help="Change this share of the labels on purpose, 0 to 0.5: a trial of the pipeline.")
    ] = 0.0,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV file; default: found.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a CSV file or JSON lines; default: found.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of an Excel file; default: the only one.")] = None,
    features: Annotated[
        str | None, typer.Option(help="A .npy or .npz file with more numbers for each row: an embedding, a sparse matrix.")
    ] = None,
    features_ids: Annotated[
        str | None, typer.Option(help="A .npy file with the id of each row of --features; default: in the table's order.")
    ] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels to which pictures are brought, 4 to 256; default: 32.")] = None,
    image_mode: Annotated[str | None, typer.Option(help="Colours of pictures: rgb, gray.")] = None,
    unreadable: Annotated[str | None, typer.Option(help="Files that are no readable pictures: refuse, drop.")] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Rows without a label: refuse, drop.")] = None,
    normalise: Annotated[str | None, typer.Option(help="Merge labels that differ only by case or space: none, labels.")] = None,
    infinite: Annotated[str | None, typer.Option(help="Infinite or too large numbers: refuse, missing.")] = None,
    label_type: Annotated[
        str | None, typer.Option(help="What the labels are: text, integer, boolean, or number (regression).")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND (number, category, text, date, vector, sparse, image); default: guessed, and told."),
    ] = None,
    dates: Annotated[str | None, typer.Option(help="How 03/04/2026 is read: iso, day_first, month_first.")] = None,
    repair: Annotated[
        list[str] | None,
        typer.Option(help="Faults to repair where they are found, by the names that init tells, or all; may be repeated."),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A new folder of your own git repository: the project is made in it, the file stays."),
    ] = None,
) -> None:
    """Look at a file of your own, say what is in it, and write params.yaml for it."""
    from ceteris.starting.into import project_in
    from ceteris.starting.onboarding import init_command

    asked = {
        "unlabelled": unlabelled, "normalise": normalise, "infinite": infinite, "label_type": label_type, "sheet": sheet,
        "features": features, "features_ids": features_ids, "image_size": image_size, "image_mode": image_mode,
        "unreadable": unreadable, "annotators": tuple(annotator) if annotator else None, "votes": votes, "given": given,
    }  # fmt: skip
    init_command(
        file,
        label,
        id=id,
        true_label=true_label,
        group=group,
        drop=tuple(drop or ()),
        time=time,
        time_format=time_format,
        time_feature=time_feature,
        split_column=split_column,
        verified=verified,
        plant=plant,
        delimiter=delimiter,
        encoding=encoding,
        reading={key: value for key, value in asked.items() if value is not None},
        kinds=_pairs(kind or []),
        dates=dates,
        repair=tuple(repair or ()),
        into=None if into is None else project_in(into),
    )


def _pairs(kinds: list[str]) -> dict[str, str]:
    found = [text.rpartition("=")[::2] for text in kinds]
    if not all(column and kind for column, kind in found):
        raise BadInputError(f"--kind is {kinds[0]!r}.", "Write --kind COLUMN=KIND, as --kind review=text.")
    return dict(found)


@app.command()
def example(
    name: Annotated[
        str, typer.Argument(help="credit (a mixed table), movie-reviews (text, 15 and more raters a row), images.")
    ],
    into: Annotated[
        str | None, typer.Option(metavar="DIR", help="A new folder, in no git repository; default: ceteris-NAME.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Take so many rows only, for a quick look.")] = None,
    archive: Annotated[
        str | None, typer.Option(metavar="FILE", help="Of movie-reviews: vaderSentiment-3.3.2.tar.gz; default: pip brings it.")
    ] = None,
) -> None:
    """Make a project with a worked example in a new folder, ready for `dvc repro`."""
    from ceteris.examples.making import example_command

    example_command(name, into, rows, archive)


@app.command()
def fetch(
    name: Annotated[str | None, typer.Argument(help="Of data/source/NAME.parquet; default: the declared source.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="A SQLAlchemy URL; for a password it names an environment variable: 'postgresql+psycopg://me:$PASSWORD@host/shop'."
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(help="One SELECT, or a .sql file that holds it.")] = None,
) -> None:
    """Ask a database and keep its rows as data/source/NAME.parquet, the query beside them; again, where it has changed."""
    from ceteris.readers.fetching import fetch_command

    fetch_command(name, database, query)


@app.command()
def upgrade(
    pipelines: Annotated[bool, typer.Option("--pipelines", help="Also write a dvc.yaml anew that was edited by hand.")] = False,
) -> None:
    """Let the stages run the code of the ceteris that is installed now, and say which of them will run anew."""
    from ceteris.installed import upgrade as upgraded
    from ceteris.store import find_root, single_writer

    root = find_root()
    with single_writer(root, "upgrade"):
        for line in upgraded(root, pipelines):
            print(line)


@app.command()
def summary() -> None:
    """Say in a few lines which lever moved the score, by how much, how sure, and scored on what."""
    import ceteris
    from ceteris.measuring.planning import made_otherwise
    from ceteris.measuring.reviews import reviews_of
    from ceteris.release.told import looks_told
    from ceteris.telling.story import simulated_versions
    from ceteris.telling.story import summary as told

    bench = ceteris.open()
    found, compare, reviews, plan = bench.effects(), bench.params.compare, reviews_of(bench.verified()), bench.plan()
    for line in told(found, compare.metric, compare.confidence, simulated_versions(bench.versions()), reviews):
        print(line)
    for line in looks_told(bench.acceptance()):
        print(line)
    print(made_otherwise(found, plan) or f"Made under {plan}")
    print(f"The whole story: {bench.path('reports').relative_to(bench.root)}/report.html")


@app.command()
def effects(every: Annotated[bool, typer.Option("--all", help="Also what was not planned.")] = False) -> None:
    """Print the effects on the primary metric, each with its interval and verdict."""
    import ceteris
    from ceteris.measuring.planning import made_otherwise
    from ceteris.telling.finding import findings
    from ceteris.telling.story import lever, planned, simulated_versions

    bench = ceteris.open()
    table, compare, plan = bench.effects(), bench.params.compare, bench.plan()
    found = findings(table, simulated_versions(bench.versions()))
    chosen = (
        [one for one in found if one.metric == compare.metric and one.applicable] if every else planned(found, compare.metric)
    )
    for one in chosen:
        print(lever(one, compare.confidence))
    otherwise = made_otherwise(table, plan)
    if otherwise:
        print(otherwise, file=sys.stderr)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="What the predictions are to be called: they come back as predictions/NAME.")],
    csv: Annotated[bool, typer.Option("--csv", help="Tables as CSV; default: Parquet.")] = False,
) -> None:
    """Export the versions, the validation rows without labels, and folds: train elsewhere, and bring predictions back."""
    from ceteris.fixing.exporting import export_versions
    from ceteris.store import find_root, single_writer

    root = find_root()
    with single_writer(root, "export"):
        folder, versions = export_versions(root, name, "csv" if csv else "parquet")
    print(f"{counted(len(versions), 'version is', 'versions are')} in {folder.relative_to(root)}: {', '.join(versions)}")
    if list(versions) == ["given"]:
        print("Others are made when the rows are audited: dvc repro fix, then export again.")
    print(f"What to bring back, and where to: {folder.relative_to(root)}/README.md")


for room in (
    review, families, detecting, experiments, levers, release, serving, monitoring, retraining, canvas, recommending,
):  # fmt: skip
    room.add_to(app)


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
