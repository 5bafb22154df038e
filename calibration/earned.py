"""Rankings that earn their reviews: `python -m calibration.earned`, resumable; writes docs/rankings.md and rankings.csv."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from calibration.data_sets import DATA_SETS, MORE
from calibration.planted import KINDS, kinds_in
from calibration.ranked import DEPTHS, ORACLE, PEOPLE, SHARE, TRAINED, ranked
from calibration.study import ROOT, Outcomes, Scenario, run
from ceteris.store import table_text

__all__ = ["cells", "main", "page", "scenarios", "standing"]

COMMAND = "make rankings"
WORLDS = 8
RATES = (0.1, 0.2)  # of the training labels
REVIEWS = "movie reviews"
AIM, FLOOR = 3.0, 0.8  # times random review: in the median of all cells, and in each of them
Cell = tuple[str, str, float]  # data set, kind of errors, share of the labels
CELLS: tuple[Cell, ...] = (
    *((data, kind, rate) for data in (*DATA_SETS, *MORE) for kind in kinds_in(data) for rate in RATES),
    (REVIEWS, PEOPLE, float("nan")),
)


def _block(cell: Cell, block: int) -> list[Outcomes]:
    return [ranked(*cell, block)]


def scenarios(worlds: int) -> dict[Cell, Scenario]:
    """Return every cell of the study: a data set, a kind of errors and their rate, as many worlds of each."""
    return {
        cell: Scenario(
            f"ranked-{'-'.join(map(str, cell))}".replace(" ", "-"), partial(_block, cell), "calibration.ranked", {}, 1, worlds
        )
        for cell in CELLS
    }


def cells(found: Mapping[Cell, Sequence[Outcomes]]) -> pd.DataFrame:
    """Return one line for each cell, ranking and depth.

    Columns: gain, low, high (percentage points of accuracy on true labels, 95 % over worlds), random (that of random review),
    random_low (the lower end of its interval), times (gain by random), below (whether it is surely below 0.8 times random),
    harm (the share of worlds in which the review lowered the score), found (the share of answers that changed a label), finds
    (found by that of random review).
    """
    lines = []
    for (data, kind, rate), worlds in found.items():
        values = pd.DataFrame(list(worlds))
        names = dict.fromkeys(name.partition("/")[0] for name in values if "/" in name)
        for name in names:
            for depth in (f"{share:.0%}" for share in DEPTHS):
                gain, random = 100 * values[f"{name}/{depth}"], 100 * values[f"random/{depth}"]
                short = _interval(gain - FLOOR * random)
                lines.append(
                    {"data": data, "errors": kind, "rate": rate, "ranking": name, "depth": depth, "worlds": len(values)}
                    | dict(zip(("gain", "low", "high"), _interval(gain), strict=True))
                    | {
                        "random": random.mean(),
                        "random_low": _interval(random)[1],
                        "times": gain.mean() / random.mean() if random.mean() else float("nan"),
                    }
                    | {"below": short[2] < 0, "harm": (gain < 0).mean()}
                    | _found(values, name, depth)
                )
    return pd.DataFrame(lines)


def _found(values: pd.DataFrame, name: str, depth: str) -> dict[str, float]:
    found, random = (values[f"{one}/{depth} found"].mean() for one in (name, "random"))
    return {"found": found, "finds": found / random if random else float("nan")}


def _interval(values: pd.Series) -> tuple[float, float, float]:
    mean, n = float(values.mean()), len(values)
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return mean, mean - half, mean + half


def standing(table: pd.DataFrame) -> pd.DataFrame:
    """Return one line for each ranking and depth: what stands over all cells.

    `times` is the median of gain by random gain over the cells in which random review surely gains (`told` of them), `worst`
    the lowest of them; `finds` and `finds_worst` are those of wrong labels found, over all cells.
    """
    lines = []
    for (name, depth), mine in table.groupby(["ranking", "depth"], sort=False):
        told = mine[mine["random_low"] > 0]
        lines.append(
            {"ranking": name, "depth": depth, "cells": len(mine), "gain": mine["gain"].median(), "told": len(told)}
            | {"times": told["times"].median(), "worst": told["times"].min()}
            | {"below": int(mine["below"].sum()), "harm": mine["harm"].mean()}
            | {"finds": mine["finds"].median(), "finds_worst": mine["finds"].min()}
        )
    return pd.DataFrame(lines)


def page(table: pd.DataFrame) -> str:
    """Return docs/rankings.md."""
    worlds, found = int(table["worlds"].min()), standing(table)
    parts = [
        "# Rankings that earn their reviews",
        f"Written by `{COMMAND}` from {worlds} worlds of each of {len(CELLS)} cells. {len(CELLS) - 1} are of real tables whose"
        f" labels are taken for true ({', '.join((*DATA_SETS, *MORE))}; at most 3,000 rows of each), with {len(KINDS)} kinds of"
        f" errors ({', '.join(KINDS)}; of two classes the first two are the same, and stand once) in"
        f" {' or '.join(f'{rate:.0%}' for rate in RATES)} of all labels; one is of"
        f" {REVIEWS}, where one rater's word is the given label and the mean of 15 and more the true one: errors of people.",
        f"In each world at most {TRAINED:,} rows ({SHARE:.0%} of small tables) train, and the others judge, on true labels. A"
        " person who is always right answers 5, 10 and 20 % of the training rows in the order of each ranking; a logistic"
        " regression is trained before and after. Random review is the mean of five orders.",
        "Four orders decide from the answers as they come. `queue` is the review queue as it is shipped (`combined`, `learned`;"
        " 20 % random rows, 5 % controls); `queue that learns nothing` has `by_class` in place of `learned`; the other two have"
        f" 5 % random rows. `{ORACLE}` asks for every wrong label before any right one: no detector can pass it, and it shows"
        " how much there is to win.",
        f"The aim: {AIM:g} times what random review gains in the median of the cells, and below {FLOOR:g} times in none.",
        "## Over all cells",
        "`gain`: median, in percentage points. `times`: gain by that of random review, median of the cells in which random"
        " review surely gains (`told` of them), and the `worst` of these. `below`: cells that are surely below"
        f" {FLOOR:g} times random review: the whole 95 % interval is. Chance alone would put {0.025 * len(CELLS):.1f} of"
        f" {len(CELLS)} cells there, were all just at {FLOOR:g} times. `harm`: worlds in which a review by right answers"
        " lowered the score. `finds`: wrong labels found by those that random review finds, median of all cells, and the worst"
        " of these.",
        _markdown(found),
        _verdict(found),
        *_tried(table),
        "## Each cell, at 10 %",
        "Percentage points that a review adds, [95 % interval over worlds]; the worlds of a cell are re-splits of one table, so"
        " that the interval is that of this table.",
        _grid(table[table["depth"] == "10%"]),
        "All numbers: [rankings.csv](rankings.csv).",
    ]
    return "\n\n".join(parts) + "\n"


def _verdict(found: pd.DataFrame) -> str:
    kept = found[(found["times"] >= AIM) & (found["below"] == 0) & (~found["ranking"].isin(["random", ORACLE]))]
    names = [f"{line['ranking']} at {line['depth']}" for _, line in kept.iterrows()]
    return f"Both aims are kept by: {'; '.join(names)}." if names else "No ranking keeps both aims."


def _tried(table: pd.DataFrame) -> list[str]:
    """Return what did not work: for each ranking, the cells in which it is surely below the floor."""
    lost = table[table["below"]]
    lines = []
    for name, mine in lost.groupby("ranking", sort=False):
        cells_of = [f"{_named(line)} ({line['depth']})" for _, line in mine.iterrows()]
        lines.append(f"- {name}: {', '.join(cells_of)}")
    return ["## What did not work", f"Surely below {FLOOR:g} times random review:", "\n".join(lines) or "Nothing."]


def _named(line: pd.Series) -> str:
    return f"{line['data']}, {line['errors']}" + (f", {line['rate']:.0%}" if line["rate"] > 0 else "")


def _grid(table: pd.DataFrame) -> str:
    told = table.assign(
        cell=[_named(line) for _, line in table.iterrows()],
        shown=[f"{gain:+.1f} [{low:+.1f}, {high:+.1f}]" for gain, low, high in table[["gain", "low", "high"]].to_numpy()],
    )
    names = list(dict.fromkeys(told["ranking"]))
    wide = told.pivot_table(index="cell", columns="ranking", values="shown", aggfunc="first", sort=False)[names]
    return _markdown(wide.reset_index().rename_axis(columns=None))


def _markdown(table: pd.DataFrame) -> str:
    shown = [[f"{value:.2f}" if isinstance(value, float) else str(value) for value in line] for line in table.to_numpy(object)]
    lines = [list(table.columns), ["---"] * len(table.columns), *shown]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main() -> None:
    """Run what is not known yet of so many worlds of each cell, and write the page and its table."""
    parser = argparse.ArgumentParser(prog="python -m calibration.earned", description="Which ranking earns its reviews?")
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"of each cell; default: {WORLDS}")
    parser.add_argument("--print", action="store_true", dest="printed", help="print the page, and write nothing in docs/")
    given = parser.parse_args()
    every = scenarios(given.worlds)
    found = run(list(every.values()))
    table = cells({cell: found[one.name][: given.worlds] for cell, one in every.items()})
    if given.printed:
        print(page(table))
        return
    (ROOT / "docs" / "rankings.csv").write_text(table_text(table), encoding="utf-8")
    (ROOT / "docs" / "rankings.md").write_text(page(table), encoding="utf-8")
    print(standing(table).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
