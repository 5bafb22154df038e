"""What people have said of validation rows by now: in a revision's own time, and in data/edits/ as it stands here."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import pandas as pd

from ceteris.dataset import Dataset, row_digests
from ceteris.editing import edits
from ceteris.editing.ledger import read_ledger
from ceteris.experiments.snapshot import Judging
from ceteris.layout import read_layout
from ceteris.measuring.verified import said_of
from ceteris.store import read_params, read_parquet

__all__ = ["Here"]


class Here:
    """The answers of the workspace, and the rows that they are about.

    An answer is about a row's features, never about its label: people are asked blind. So one that is given today also judges
    what was trained last week, on every row that has the same features there.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._layout = root, read_layout(root)

    def answered(self, judging: Judging, own: pd.DataFrame) -> Judging:
        """Return validation rows with the answers that their own revision knew, and those given since.

        Parameters
        ----------
        own : DataFrame
            Every line of the revision's ledger.

        Raises
        ------
        StaleEditError
            Reviewers disagree, and fix.conflicts names no rule.
        LeakageError
            A line about a validation row comes from no blind review.
        """
        lines = pd.concat([_about(own, judging.ids), _about(self._lines, self._same_rows(judging))], ignore_index=True)
        if lines.empty:
            return judging
        decisions = edits.resolve(lines, self._rule)
        return judging.with_answers(said_of(decisions, judging.ids, judging.classes))

    def _same_rows(self, judging: Judging) -> list[str]:
        """Return the ids of the rows that have the same features in both places."""
        if self._lines.empty:
            return []
        there = dict(zip(judging.ids, judging.digests, strict=True))
        return [id for id, digest in self.rows.items() if there.get(id) == digest]

    @cached_property
    def _lines(self) -> pd.DataFrame:
        return read_ledger(self._root / self._layout["edits"])

    @cached_property
    def _rule(self) -> str:
        return str(read_params(self._root).fix.conflicts)

    @cached_property
    def rows(self) -> dict[str, bytes]:
        """The digest of the features of each validation row here; none where there are no rows yet."""
        path = self._root / self._layout["split"] / "validation.parquet"
        if not path.is_file():
            return {}
        rows = Dataset.from_frame(read_parquet(path))
        return dict(zip(rows.ids, row_digests(rows.features), strict=True))


def _about(lines: pd.DataFrame, ids: Collection[str]) -> pd.DataFrame:
    """Return the lines about some rows, and those that revert one of them, whatever id these bear."""
    reverts = lines["action"] == "revert"
    about = ~reverts & lines["id"].isin(list(ids))
    return lines[about | (reverts & lines["reverts"].isin(lines.loc[about, "answer"]))]
