"""The door to the contrasts of a repository: its cells, its validation labels, and what people answered, as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.dataset import GROUP, ID, LABEL, META, TRUE_LABEL, codes
from ceteris.editing import edits
from ceteris.editing.blind import not_blind
from ceteris.editing.ledger import of_part, read_ledger
from ceteris.errors import BadInputError, nearest, some
from ceteris.measuring.compare import Arm, Scorer
from ceteris.measuring.disagreement import NOT_ANSWERED
from ceteris.measuring.pairs import Name, VersionFacts
from ceteris.measuring.slicing import sliced
from ceteris.measuring.verified import Answers, answers_of, came_verified, with_came
from ceteris.params import Params
from ceteris.splitting.splits import TRAIN, VALIDATION
from ceteris.store import read_json, read_parquet, read_table
from ceteris.training.cell_files import left_out, read_cell

__all__ = ["Contrasts"]


class Contrasts:
    """What compare judges, read when asked for.

    Parameters
    ----------
    root : Path
        The repository.
    layout : mapping
        From `read_layout`.
    """

    def __init__(self, root: Path, layout: Mapping[str, str], params: Params) -> None:
        self._root, self._layout, self._params = root, layout, params
        self.validation = read_parquet(self._path("split", "validation.parquet")).sort_values(ID, ignore_index=True)
        self.classes: tuple[str, ...] = tuple(read_json(self._path("split", "classes.json")))
        self.ids: np.ndarray = self.validation[ID].to_numpy(dtype=object)

    def facts(self) -> dict[str, VersionFacts]:
        """Return what is known of each version, in the order they were made."""
        index = read_json(self._path("versions", "index.json"))
        table = read_table(self._path("results", "fix", "versions.csv"), text=("version", "note")).set_index("version")
        parted = set(index["order"]) ^ set(map(str, table.index))
        if parted:
            versions, listed = self._layout["versions"], f"{self._layout['results']}/fix/versions.csv"
            raise BadInputError(
                f"{versions} and {listed} are of two runs: {some(sorted(parted))} is in one of them only.",
                "Bring back what belongs to these results: dvc checkout; or make both anew: dvc repro",
            )
        facts = {}
        for name in index["order"]:
            row, stated = table.loc[name], index["versions"][name]
            facts[name] = VersionFacts(
                **stated, dropped=int(row["dropped"]), reviewed=int(row["reviewed"]), rows=int(row["rows"])
            )
        return facts

    def absent(self) -> frozenset[Name]:
        """Return the cells that there are none of, since whoever predicted elsewhere left their versions out."""
        models = [name for name, recipe in self._params.train.models.items() if recipe.predictions]
        return frozenset((name, version) for name in models for version in left_out(self._path("models", name)))

    def answers(self) -> Answers:
        """Return what data/edits/ says of the validation labels, and which came verified; refusals as of `answers_of`.

        Of labels that are numbers nothing is taken: no rule says yet which of them decide.
        """
        if self._params.numbers:
            return Answers(self.ids, np.full(len(self.ids), NOT_ANSWERED))
        parts = read_parquet(self._path("split", "parts.parquet")).set_index("id")["part"]
        lines = read_ledger(self._path("edits"))
        decisions = edits.resolve(lines, self._params.fix.conflicts, parts.index[parts == TRAIN])  # fix settles those
        said = of_part(decisions, parts, VALIDATION)
        given = self.validation[LABEL].to_numpy(dtype=object)
        found = answers_of(said, self.ids, given, self.classes, len(not_blind(lines, self.ids)))
        return with_came(found, came_verified(self._truth(), self.ids, self.classes))

    def unused_answers(self) -> int:
        """Return how many answers about validation rows verify nothing, since labels are numbers."""
        return int(read_ledger(self._path("edits"))["id"].isin(self.ids).sum()) if self._params.numbers else 0

    def _truth(self) -> pd.Series:
        return read_parquet(self._path("split", "truth-validation.parquet")).set_index(ID)[TRUE_LABEL].reindex(self.ids)

    def scorer(self, names: Iterable[Name], answers: Answers) -> Scorer:
        """Return a scorer of these cells on the given labels, and on better ones where they are known for every row.

        Raises
        ------
        BadInputError
            A class has no validation row, or a cell was made on other rows.
        """
        labels = {"given": codes(self.validation[LABEL].to_numpy(dtype=object), self.classes)}
        if answers.complete:
            labels["verified (all)"] = answers.codes
        truth = self._truth()
        if truth.notna().all():
            labels["true"] = codes(truth.to_numpy(dtype=object), self.classes)
        for name, found in labels.items():
            absent = [self.classes[code] for code in range(len(self.classes)) if not (found == code).any()]
            if absent:
                raise BadInputError(
                    f"No validation row has the {name} label {some(absent)}, so nothing can be said about it.",
                    f"{self._params.split.remedy(VALIDATION)}, or add rows of that class.",
                )
        arms = {name: self._arm(*name) for name in names}
        groups = self.validation[GROUP].to_numpy(dtype=object) if GROUP in self.validation else None
        return Scorer(arms, labels, len(self.classes), groups, self._params.compare)

    def features(self) -> pd.DataFrame:
        """Return the features of the validation rows, indexed by id, without their labels."""
        rows = self.validation.set_index(ID).rename_axis("id")
        return rows.drop(columns=[*META], errors="ignore")

    def groups(self, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return the group of each validation row, by column: those of compare.groups, or else the classes of these labels.

        Numbers, labels among them, are cut at the quartiles of the train rows.
        """
        columns = self._params.compare.groups
        if columns is None and self.classes:
            return {"label": np.array(self.classes, dtype=object)[labels]}
        if columns is None:
            return {"label": self._sliced(LABEL, pd.Series(labels, name="label"))}
        return {column: self._sliced(self._column(column), self.validation[self._column(column)]) for column in columns}

    def _column(self, named: str) -> str:
        if named == self._params.ingest.group and GROUP in self.validation:
            return GROUP
        known = [str(name) for name in self.validation.columns if name not in META]
        if named not in known:
            raise BadInputError(
                f"compare.groups names the column {named!r}, which the rows do not have.{nearest(named, known)}",
                "Correct compare.groups in params.yaml.",
            )
        return named

    def _sliced(self, column: str, values: pd.Series) -> np.ndarray:
        train = read_parquet(self._path("split", "train.parquet"), columns=[column])[column]
        if column == LABEL:
            train = pd.Series(codes(train.to_numpy(dtype=object), ()), name="label")
        return sliced(values, train, "compare.groups")

    def _arm(self, model: str, version: str) -> Arm:
        cell, fingerprint, stored, named = read_cell(self._path("models", model, version))
        if named != self.classes or not np.array_equal(stored, self.ids):
            raise BadInputError(
                f"The cell {model}/{version} was made on other validation rows or classes.",
                "Make it anew: dvc repro train --force",
            )
        return Arm(cell, fingerprint)

    def _path(self, name: str, *parts: str) -> Path:
        path = self._root.joinpath(self._layout[name], *parts)
        if name in ("split", "versions", "results") and not path.is_file():
            raise BadInputError(
                f"{path.relative_to(self._root)} is not there.", "Make it: dvc repro (or bring it: dvc checkout)"
            )
        return path
