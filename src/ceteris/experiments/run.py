"""What one revision's pipeline left: objects of the DVC cache by path, as its dvc.lock names them, and tables made of them."""

from __future__ import annotations

import copy
import functools
import io
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from ceteris.dataset import ID, TRUE_LABEL, Dataset, row_digests
from ceteris.errors import BadInputError, some
from ceteris.experiments.cache import Cache
from ceteris.experiments.snapshot import Judging, Snapshot, setting
from ceteris.measuring.pairs import Name, VersionFacts
from ceteris.measuring.verified import answers_of, came_verified
from ceteris.store import read_parquet, read_table
from ceteris.training.cell_files import FINGERPRINT

__all__ = ["Run", "as_run", "run_of"]


@dataclass(frozen=True)
class Run:
    """The outputs of a revision.

    Attributes
    ----------
    outs : the md5 of each output, by its path
    whose : name of the revision
    again : the command that runs its pipeline
    bring : the command, or two, that bring what is missing
    source : digest of the files that the rows were read from; "" where the lock does not tell
    """

    cache: Cache
    layout: Mapping[str, str]
    outs: Mapping[str, str]
    whose: str
    again: str
    bring: str
    source: str = ""

    def md5(self, place: str, *parts: str) -> str:
        """Return the md5 of an output, by the name of its place in dvc.yaml."""
        path = "/".join((self.layout[place], *parts))
        if path not in self.outs:
            raise BadInputError(f"dvc.lock of {self.whose} names no {path}.", f"Run its pipeline to the end: {self.again}")
        return self.outs[path]

    def read(self, md5: str) -> bytes:
        """Return the content of an object."""
        return self.cache.read(md5, self.whose, self.bring)

    def folder(self, place: str) -> dict[str, str]:
        """Return the md5 of each file of an output that is a folder."""
        return self.cache.folder(self.md5(place), self.whose, self.bring)

    def json(self, md5: str) -> Any:
        """Return what an object holds as JSON, parsed once."""
        return self.cache.once(("json", md5), lambda: json.loads(self.read(md5)))

    def table(self, md5: str) -> pd.DataFrame:
        """Return what an object holds as Parquet."""
        return self.cache.lately(
            ("table", md5),
            lambda: read_parquet(io.BytesIO(self.read(md5))),
            lambda table: int(table.memory_usage(deep=True).sum()),
        )

    def cells(self) -> dict[Name, dict[str, Any]]:
        """Return the fingerprint file of each cell."""
        files = {PurePosixPath(path).parts: md5 for path, md5 in self.folder("models").items()}
        return {
            (parts[0], parts[1]): self.json(md5) for parts, md5 in files.items() if len(parts) == 3 and parts[2] == FINGERPRINT
        }

    def facts(self, counts: bytes) -> dict[str, VersionFacts]:
        """Return what is known of each version: its place in data/versions/, and its line of results/fix/versions.csv."""
        index = self.folder("versions")["index.json"]
        return self.cache.once(("facts", index, counts), lambda: _facts(self.json(index), counts))

    def judging(self, decisions: pd.DataFrame) -> Judging:
        """Return the validation rows, and what is known of their labels.

        Parameters
        ----------
        decisions : DataFrame
            From `edits.resolve`, about rows of any part.
        """
        rows, truth, classes = (
            self.md5("split", name) for name in ("validation.parquet", "truth-validation.parquet", "classes.json")
        )
        judging = self.cache.once(("judging", rows, truth, classes), lambda: self._unanswered(rows, truth, classes))
        said = decisions[decisions["id"].isin(judging.ids)].reset_index(drop=True)
        if not len(said) or not judging.classes:  # of labels that are numbers no answer is taken
            return judging
        return judging.with_answers(answers_of(said, judging.ids, judging.labels["given"], judging.classes))

    def _unanswered(self, rows: str, truth: str, classes: str) -> Judging:
        data = Dataset.from_frame(self.table(rows))
        known = self.table(truth).set_index(ID)[TRUE_LABEL].reindex(data.ids)
        labels = {"given": data.labels}
        if known.notna().all():
            labels["true"] = known.to_numpy(dtype=object)
        names = tuple(self.json(classes))
        came = came_verified(known, data.ids, names)
        return Judging(data.ids, row_digests(data.features), labels, data.groups, names, came, came)


def _facts(index: Any, counts: bytes) -> dict[str, VersionFacts]:
    table = read_table(io.BytesIO(counts), text=("version", "note")).set_index("version")
    return {
        name: VersionFacts(
            **index["versions"][name],
            dropped=int(table.loc[name, "dropped"]),
            reviewed=int(table.loc[name, "reviewed"]),
            rows=int(table.loc[name, "rows"]),
        )
        for name in index["order"]
    }


def run_of(lock: Any, layout: Mapping[str, str], cache: Cache, head: Snapshot) -> Run:
    """Return the run that the content of a dvc.lock describes.

    Raises
    ------
    BadInputError
        It names no stages, or its models were trained on something else than the other outputs that it names.
    """
    name = shlex.quote(head.name)
    go = f"dvc exp apply {name} && " if head.experiment else f"git checkout {name} && " if head.rev else ""
    fetch = f"dvc exp pull origin {name}" if head.experiment else "dvc fetch --all-commits" if head.rev else "dvc fetch"
    again = f"{go}dvc repro"
    stages = setting(lock, "stages")
    if not isinstance(stages, Mapping):
        raise BadInputError(f"dvc.lock of {head.name} names no stages.", f"Make it anew: {again}")
    outs = {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if "md5" in out}
    stale = [path for path, md5 in _trained_on(stages, layout["models"]) if outs.get(path, md5) != md5]
    if stale:
        raise BadInputError(
            f"The pipeline of {head.name} stopped half-way: its models were trained on another state of {some(stale)}.",
            f"Run it to the end: {again}",
        )
    bring = f"`{fetch}`, or, where the remote does not hold it, `{again}`" if cache.remote else f"`{again}`"
    return Run(cache, layout, outs, head.name, again, bring, _source(stages, layout))


def as_run(sections: Any, lock: Any) -> Any:
    """Return the sections of params.yaml with the values that the stages of a dvc.lock ran with.

    In the workspace params.yaml may have changed since. Where two stages name a key the first of them says: a run that stopped
    early leaves the last ones as they were before.
    """
    ran, told = copy.deepcopy(sections), set[str]()
    for stage in lock["stages"].values():
        for key, value in stage.get("params", {}).get("params.yaml", {}).items():
            if key in told:
                continue
            told.add(key)
            *path, last = key.split(".")
            place = functools.reduce(lambda held, name: held.setdefault(name, {}), path, ran)
            place[last] = value
    return ran


def _source(stages: Mapping[str, Any], layout: Mapping[str, str]) -> str:
    """Return a digest of what the stage that made the rows read, its code left out."""
    table = f"{layout.get('raw', '')}/table.parquet"
    for stage in stages.values():
        if table in [out["path"] for out in stage.get("outs", ())]:
            read = [(dep["path"], dep.get("md5", "")) for dep in stage.get("deps", ()) if not dep["path"].endswith(".py")]
            return "" if not read or not all(md5 for _, md5 in read) else repr(sorted(read))
    return ""


def _trained_on(stages: Mapping[str, Any], models: str) -> Iterator[tuple[str, str]]:
    """Yield the path and md5 of all that the stage which made the models read."""
    for stage in stages.values():
        if models in [out["path"] for out in stage.get("outs", ())]:
            yield from ((dep["path"], dep["md5"]) for dep in stage.get("deps", ()) if "md5" in dep)
