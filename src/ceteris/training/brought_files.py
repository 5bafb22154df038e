"""The door to a folder of predictions that were made elsewhere: its manifest, cells, and out-of-fold probabilities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset, row_digests
from ceteris.errors import BadInputError, LeakageError, some
from ceteris.fixing.tables_out import read_table_of
from ceteris.fixing.version_files import Trains, given_alone
from ceteris.measuring.fingerprint import of_rows
from ceteris.params import parse_as
from ceteris.training.brought import Made, Manifest, refuse_stale
from ceteris.training.cells import Cell
from ceteris.training.pred_probs import refuse_cut
from ceteris.training.predictions_table import checked, text_of

__all__ = ["MANIFEST", "PRED_PROBS", "Brought"]

MANIFEST, PRED_PROBS = "manifest.json", "pred_probs"
_ENDINGS = ("parquet", "csv")


class Brought:
    """A folder of predictions.

    Parameters
    ----------
    root : Path
        The repository.
    folder : str
        As params.yaml names it.
    classes : tuple of str

    Raises
    ------
    ParamsError, BadInputError
        There is no manifest, or it cannot be read.
    """

    def __init__(self, root: Path, folder: str, classes: tuple[str, ...]) -> None:
        self._home, self._folder, self._classes = root / folder, folder.rstrip("/"), classes
        self._export = f"ceteris export {self._home.name}"
        path = self._home / MANIFEST
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            said = "not there" if isinstance(error, FileNotFoundError) else f"not readable as JSON: {str(error)[:100]}"
            raise BadInputError(
                f"{self._folder}/{MANIFEST} is {said}.", f"An export brings one along to be completed: {self._export}"
            ) from None
        self.manifest = parse_as(Manifest, content, f"{self._folder}/{MANIFEST}")

    def cells(self, versions: Mapping[str, Trains], validation: Dataset) -> dict[str, Cell]:
        """Return the cell of each version that was predicted; the manifest says which.

        Raises
        ------
        BadInputError
            They were made for other rows than those here now, or a table is missing or wrong.
        """
        inputs = of_rows(validation.ids, row_digests(validation.features))
        now = {name: Made(data=version.data, seeds=version.seeds) for name, version in versions.items()}
        refuse_stale(self.manifest, self._folder, self._classes, inputs, now)
        lacking = [
            f"{name} (seeds {', '.join(map(str, absent))})"
            for name in self.manifest.versions
            if (absent := [seed for seed in self._seeds(versions[name]) if self._table(f"{name}/seed-{seed}") is None])
        ]
        if lacking:
            raise BadInputError(
                f"{self._folder} lacks the tables of {some(lacking)}: VERSION/seed-S.parquet, or .csv.",
                f"Bring them, or take these versions out of {self._folder}/{MANIFEST}: they are then not compared.",
            )
        return {name: self._cell(name, versions[name], validation.ids) for name in self.manifest.versions}

    def _seeds(self, version: Trains) -> tuple[int, ...]:
        once = self.manifest.deterministic and not version.redrawn
        return version.seeds[:1] if once else version.seeds

    def _cell(self, name: str, version: Trains, ids: np.ndarray) -> Cell:
        found = [self._checked(f"{name}/seed-{seed}", ids)[0] for seed in self._seeds(version)]
        probabilities = [one[1] for one in found if one[1] is not None]
        if probabilities and len(probabilities) < len(found):
            raise BadInputError(
                f"Some tables of {self._folder}/{name} hold probabilities and others labels alone.", "Write all of them alike."
            )
        return Cell(
            predicted=np.stack([one[0] for one in found]),
            pred_probs=np.stack(probabilities) if probabilities else None,
            n_seeds=len(version.seeds),
            deterministic=len(found) < len(version.seeds),
        )

    def pred_probs(self, train: Dataset) -> np.ndarray:
        """Return the out-of-fold probabilities of the train rows, shape (n_rows, n_classes).

        Raises
        ------
        BadInputError
            They are missing or wrong, or were made for other train rows.
        LeakageError
            No folds are declared, or they cut a group.
        """
        declared = self.manifest.folds
        now = given_alone(train, self._classes, 1).data
        if declared is None or declared.data != now or self.manifest.classes != self._classes:
            said = "declares no `folds`" if declared is None else "was made for other train rows, labels or classes"
            raise BadInputError(f"{self._folder} {said}.", f"Export anew, and train on its folds: {self._export}")
        (_, probabilities), table = self._checked(PRED_PROBS, train.ids, "fold")
        if probabilities is None:
            raise BadInputError(
                f"{self._folder}/{PRED_PROBS} holds labels, and an audit needs probabilities.", "Write one column a class."
            )
        folds = table.set_index("id")["fold"].map(text_of).reindex(train.ids).to_numpy(dtype=object)
        if len(set(folds)) != declared.count or (folds == "").any():
            raise LeakageError(
                f"{self._folder}/{PRED_PROBS} names the folds {some(sorted(set(folds)))}, and its manifest declares "
                f"{declared.count}.",
                "Write beside each row the fold that judged it, by a model that was trained on the others.",
            )
        groups = train.uncut()
        if groups is not None:
            refuse_cut(groups, folds, f"Train on the folds of folds.csv: {self._export}")
        return probabilities

    @property
    def audits(self) -> bool:
        """Whether out-of-fold probabilities were brought too."""
        return self.manifest.folds is not None and self._table(PRED_PROBS) is not None

    def _table(self, name: str) -> Path | None:
        found = (self._home / f"{name}.{ending}" for ending in _ENDINGS)
        there = [path for path in found if path.is_file()]
        if len(there) > 1:
            raise BadInputError(
                f"{self._folder} holds both {some(path.relative_to(self._home).as_posix() for path in there)}.",
                "Keep one of them.",
            )
        return there[0] if there else None

    def _checked(
        self, name: str, ids: np.ndarray, beside: str = ""
    ) -> tuple[tuple[np.ndarray, np.ndarray | None], pd.DataFrame]:
        """Return a table's predictions of rows, and the whole table; `beside` names a column that must be there too."""
        path = self._table(name) or self._home / f"{name}.{_ENDINGS[0]}"
        what, do = f"{self._folder}/{path.relative_to(self._home).as_posix()}", "Correct this table."
        table = read_table_of(path, what, do)
        if beside and beside not in table.columns:
            raise LeakageError(
                f"{what} has no column {beside!r}: nothing else tells that no row was judged by a model that had seen it.",
                "Write beside each row the fold that judged it, by a model that was trained on the others.",
            )
        rest = table.drop(columns=[beside] if beside else [])
        return checked(rest, ids, self._classes, what, do), table.assign(id=table["id"].astype(str))
