"""The exchange-rate board as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ceteris.experiments.board_shown import HEADS, curve_notes, evidence_told, trial_notes
from ceteris.measuring.budget import PEOPLE, Board, table
from ceteris.plots import THEMES, to_svg
from ceteris.plots.board import BOARD_WIDTH, exchange_board
from ceteris.telling.report import template
from ceteris.telling.wording import amount, interval

__all__ = ["board_page"]


def board_page(board: Board, confidence: float = 0.95, links: Mapping[str, str] | None = None) -> str:
    """Return the page, the same bytes for the same board.

    Parameters
    ----------
    links : mapping of str to str, optional
        Where to go on from here: the text of each link, and its relative address.
    """
    drawn = {theme.name: to_svg(exchange_board(board, confidence=confidence, theme=theme)) for theme in THEMES}
    advice, rows = board.advice, table(board)
    return template("board.html.j2").render(
        links=dict(links or {}),
        head=HEADS[advice.verdict],
        told=evidence_told(advice, board),
        board={**drawn, "width": BOARD_WIDTH * 72, "narrow_light": ""},
        labels=[_line(row, board.metric) for row in rows[rows["lever"] == "labels"].to_dict("records")],
        trials=[_line(row, board.metric) for row in rows[rows["lever"] == "trials"].to_dict("records")],
        notes=[*(curve_notes(board.curve, board.metric) if board.curve else []), *trial_notes(board)],
        people=board.answered_by == PEOPLE,
    )


def _line(row: Any, metric: str) -> dict[str, Any]:
    spent = row["cpu_seconds"]
    return row | {
        "amount": amount(row["difference"], metric),
        "interval": interval(row["low"], row["high"], metric),
        "spent": "" if pd.isna(spent) else f"{spent:,.1f}",
        "minutes": "" if pd.isna(row["minutes"]) else f"{row['minutes']:,.0f}",
    }
