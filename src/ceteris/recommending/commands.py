"""`ceteris recommend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ceteris.recommending.guidance import Sampled
    from ceteris.workbench import Workbench

__all__ = ["add_to", "notes_of"]

PEOPLE = ("apply_edits", "consensus")  # steps that apply what people wrote


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(recommend)


def recommend(
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say which version to ship, from the intervals, with the reason; "given" is an answer."""
    import json

    import ceteris
    from ceteris.errors import BadInputError, nearest
    from ceteris.experiments.stale import refuse_stale
    from ceteris.recommending.recommendation import recommend as decide
    from ceteris.recommending.told import lines_of, object_of
    from ceteris.telling.finding import findings

    bench = ceteris.open()
    params = bench.params
    held = model or params.held_model
    if held not in params.train.models:
        raise BadInputError(
            f"{held!r} is no model of params.yaml.{nearest(held, params.train.models)}", "Name one of train.models."
        )
    refuse_stale(bench.root, "compare", "The effects that were measured")
    people = [name for name, steps in params.fix.steps().items() if steps and all(step.step in PEOPLE for step in steps)]
    found = decide(
        findings(bench.effects(), bench.simulated()),
        held,
        params.compare.metric,
        made_by_people=people,
        simulated=bench.simulated(),
        confidence=params.compare.confidence,
    )
    notes = notes_of(bench)
    if as_json:
        print(json.dumps(object_of(found) | {"notes": notes}, ensure_ascii=False, indent=1))
        return
    for line in lines_of(found):
        print(line)
    for note in notes:
        print(f"Mind: {note}")


def notes_of(bench: Workbench) -> list[str]:
    """Return what people's answers to train rows say against a method, in sentences."""
    from ceteris.editing.edits import live
    from ceteris.editing.ledger import of_part, read_ledger
    from ceteris.metrics import METRICS
    from ceteris.recommending.guidance import answered_rows, guidance
    from ceteris.splitting.splits import TRAIN
    from ceteris.store import read_parquet

    issues = bench.issues()
    parts = read_parquet(bench.path("split") / "parts.parquet").set_index("id")["part"]
    ledger = of_part(live(read_ledger(bench.path("edits"))), parts, TRAIN)
    visible = bench.metrics().get("smallest_visible")
    pp = METRICS[bench.params.compare.metric].unit == "pp"
    return guidance(
        answered_rows(ledger, issues),
        flagged_share=float(issues["is_label_issue"].mean()),
        smallest_visible=float(visible) if pp and visible is not None else None,
        families=_sampled(bench),
    )


def _sampled(bench: Workbench) -> list[Sampled]:
    """Return the families whose random rows people answered."""
    from ceteris.families.applying import samples_so_far
    from ceteris.families.kept import read_families
    from ceteris.recommending.guidance import Sampled
    from ceteris.reviewing.patches import Ledgers
    from ceteris.reviewing.shares import share_of

    families = read_families(bench)
    doubted = dict(zip(families["pattern"], families["doubted"], strict=True))
    samples = samples_so_far(bench, families, Ledgers(bench).readable()[0])
    return [Sampled(name, float(doubted[name]), share_of(one.right, one.judged)) for name, one in samples.items()]
