"""Where a method does not apply, said from what people answered: nothing is said without evidence, and it stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.editing.edit_lines import FAMILY_SOURCE
from ceteris.editing.edits import CONTROL, label_said
from ceteris.reviewing.arms import OPEN, RANDOM, arm_of
from ceteris.reviewing.shares import Share, difference, share_of
from ceteris.telling.wording import literal

__all__ = ["ANSWERED", "FEWEST", "Sampled", "answered_rows", "guidance"]

ANSWERED = ("id", "given_label", "suggested_label", "flagged", "said", "dropped", "random", "ranked")
FEWEST = 10  # answers of a kind from which on something is said of it


def answered_rows(live: pd.DataFrame, issues: pd.DataFrame) -> pd.DataFrame:
    """Return the train rows on which those who answered agree, with the columns of `ANSWERED`.

    A row that was decided with its whole family is none: nobody looked at it.

    Parameters
    ----------
    live : DataFrame
        Answers that count today (`edits.live`), of train rows.
    issues : DataFrame
        From `issues.table.find_label_issues`.
    """
    asked = live[(live["action"] != "unsure") & ~live["source"].isin([CONTROL, FAMILY_SOURCE])].copy()
    asked["said"], asked["dropped"] = label_said(asked), asked["action"] == "drop"
    arms = [arm_of(source, reason) for source, reason in zip(asked["source"], asked["reason"], strict=True)]
    asked["random"], asked["ranked"] = asked["source"] == RANDOM, [arm not in (RANDOM, *OPEN) for arm in arms]
    agreed = asked.groupby("id")["said"].transform(lambda said: len(set(said)) == 1)
    rows = asked[agreed.astype(bool)].drop_duplicates("id")[["id", "said", "dropped", "random", "ranked"]]
    known = issues[["id", "given_label", "suggested_label"]].assign(flagged=issues["is_label_issue"])
    return known.merge(rows, on="id")[list(ANSWERED)]


@dataclass(frozen=True)
class Sampled:
    """A family of errors whose random rows people answered: how many are doubted, and how many labels are wrong."""

    pattern: str
    doubted: float
    wrong: Share


def guidance(
    answered: pd.DataFrame,
    *,
    flagged_share: float,
    smallest_visible: float | None = None,
    families: Sequence[Sampled] = (),
) -> list[str]:
    """Return what the answers say against a method, a sentence each; empty where they say nothing against any.

    - Errors that the model predicts: of random rows whose given label was wrong, the audit's most probable class is that
      wrong label surely on more than half. No ranking by doubt finds such errors, and validation on given labels is blind.
    - A ranking that finds no more wrong labels than random rows hold, by Newcombe's interval.
    - Automatic relabelling that breaks more labels than it mends, among flagged rows that were answered.
    - A rule that the audit's model does not know: of a family's random rows surely less than half as many labels are wrong as
      are doubted.
    - Too few validation rows: the smallest effect that shows is larger than the share of labels in doubt.

    Parameters
    ----------
    answered : DataFrame
        From `answered_rows`.
    flagged_share : float in [0, 1]
        Of the train rows.
    smallest_visible : float, optional
        In the unit of the score, where it is a share.
    families : sequence of Sampled
    """
    found = [_predicted(answered), _ranking(answered), _relabelling(answered), *map(_unknown_rule, families)]
    found.append(_too_few(flagged_share, smallest_visible))
    return [line for line in found if line]


def _wrong(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(rows["dropped"] | (rows["said"] != rows["given_label"]))


def _predicted(answered: pd.DataFrame) -> str:
    rows = answered[answered["random"].astype(bool)]
    wrong = rows[_wrong(rows)]
    same = share_of(int((wrong["suggested_label"] == wrong["given_label"]).sum()), len(wrong))
    if len(wrong) < FEWEST or same.low <= 0.5:
        return ""
    return (
        f"The model predicts the errors: it agrees with the wrong label on {same.told('random rows whose label was wrong')}."
        " No ranking by doubt finds such errors, and validation on given labels is blind to them: review random rows and"
        " slices, and verify the validation rows (ceteris queue)."
    )


def _ranking(answered: pd.DataFrame) -> str:
    chosen = [answered[answered[arm].to_numpy(dtype=bool)] for arm in ("ranked", "random")]
    ranked, drawn = (share_of(int(_wrong(rows).sum()), len(rows)) for rows in chosen)
    worth = difference(ranked, drawn)
    if min(ranked.n, drawn.n) < FEWEST or worth.low > 0:
        return ""
    told = f"{ranked.told('rows that rankings chose')} had a wrong label, {drawn.told('random rows')}"
    if worth.high < 0:
        return f"The rankings find fewer wrong labels than chance: {told}. Review random rows (review.random: 1.0)."
    if worth.high > 0.2:  # nothing is known yet
        return ""
    return f"The rankings are worth little against random rows: {told}. Review by slices or families, or random rows."


def _relabelling(answered: pd.DataFrame) -> str:
    rows = answered[answered["flagged"].astype(bool) & (answered["suggested_label"] != answered["given_label"])]
    wrong, right = _wrong(rows), np.asarray(rows["said"] == rows["suggested_label"])
    mended, broken = int((wrong & right).sum()), int((~wrong).sum())
    more = share_of(broken, mended + broken)
    if len(rows) < FEWEST or more.low <= 0.5:
        return ""
    return (
        f"Automatic relabelling breaks more labels than it mends: of {len(rows):,} flagged rows that were answered the"
        f" suggested label was right on {mended:,}, and the given one on {broken:,}. Leave relabel_flagged out."
    )


def _unknown_rule(family: Sampled) -> str:
    if family.wrong.n < FEWEST or family.wrong.high >= family.doubted / 2:
        return ""
    doubted = f"it doubts {100 * family.doubted:.0f} % of these rows"
    return (
        f"The audit's model lacks a rule that holds where {literal(family.pattern)}: {doubted}, and"
        f" {family.wrong.told('random ones that were answered')} had a wrong label. Fix nothing of this family by doubt"
        " (drop_flagged and relabel_flagged would), and give audit.model what tells it the rule."
    )


def _too_few(flagged_share: float, smallest_visible: float | None) -> str:
    if smallest_visible is None or not smallest_visible > flagged_share:
        return ""
    return (
        f"Too few validation rows: the smallest effect that shows is {100 * smallest_visible:.1f} pp, and"
        f" {100 * flagged_share:.1f} % of the train labels are in doubt. Add validation rows, or trust no verdict on labels."
    )
