"""What moved the score, and by how much? Effects of every pair of cells, and the queues that check them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.cell_files import read_cell
from ceteris.compare import Arm, Judged, Scorer, as_one_family, effects_table, grid_table, judge_pairs
from ceteris.dataset import GROUP, ID, LABEL, TRUE_LABEL, codes
from ceteris.effect import smallest_visible_after
from ceteris.errors import BadInputError, some
from ceteris.ledger import of_part, read_ledger
from ceteris.pairs import Pair, VersionFacts, pairs_of
from ceteris.planning import plan_name
from ceteris.scoring import thin_classes
from ceteris.splits import VALIDATION
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, read_table, sweep, write_json, write_table
from ceteris.verified import Answers, answers_of, chosen_rows, judge_verified, queue_of, queue_pairs, with_tipping

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write results/compare/."""
    validation = read_parquet(stage.path("split", "validation.parquet"), columns=None).sort_values(ID, ignore_index=True)
    classes = tuple(read_json(stage.path("split", "classes.json")))
    facts = _facts(stage)
    answers = _answers(stage, validation, classes)
    scorer = _scorer(stage, validation, classes, facts, answers)
    pairs = pairs_of(stage.params.train.models, facts, stage.params.compare)
    judged = judge_pairs(scorer, pairs, facts)
    if "true" not in scorer.labels and "verified (all)" not in scorer.labels:
        found = [judge_verified(scorer, pair, answers, facts) for pair in pairs if pair.planned]
        judged += [one for one in found if one is not None]
    judged = _with_queues(stage, scorer, as_one_family(judged, stage.params.compare.metric), pairs, answers)
    folder = stage.path("results", "compare")
    plan = plan_name(stage.params.compare)
    effects = effects_table(judged, facts, plan)
    write_table(folder / "effects.csv", effects)
    write_table(folder / "grid.csv", grid_table(scorer, facts))
    planned = effects[effects["planned"] & effects["p_holm"].notna()]
    write_table(folder / "planned.csv", _for_plots(planned))
    write_json(folder / "metrics.json", _metrics(stage, scorer, judged, pairs, facts) | {"plan": plan})
    thin = [classes[code] for code in thin_classes(scorer.labels["given"])]
    if thin:
        stage.tell(f"fewer than 20 validation rows of {some(thin)}: intervals of class-wise metrics are too narrow there")
    for one in judged:
        if one.p_holm is not None:
            stage.tell(f"{one.pair.name}: {one.effect}")


def _facts(stage: Stage) -> dict[str, VersionFacts]:
    index = read_json(stage.path("versions", "index.json"))
    table = read_table(stage.path("results", "fix", "versions.csv"), text=("version", "note")).set_index("version")
    facts = {}
    for name in index["order"]:
        row, stated = table.loc[name], index["versions"][name]
        facts[name] = VersionFacts(**stated, dropped=int(row["dropped"]), reviewed=int(row["reviewed"]), rows=int(row["rows"]))
    return facts


def _answers(stage: Stage, validation: pd.DataFrame, classes: tuple[str, ...]) -> Answers:
    parts = read_parquet(stage.path("split", "parts.parquet")).set_index("id")["part"]
    decisions = edits.resolve(read_ledger(stage.path("edits")), stage.params.fix.conflicts)
    judging = of_part(decisions, parts, VALIDATION)
    return answers_of(judging, validation[ID].to_numpy(dtype=object), validation[LABEL].to_numpy(dtype=object), classes)


def _scorer(
    stage: Stage, validation: pd.DataFrame, classes: tuple[str, ...], facts: dict[str, VersionFacts], answers: Answers
) -> Scorer:
    ids = validation[ID].to_numpy(dtype=object)
    labels = {"given": codes(validation[LABEL].to_numpy(dtype=object), classes)}
    if answers.complete:
        labels["verified (all)"] = answers.codes
    truth = read_parquet(stage.path("split", "truth-validation.parquet")).set_index(ID)[TRUE_LABEL].reindex(ids)
    if truth.notna().all():
        labels["true"] = codes(truth.to_numpy(dtype=object), classes)
    for name, found in labels.items():
        absent = [classes[code] for code in range(len(classes)) if not (found == code).any()]
        if absent:
            raise BadInputError(
                f"No validation row has the {name} label {some(absent)}, so nothing can be said about it.",
                "Enlarge split.validation in params.yaml, change split.seed, or add rows of that class.",
            )
    arms = {(model, name): _arm(stage, model, name, ids, classes) for model in stage.params.train.models for name in facts}
    groups = validation[GROUP].to_numpy(dtype=object) if GROUP in validation else None
    return Scorer(arms, labels, len(classes), groups, stage.params.compare)


