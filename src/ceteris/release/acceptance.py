"""Whether a candidate is accepted: its effect on the rows of a part, the verdict, and what acceptance.json says of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ceteris.dataset import ID, TRUE_LABEL, Dataset, codes
from ceteris.errors import BadInputError, some
from ceteris.measuring.compare import Arm, Judged, Scorer, judge_pair
from ceteris.measuring.disagreement import NOT_ANSWERED
from ceteris.measuring.pairs import Name, Pair, VersionFacts
from ceteris.measuring.scoring import THIN
from ceteris.measuring.tipping import tipping_count, tipping_sentence
from ceteris.measuring.verdicts import FEWEST_DISCORDANT, HELPS, NO_DIFFERENCE, POWER
from ceteris.measuring.verified import (
    Answers,
    answers_of,
    came_verified,
    chosen_rows,
    judge_verified,
    queue_of,
    with_came,
)
from ceteris.metrics import METRICS
from ceteris.release.looks import Look
from ceteris.sections import PLACEBO, SCORED_ON, Compare

__all__ = [
    "Judges", "acceptance", "in_table", "is_accepted", "line_of", "judges_of", "net_of", "pair_of", "questions",
    "reported", "smallest_visible", "tipping",
]  # fmt: skip

_DIGITS = 6


@dataclass(frozen=True)
class Judges:
    """The rows of one part, as what judges two arms.

    Attributes
    ----------
    labels : label codes by what they are ("given", "verified (all)", "true"), shape (n_rows,)
    answers : what people said of the given labels
    groups : ndarray of str objects, shape (n_rows,), or None
    n_classes : classes, those that no train row has included
    notes : what a reader of any effect on these rows must know
    classes : their names, in the order of codes; none where labels are numbers
    """

    labels: Mapping[str, np.ndarray]
    answers: Answers
    groups: np.ndarray | None
    n_classes: int
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def best(self) -> np.ndarray:
        """The most trusted labels that are known for all of these rows, as text, or as numbers, shape (n_rows,)."""
        found = self.labels[next(name for name in SCORED_ON if name in self.labels)]
        return np.array(self.classes, dtype=object)[found] if self.classes else found

    def scorer(self, arms: Mapping[Name, Arm], compare: Compare) -> Scorer:
        """Return what scores these arms on these rows."""
        return Scorer(arms, self.labels, self.n_classes, self.groups, compare)


def judges_of(
    rows: Dataset, truth: pd.DataFrame, decisions: pd.DataFrame, classes: tuple[str, ...], metric: str, part: str
) -> Judges:
    """Return the rows of a part with every set of labels that is known for all of them.

    Parameters
    ----------
    truth : DataFrame
        The true labels that are known, with the columns `dataset.ID` and `dataset.TRUE_LABEL`.
    decisions : DataFrame
        From `edits.resolve`, about these rows alone.
    metric : str
        What is to be scored.
    part : str
        Its name, for what is told of it.

    Raises
    ------
    BadInputError
        A class has no row here, or one has that nothing was trained on, and the metric cannot do with that.
    """
    known = truth.set_index(ID)[TRUE_LABEL].reindex(rows.ids)
    named = {"given": rows.labels} | ({"true": known.to_numpy(dtype=object)} if known.notna().all() else {})
    if not classes:  # labels are numbers
        nobody = Answers(rows.ids, np.full(len(rows), NOT_ANSWERED))
        return Judges({name: codes(found, ()) for name, found in named.items()}, nobody, rows.groups, 0, ())
    strange = sorted({label for labels in named.values() for label in labels} - set(classes))
    every = (*classes, *strange)
    came = came_verified(known, rows.ids, every)
    answers = with_came(answers_of(decisions, rows.ids, rows.labels, every), came)
    labels = {name: codes(found, every) for name, found in named.items()}
    if answers.complete:
        labels["verified (all)"] = answers.codes
    absent = [name for code, name in enumerate(classes) if not all((found == code).any() for found in labels.values())]
    counts = np.bincount(labels["given"], minlength=len(classes))
    thin = [name for name, count in zip(classes, counts, strict=False) if 0 < count < THIN] if METRICS[metric].by_class else []
    told = [
        f"no {part} row has the label {some(absent)}, so nothing is said about it" if absent else "",
        f"{part} rows have the label {some(strange)}, which no train row has: both arms are wrong there" if strange else "",
        f"fewer than {THIN} {part} rows of {some(thin)}: the interval is too narrow there" if thin else "",
    ]
    notes = tuple(filter(None, told))
    if (absent and METRICS[metric].by_class) or (strange and METRICS[metric].of_probabilities):
        raise BadInputError(
            f"{notes[0][0].upper()}{notes[0][1:]}, and {metric} is asked for.",
            f"Enlarge split.{part} in params.yaml, add rows of that class, or set compare.metric: accuracy (another look).",
        )
    return Judges(labels, answers, rows.groups, len(every), notes, every)


def pair_of(baseline: Name, candidate: Name, facts: Mapping[str, VersionFacts]) -> Pair:
    """Return the pair of two cells, both of which may move; a version that drops rows must beat its placebo as well."""
    (old_model, old), (model, version) = baseline, candidate
    axis = "model" if old == version else "data" if old_model == model else "confounded"
    placebo = PLACEBO + version
    needs_net = old != version and placebo in facts
    return Pair(axis, baseline, candidate, control=placebo if needs_net else "", needs_net=needs_net)


def net_of(pair: Pair, facts: Mapping[str, VersionFacts]) -> Pair | None:
    """Return the candidate against its placebo, or None where it drops nothing that the baseline holds."""
    if not pair.needs_net:
        return None
    return Pair("data", (pair.candidate[0], pair.control), pair.candidate, redrawn=facts[pair.control].redrawn)


def reported(scorer: Scorer, pair: Pair, answers: Answers, facts: Mapping[str, VersionFacts]) -> list[Judged]:
    """Return a pair's effect on the primary metric on each set of labels that it may use, the most trusted first.

    Raises
    ------
    BadInputError
        The metric needs probabilities, and an arm gives none.
    """
    metric = scorer.compare.metric
    found = [judge_pair(scorer, pair, metric, scored_on, facts) for scored_on in scorer.labels]
    if any(one.effect is None for one in found):
        raise BadInputError(
            f"{metric} needs probabilities, and {'/'.join(pair.baseline)} or {'/'.join(pair.candidate)} gives none.",
            "Set compare.metric in params.yaml to one of predictions: accuracy.",
        )
    if metric == "accuracy" and set(scorer.labels) == {"given"}:
        verified = judge_verified(scorer, pair, answers, facts)
        found += [verified] if verified else []
    return sorted(found, key=lambda one: SCORED_ON.index(one.scored_on))


def questions(scorer: Scorer, pair: Pair, ids: np.ndarray, facts: Mapping[str, VersionFacts]) -> pd.DataFrame:
    """Return the rows whose labels decide a pair, and its net, blind: id, pi, and a column `label` to be filled in.

    All of them, answered or not; none where the true labels are known, or where the metric also depends on the labels of rows
    on which the arms agree.
    """
    pairs = [one for one in (pair, net_of(pair, facts)) if one is not None]
    nobody = Answers(ids, np.full(len(ids), NOT_ANSWERED))
    asked = pd.concat([queue_of(chosen_rows(scorer, one, ids), nobody) for one in pairs], ignore_index=True)
    settled = scorer.compare.metric != "accuracy" or "true" in scorer.labels
    return asked.head(0) if settled else asked.drop_duplicates("id", ignore_index=True)


def tipping(scorer: Scorer, judged: Judged, n_asked: int) -> tuple[int | None, str]:
    """Return how few wrong labels would undo a verdict on given labels, and the sentence that says so.

    Parameters
    ----------
    n_asked : int
        Rows that the queue holds.
    """
    pair, compare = judged.pair, scorer.compare
    arms = [scorer.arms[name].cell.over_seeds()[0] for name in (pair.baseline, pair.candidate)]
    count = tipping_count(
        scorer.labels["given"], arms[0], arms[1], net=judged.net if pair.needs_net else None, confidence=compare.confidence,
        groups=scorer.groups, region=compare.region,
    )  # fmt: skip
    return count, tipping_sentence(count, int((arms[0] != arms[1]).any(axis=0).sum()), n_asked)


def in_table(effects: pd.DataFrame, pair: Pair, metric: str) -> dict[str, Any] | None:
    """Return what effects.csv says of a pair on a metric, on the most trusted labels; None where it does not hold the pair."""
    names = ("baseline_model", "baseline_version", "candidate_model", "candidate_version")
    rows = effects[(effects["metric"] == metric) & effects["difference"].notna()]
    for name, wanted in zip(names, (*pair.baseline, *pair.candidate), strict=True):
        rows = rows[rows[name] == wanted]
    if rows.empty:
        return None
    best = min(rows.to_dict("records"), key=lambda row: SCORED_ON.index(row["scored_on"]))
    # What stands there after the reason is about checking the labels, or about being one of many.
    best["reason"] = str(best["reason"]).partition(". ")[0].removesuffix("; exploratory, not adjusted for looking at many")
    return _rounded({str(name): best[name] for name in (*_TEXTS, *_NUMBERS, *_COUNTS)})


def line_of(judged: Judged) -> dict[str, Any]:
    """Return an effect as acceptance.json holds it."""
    effect, net = judged.effect, judged.net if judged.pair.needs_net else None
    assert effect is not None
    line = {name: getattr(effect, name) for name in (*_TEXTS, *_NUMBERS, *_COUNTS, "confidence", "p_value")}
    line |= {"net": net.difference, "net_low": net.low, "net_high": net.high} if net else {}
    return _rounded(line)


_TEXTS, _NUMBERS = ("metric", "scored_on", "verdict", "reason"), ("difference", "low", "high")
_COUNTS = ("n_seeds", "n_rows", "n_discordant")


def is_accepted(verdict: str, at_least: str) -> bool:
    """Return whether a verdict on the test part is what was asked for, or better."""
    return verdict == HELPS or verdict == at_least == NO_DIFFERENCE


def acceptance(
    look: Look, judged: list[Judged], tips: tuple[int | None, str] | None, validation: Mapping[str, Any],
    notes: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    """Return the content of acceptance.json.

    Parameters
    ----------
    judged : list of Judged
        From `reported`.
    tips : from `tipping`, where the first of them is scored on given labels
    validation : from `in_table` or `line_of`
    notes : from `Judges`
    """
    lines = [line_of(one) for one in judged]
    given = next((line for line in lines[1:] if line["scored_on"] == "given"), None)
    return {
        "accepted": is_accepted(lines[0]["verdict"], look.question.at_least),
        "because": look.because,
        "given": given,
        "level": look.level,
        "look": look.number,
        "notes": list(notes),
        "question": asdict(look.question),
        "test": lines[0],
        "tipping": None if tips is None else {"count": tips[0], "told": tips[1]},
        "validation": dict(validation),
    }


def smallest_visible(n_rows: int, discordant_share: float, level: float) -> float:
    """Return the smallest effect on accuracy that a look can be expected to show, four times in five.

    (z(1 - level / 2) + z(.80)) sqrt(psi / n), as `verdicts.smallest_visible_before` has it for the level .05; NaN where fewer
    than 10 rows are expected to differ.

    Parameters
    ----------
    n_rows : int >= 1
    discordant_share : float in [0, 1]
        psi, on validation.
    level : float in (0, 1)
    """
    if discordant_share * n_rows < FEWEST_DISCORDANT:
        return float("nan")
    return float((ndtri(1 - level / 2) + ndtri(POWER)) * np.sqrt(discordant_share / n_rows))


def _rounded(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values that JSON holds, numbers to a millionth."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in line.items()}
    blank = {name for name, value in plain.items() if name in _COUNTS and (value == "" or value != value)}
    return {
        name: None if name in blank else int(value) if name in _COUNTS else round(value, _DIGITS) + 0.0
        if isinstance(value, float) else value
        for name, value in plain.items()
    }  # fmt: skip
