"""Data against model: what each is worth where both moved, from the four cells of a square."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ceteris.measuring.effect import Effect, paired_effect

__all__ = ["Attribution", "attribute"]


@dataclass(frozen=True)
class Attribution:
    """The parts of a difference between two cells that differ in data and model.

    Attributes
    ----------
    model, data : what each is worth where the other stays as in the baseline
    interaction : what both together are worth beyond the sum of the two
    model_share, data_share : Shapley shares, which sum to the whole
    data_beats_model : data minus model; above zero where the data were the better lever
    whole : candidate minus baseline
    """

    model: Effect
    data: Effect
    interaction: Effect
    model_share: Effect
    data_share: Effect
    data_beats_model: Effect
    whole: Effect

    def items(self) -> list[tuple[str, Effect]]:
        """Return each part with its name, in the order to be read."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def attribute(y00: np.ndarray, y10: np.ndarray, y01: np.ndarray, y11: np.ndarray, **settings: Any) -> Attribution:
    """Return what a new model, new data and both together are worth.

    ::

        model = Y10 - Y00                data = Y01 - Y00              interaction = Y11 - Y10 - Y01 + Y00
        data share = ((Y01 - Y00) + (Y11 - Y10)) / 2                   data beats model = Y01 - Y10

    All are linear in the per-(seed, row) scores, so the one interval of `paired_effect` serves each of them.

    Parameters
    ----------
    y00, y10, y01, y11 : array of float, shape (n_seeds, n_rows)
        Per-row scores, more is better: baseline, new model, new data, both; the same seeds and rows.
    settings
        As for `paired_effect`: confidence, groups, region.

    References
    ----------
    Shapley (1953), A value for n-person games, for two players.
    """
    settings.pop("discordant", None)

    def effect(axis: str, baseline: np.ndarray, candidate: np.ndarray) -> Effect:
        return replace(paired_effect(baseline, candidate, **settings), axis=axis)

    return Attribution(
        model=effect("model", y00, y10),
        data=effect("data", y00, y01),
        interaction=effect("interaction", y10 + y01, y11 + y00),
        model_share=effect("model share", (y00 + y01) / 2, (y10 + y11) / 2),
        data_share=effect("data share", (y00 + y10) / 2, (y01 + y11) / 2),
        data_beats_model=effect("data - model", y10, y01),
        whole=effect("both", y00, y11),
    )
