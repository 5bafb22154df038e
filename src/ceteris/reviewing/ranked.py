"""The door between the audit and the arms of a queue: of the features, those of the rows that are ranked by them are read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ceteris.reviewing.dealing import Arm
from ceteris.reviewing.fetched import Rows
from ceteris.reviewing.neighbours import preparation
from ceteris.reviewing.rankings import SAMPLE, doubted, expected_gain, knn_agreement, order

__all__ = ["ranked"]


def ranked(rankings: Sequence[str], issues: pd.DataFrame, train: Rows, validation: Rows) -> list[Arm]:
    """Return an arm for each ranking that is asked for.

    Parameters
    ----------
    rankings : sequence of str
        Of `rankings.RANKINGS`.
    issues : DataFrame
        From the audit, a row a train row.
    train, validation : Rows
    """
    points = _Points(issues, train, validation)
    return [
        Arm(
            how,
            order(
                how,
                issues,
                agreement=points.agreement() if how == "combined" else None,
                gain=points.gain() if how == "expected_gain" else None,
            ),
        )
        for how in rankings
    ]


class _Points:
    """The most doubted rows and a random sample of the others, as points; read when a ranking first needs them."""

    def __init__(self, issues: pd.DataFrame, train: Rows, validation: Rows) -> None:
        self._issues, self._train, self._validation = issues, train, validation
        self._doubted = doubted(issues)

    @cached_property
    def _chosen(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return the places of the rows, those of the doubted ones among them, and the points themselves."""
        sample = pd.Index(self._issues["id"]).get_indexer(self._train.sample_ids(SAMPLE))
        places = np.unique(np.concatenate([self._doubted, sample]))
        rows = self._train.of(list(self._issues["id"].to_numpy(dtype=object)[places]))
        self._prepare = preparation(rows)
        return places, np.searchsorted(places, self._doubted), self._prepare.transform(rows)

    def agreement(self) -> np.ndarray:
        """Return the neighbours' agreement with each doubted row's label."""
        places, own, points = self._chosen
        return knn_agreement(points, self._issues["given_label"].to_numpy(dtype=object)[places], own, sample=len(places))

    def gain(self) -> np.ndarray:
        """Return what looking at each doubted row is expected to bring."""
        places, own, points = self._chosen
        table = self._issues.iloc[places]
        judges = self._validation.sample(1000)
        return expected_gain(
            points,
            table["given_label"].to_numpy(dtype=object),
            table["suggested_label"].to_numpy(dtype=object),
            1 - table["label_quality"].to_numpy(dtype=float),
            own,
            self._prepare.transform(judges),
            self._validation.labels.loc[judges.index].to_numpy(dtype=object),
            sample=len(places),
        )