def _arm(stage: Stage, model: str, version: str, ids: np.ndarray, classes: tuple[str, ...]) -> Arm:
    cell, fingerprint, stored, named = read_cell(stage.path("models", model, version))
    if named != classes or not np.array_equal(stored, ids):
        raise BadInputError(
            f"The cell {model}/{version} was made on other validation rows or classes.", "Make it anew: dvc repro train --force"
        )
    return Arm(cell, fingerprint)


def _with_queues(stage: Stage, scorer: Scorer, judged: list[Judged], pairs: list[Pair], answers: Answers) -> list[Judged]:
    """Write the disagreement queue of each planned contrast, and set its tipping count beside its verdict on given labels."""
    folder = stage.path("results", "compare", "queues")
    queues: dict[str, tuple[str, Any]] = {}
    for pair in queue_pairs(pairs):
        path, chosen = folder / f"{pair.name}.csv", chosen_rows(scorer, pair, answers.ids)
        write_table(path, queue_of(chosen, answers))
        queues[pair.name] = (str(path.relative_to(stage.root)), chosen)
    sweep(folder, {stage.root / path for path, _ in queues.values()} | {folder / "README.md"})
    return [
        with_tipping(scorer, one, queues[one.pair.name][1], queues[one.pair.name][0])
        if one.pair.planned and one.pair.name in queues
        else one
        for one in judged
    ]


def _for_plots(planned: pd.DataFrame) -> pd.DataFrame:
    names = [
        f"{row.axis}: {row.baseline_model}/{row.baseline_version} -> {row.candidate_model}/{row.candidate_version}"
        for row in planned.itertuples()
    ]
    return pd.DataFrame(
        {"contrast": names, "difference": planned["difference"], "low": planned["low"], "high": planned["high"]}
    )


def _metrics(
    stage: Stage, scorer: Scorer, judged: list[Judged], pairs: list[Pair], facts: dict[str, VersionFacts]
) -> dict[str, object]:
    """Return the columns that people want in `dvc exp show`: the first planned contrast of each axis, rounded."""
    metric = stage.params.compare.metric
    metrics: dict[str, object] = {}
    for axis in ("data", "model"):
        family = {one.pair: one for one in judged if one.pair.axis == axis and one.p_holm is not None}
        one = next((family[pair] for pair in pairs if pair in family), None)
        if one is None or one.effect is None:
            continue
        effect = one.effect
        metrics |= {
            axis: _rounded(effect.difference),
            f"{axis}_low": _rounded(effect.low),
            f"{axis}_high": _rounded(effect.high),
        }
        moved = one.pair.candidate[1 if axis == "data" else 0]
        metrics |= {f"{axis}_candidate": moved, f"{axis}_verdict": effect.verdict, "scored_on": one.scored_on}
        scores = scorer.scores(one.pair.baseline, metric, one.scored_on if one.scored_on in scorer.labels else "given")
        if scores is not None:
            metrics.setdefault(f"baseline_{metric}", _rounded(abs(float(scores.mean()))))
    control = next(
        (one for one in judged if facts[one.pair.candidate[1]].redrawn and one.metric == metric and one.effect is not None),
        None,
    )
    if control is not None and control.effect is not None:
        planned = sum(pair.planned for pair in pairs)
        metrics["smallest_visible"] = _rounded(smallest_visible_after(control.effect, planned))
    return metrics


def _rounded(value: float) -> float:
    return round(value, 4) + 0.0


if __name__ == "__main__":
    run(main)
