"""Who may see what? The last stage that sees test labels; of the sealed part it publishes counts only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, LABEL, PART, TIME, TRUE_LABEL, VOTES, Dataset, row_digests
from ceteris.errors import BadInputError, some
from ceteris.measuring.fingerprint import of_rows
from ceteris.measuring.verdicts import smallest_visible_before, visible_text
from ceteris.splitting.parts import assign_parts
from ceteris.splitting.splits import (
    PARTS,
    TEST,
    TRAIN,
    VALIDATION,
    copies_across,
    refuse_leaks,
    unsealed_pairs,
)
from ceteris.stages import Stage, run
from ceteris.store import read_parquet, write_json, write_parquet, write_table
from ceteris.tables.near import near_digests
from ceteris.tables.times import spelled
from ceteris.tables.votes import FEWEST_VOTES, settled, unpacked

__all__ = ["main"]

_ASSUMED_SHARES = (0.02, 0.05, 0.10)
_MOST_PAIRS = 1000  # git keeps the list


def main(stage: Stage) -> None:
    """Write data/split/ (rows, true labels aside, each id's part) and results/split/ (counts, near copies, what judges)."""
    raw = read_parquet(stage.path("raw", "table.parquet"))
    data, split = Dataset.from_frame(raw), stage.params.split
    truth = read_parquet(stage.path("raw", "truth.parquet"))
    digests = row_digests(data.features)
    named = raw.set_index(ID)[PART].reindex(data.ids).to_numpy(dtype=object) if PART in raw else None
    parts = assign_parts(data, split, digests, named)
    refuse_leaks(data, parts, digests, split.by)
    frame = data.to_frame()
    for kept in (VOTES, BATCH):
        if kept in raw:
            frame[kept] = raw.set_index(ID)[kept].reindex(data.ids).to_numpy(dtype=object)
    classes = _classes(stage, frame, parts)
    if VOTES in frame:
        truth = _with_settled(stage, frame[parts != TRAIN], truth, classes)
    for part in PARTS:
        rows = frame[parts == part]
        if not (split.by == "time" and part == TRAIN):  # whose folds respect time
            rows = rows.drop(columns=TIME, errors="ignore")
        write_parquet(stage.path("split", f"{part}.parquet"), rows.reset_index(drop=True))
        known = truth[truth[ID].isin(set(rows[ID]))].reset_index(drop=True)
        write_parquet(stage.path("split", f"truth-{part}.parquet"), known)
    write_parquet(stage.path("split", "parts.parquet"), pd.DataFrame({"id": data.ids, "part": parts}))
    write_json(stage.path("split", "classes.json"), list(classes))
    judging = parts == VALIDATION
    rows = of_rows(data.ids[judging], digests[judging], data.labels[judging])
    write_json(stage.path("results", "split", "rows.json"), {VALIDATION: rows})
    judges = truth[truth[ID].isin(set(data.ids[judging]))]
    _publish(stage, data, parts, 0 if len(judges) == judging.sum() else len(judges))


def _with_settled(stage: Stage, judging: pd.DataFrame, truth: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the labels that are known, with those on which most of three or more people agree, of rows that judge.

    No model had a part in them, and train rows get none: there a recipe takes them (`take_votes`).
    """
    agreed = settled(unpacked(judging[VOTES].to_numpy(dtype=object)), len(judging))
    found = pd.DataFrame({ID: judging[ID].to_numpy(dtype=object), TRUE_LABEL: agreed}, dtype=object)
    new = found[found[TRUE_LABEL].isin(classes) & ~found[ID].isin(set(truth[ID]))]
    stage.tell(
        f"{len(new):,} of {len(judging):,} rows that judge have a label which most of {FEWEST_VOTES} or more people gave:"
        " it counts as verified, and where every row that judges has one, tables call them true labels"
    )
    return pd.concat([truth, new], ignore_index=True).sort_values(ID, kind="stable", ignore_index=True) if len(new) else truth


def _classes(stage: Stage, frame: pd.DataFrame, parts: np.ndarray) -> tuple[str, ...]:
    """Return the classes, those declared or those seen outside the sealed part, or refuse parts that cannot be worked with.

    Labels that are numbers have none.
    """
    for part in PARTS:
        if not (parts == part).any():
            raise BadInputError(
                f"The {part} part would hold no rows{_times_told(stage, frame)}.", f"{stage.params.split.remedy(part)}."
            )
    if stage.params.numbers:
        return ()
    declared = stage.params.validate_.classes
    classes = declared or tuple(sorted(set(frame[LABEL][parts != TEST])))
    unlearned = sorted(set(classes) - set(frame[LABEL][parts == TRAIN]))
    if unlearned:
        do = (
            "take them out of validate.classes in params.yaml"
            if declared
            else "merge or remove these labels at the source, or change split.seed in params.yaml"
            if stage.params.split.by == "hash"
            else f"merge or remove these labels at the source. {stage.params.split.remedy(TRAIN)}"
        )
        raise BadInputError(f"No train row has the classes {some(unlearned)}.", f"Add rows of them; or {do}.")
    return classes


def _times_told(stage: Stage, frame: pd.DataFrame) -> str:
    if stage.params.split.by != "time":
        return ""
    dated = isinstance(stage.params.split.test_from, str)
    first, last = (spelled(float(end), dated) for end in (frame[TIME].min(), frame[TIME].max()))
    return f": the times run from {first} to {last}"


def _publish(stage: Stage, data: Dataset, parts: np.ndarray, came_verified: int) -> None:
    counts = {part: int((parts == part).sum()) for part in PARTS}
    near = _publish_near_copies(stage, data, parts)
    came = {"validation_came_verified": came_verified} if came_verified else {}
    write_json(stage.path("results", "split", "summary.json"), counts | near | came)
    if came:
        stage.tell(f"{came_verified:,} of {counts[VALIDATION]:,} validation labels count as verified")
    # Where labels are numbers every row differs, and what shows depends on how far.
    assumed = () if stage.params.numbers else _ASSUMED_SHARES
    shares = pd.DataFrame({"discordant_share": assumed}, dtype=float)
    shares["smallest_visible"] = [smallest_visible_before(counts[VALIDATION], share) for share in assumed]
    write_table(stage.path("results", "split", "visible.csv"), shares)
    stage.tell(", ".join(f"{count:,} {part}" for part, count in counts.items()) + " rows; test is sealed")
    if not assumed:
        return
    seen = ", ".join(
        f"{visible_text(low)} at {100 * share:.0f} %" for share, low in zip(shares.iloc[:, 0], shares.iloc[:, 1], strict=True)
    )
    stage.tell(
        f"the smallest effect these {counts[VALIDATION]:,} validation rows can show, by share of discordant rows: {seen}"
    )


def _publish_near_copies(stage: Stage, data: Dataset, parts: np.ndarray) -> dict[str, int]:
    """Write the pairs that may be named, and return how many rows are near copies, and how many of these are sealed."""
    across = copies_across(near_digests(data.features), parts)
    pairs = unsealed_pairs(data.ids, across)
    path = stage.path("results", "split", "near_copies.csv")
    write_table(path, pairs.head(_MOST_PAIRS))
    sealed = int((across["part"] == TEST).sum())
    if len(across):
        stage.tell(
            f"{len(across):,} rows nearly equal a row of another part (numbers to 3 digits, texts without case), "
            f"{sealed:,} of them sealed; {min(len(pairs), _MOST_PAIRS):,} of {len(pairs):,} pairs of train and validation rows "
            f"are in {path.relative_to(stage.root)}"
        )
    return {"near_copies_across": len(across), "near_copies_sealed": sealed}


if __name__ == "__main__":
    run(main)
