"""The command line: what a person does around the pipeline. Stages themselves are run by `dvc repro`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ceteris.errors import BadInputError, CeterisError
from ceteris.experiments import commands as experiments
from ceteris.experiments import lever_commands as levers
from ceteris.release import commands as release
from ceteris.reviewing import commands as review

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What is a change to the data worth, with the model held fixed? Run the pipeline with `dvc repro`.",
)


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
    from ceteris.planning import made_otherwise
    from ceteris.release.told import looks_told
    from ceteris.reviews import reviews_of
    from ceteris.story import simulated_versions
    from ceteris.story import summary as told

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
    from ceteris.finding import findings
    from ceteris.planning import made_otherwise
    from ceteris.story import lever, planned, simulated_versions

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
    from ceteris.exporting import export_versions
    from ceteris.store import find_root, single_writer

    root = find_root()
    with single_writer(root, "export"):
        folder, versions = export_versions(root, name, "csv" if csv else "parquet")
    print(f"{len(versions):,} versions are in {folder.relative_to(root)}: {', '.join(versions)}")
    if list(versions) == ["given"]:
        print("Others are made when the rows are audited: dvc repro fix, then export again.")
    print(f"What to bring back, and where to: {folder.relative_to(root)}/README.md")


for room in (review, experiments, levers, release):
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
