"""What moved the score, and by how much? Effects of every pair of cells, and the queues that check them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH
from ceteris.editing.blind import told_of_blindness
from ceteris.editing.checked import review_of
from ceteris.editing.reviewed import Review
from ceteris.errors import BusyError, counted, some
from ceteris.measuring.batch_worth import batch_pairs, batch_table
from ceteris.measuring.compare import Judged, Scorer, as_one_family, effects_table, grid_table, judge_pairs
from ceteris.measuring.contrasts import Contrasts
from ceteris.measuring.disagreement import Disagreement
from ceteris.measuring.effect import smallest_visible_after
from ceteris.measuring.fairness import groups_table
from ceteris.measuring.intervals import hidden_variance
from ceteris.measuring.pairs import Pair, VersionFacts, pairs_of, without
from ceteris.measuring.planning import plan_name
from ceteris.measuring.reviews import reviews_table
from ceteris.measuring.scoring import thin_classes
from ceteris.measuring.verified import Answers, chosen_rows, judge_verified, queue_of, queue_pairs, with_tipping
from ceteris.metrics import METRICS
from ceteris.sections import SCORED_ON
from ceteris.splitting.splits import VALIDATION
from ceteris.stages import Stage, run
from ceteris.store import read_json, sweep, write_json, write_table, write_text
from ceteris.telling.wording import amount, interval

__all__ = ["main"]


_PASSES = 3


def main(stage: Stage) -> None:
    """Write results/compare/, once more where people answered for validation rows meanwhile, as `fix` does.

    Raises
    ------
    BusyError
        Each time another answer came in.
    """
    contrasts = Contrasts(stage.root, stage.layout, stage.params)
    if unused := contrasts.unused_answers():
        stage.tell(
            f"{counted(unused, 'answer is', 'answers are')} about validation rows, and can verify nothing: where labels are"
            " numbers every row moves every effect, so that only true labels of all of them (ingest.true_label) can take the"
            " place of the given ones"
        )
    answers = contrasts.answers()
    for _ in range(_PASSES):
        _write(stage, contrasts, answers)
        before, answers = answers, contrasts.answers()
        if np.array_equal(answers.codes, before.codes):
            return
        stage.tell("answers came in meanwhile: once more")
    raise BusyError("Answers to validation rows keep coming in.", "Let the review rest for as long as it takes: dvc repro")


def _write(stage: Stage, contrasts: Contrasts, answers: Answers) -> None:
    facts = contrasts.facts()
    models, absent = stage.params.train.models, contrasts.absent()
    pairs = without(pairs_of(models, facts, stage.params.compare), absent)
    every = [(model, version) for model in models for version in facts]
    scorer = contrasts.scorer([name for name in every if name not in absent], answers)
    judged = judge_pairs(scorer, pairs, facts)
    decided = scorer.n_classes == 0 or "true" in scorer.labels or "verified (all)" in scorer.labels
    if not decided:
        found = [judge_verified(scorer, pair, answers, facts) for pair in pairs]
        judged += [one for one in found if one is not None]
    judged, chosen = _with_queues(stage, scorer, as_one_family(judged, stage.params.compare.metric), pairs, answers)
    folder = stage.path("results", "compare")
    plan = plan_name(stage.params.compare, read_json(stage.path("results", "split", "rows.json"))[VALIDATION])
    effects = effects_table(judged, facts, plan)
    write_table(folder / "effects.csv", effects)
    write_table(folder / "verified.csv", reviews_table(_reviews(judged, chosen, scorer, answers)))
    write_table(folder / "grid.csv", grid_table(scorer, facts))
    _write_batches(stage, scorer, pairs, facts, contrasts.validation)
    best = scorer.labels[next(name for name in SCORED_ON if name in scorer.labels)]
    write_table(folder / "groups.csv", groups_table(scorer, pairs, facts, contrasts.groups(best)))
    planned = effects[effects["planned"] & effects["p_holm"].notna()]
    write_table(folder / "planned.csv", _for_plots(planned))
    write_json(folder / "metrics.json", _metrics(stage, scorer, judged, pairs, facts) | {"plan": plan})
    if told := told_of_blindness(answers.not_blind):
        stage.tell(told)
    thin = [contrasts.classes[code] for code in thin_classes(scorer.labels["given"])] if scorer.n_classes else []
    if thin:
        stage.tell(f"fewer than 20 validation rows of {some(thin)}: intervals of class-wise metrics are too narrow there")
    for one in judged:
        if one.p_holm is not None:
            stage.tell(f"{one.pair.name}: {one.effect}")


def _write_batches(
    stage: Stage, scorer: Scorer, pairs: list[Pair], facts: dict[str, VersionFacts], validation: pd.DataFrame
) -> None:
    """Write what each batch was worth, on the rows before it and on its own, where a version leaves one out."""
    path = stage.path("results", "compare", "batches.csv")
    found = batch_pairs(pairs, stage.params.fix.steps())
    if not found or BATCH not in validation:
        path.unlink(missing_ok=True)
        return
    table = batch_table(scorer, found, facts, validation[BATCH].to_numpy(dtype=object))
    write_table(path, table)
    for one in table.to_dict("records"):
        size = f"{amount(one['difference'], one['metric'])} {interval(one['low'], one['high'], one['metric'])}"
        told = f"{size} {one['metric']}: {one['verdict']}" if one["verdict"] else one["reason"]
        where = f"{one['n_rows']:,} {one['rows']} validation rows"
        stage.tell(f"batch {one['batches']} in {one['model']}/{one['candidate']}, {where}: {told}")


def _with_queues(
    stage: Stage, scorer: Scorer, judged: list[Judged], pairs: list[Pair], answers: Answers
) -> tuple[list[Judged], dict[Pair, Disagreement]]:
    """Write the disagreement queue of each planned contrast, and set its tipping count beside its verdict on given labels.

    Returned with the set of each of them. Queues of other contrasts are written by `ceteris queue`, on request.
    """
    folder = stage.path("results", "compare", "queues")
    paths: dict[str, str] = {}
    sets: dict[str, Disagreement] = {}
    for pair in queue_pairs(pairs) if scorer.n_classes else ():
        path, sets[pair.name] = folder / f"{pair.name}.csv", chosen_rows(scorer, pair, answers.ids)
        write_table(path, queue_of(sets[pair.name], answers))
        paths[pair.name] = str(path.relative_to(stage.root))
    if not paths:  # git keeps no empty folder, and DVC misses one that is not there
        write_text(folder / "README.md", "No planned contrast has a queue: where labels are numbers, every row differs.\n")
    sweep(folder, {stage.root / path for path in paths.values()} | {folder / "README.md"})
    told = [
        with_tipping(scorer, one, sets[one.pair.name], paths[one.pair.name])
        if one.pair.planned and one.pair.name in paths
        else one
        for one in judged
    ]
    return told, {pair: sets[pair.name] for pair in pairs if pair.planned and pair.name in sets}


def _reviews(
    judged: list[Judged], chosen: dict[Pair, Disagreement], scorer: Scorer, answers: Answers
) -> list[tuple[Pair, Review, bool]]:
    """Return the reviews that make an effect, and those of planned contrasts that have begun."""
    whole = {one.pair: one.review for one in judged if one.review is not None}
    if not scorer.n_classes or "true" in scorer.labels or "verified (all)" in scorer.labels:
        return []
    known = {
        pair: review_of(scorer.labels["given"], answers.codes, rows, scorer.compare.confidence) for pair, rows in chosen.items()
    }
    begun = [(pair, review, False) for pair, review in known.items() if review.begun and pair not in whole]
    return [(pair, review, True) for pair, review in whole.items()] + begun


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
            axis: _rounded(effect.difference, metric),
            f"{axis}_low": _rounded(effect.low, metric),
            f"{axis}_high": _rounded(effect.high, metric),
        }
        moved = one.pair.candidate[1 if axis == "data" else 0]
        metrics |= {f"{axis}_candidate": moved, f"{axis}_verdict": effect.verdict, "scored_on": one.scored_on}
        scores = scorer.scores(one.pair.baseline, metric, one.scored_on if one.scored_on in scorer.labels else "given")
        if scores is not None:
            metrics.setdefault(f"baseline_{metric}", _rounded(float(scores.mean()) * METRICS[metric].sign, metric))
    visible = _smallest_visible(scorer, judged, metric, facts, sum(pair.planned for pair in pairs))
    return metrics if visible is None else metrics | {"smallest_visible": _rounded(visible, metric)}


def _smallest_visible(
    scorer: Scorer, judged: list[Judged], metric: str, facts: dict[str, VersionFacts], n_planned: int
) -> float | None:
    """Return the smallest effect that can show by the first control drawn anew, and A/A of the same model, if there is one."""
    known = [one for one in judged if one.metric == metric and one.effect is not None]
    control = next((one for one in known if facts[one.pair.candidate[1]].redrawn), None)
    if control is None or control.effect is None:
        return None
    place = control.pair.baseline, control.scored_on
    same = next((one.effect for one in known if one.pair.axis == "aa" and (one.pair.baseline, one.scored_on) == place), None)
    one, other = (scorer.scores(name, metric, control.scored_on) for name in (control.pair.baseline, control.pair.candidate))
    hidden = 0.0 if one is None or other is None else hidden_variance(one, other, scorer.groups)
    return smallest_visible_after(control.effect, n_planned, hidden=hidden, same=same)


def _rounded(value: float, metric: str) -> float:
    # Where the unit is that of the labels, nobody knows how many decimals say something.
    return (round(value, 4) if METRICS[metric].decimals is not None else float(f"{value:.6g}")) + 0.0


if __name__ == "__main__":
    run(main)
