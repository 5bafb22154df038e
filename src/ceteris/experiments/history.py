"""The door to a repository's past: commits and experiments as snapshots, read from git and the DVC cache, nothing retrained."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.cell_files import FINGERPRINT, PREDICTIONS, unpack
from ceteris.cells import Cell
from ceteris.dataset import ID, TRUE_LABEL, Dataset, row_digests
from ceteris.disagreement import NOT_ANSWERED
from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.experiments.cache import Cache
from ceteris.experiments.git import Git
from ceteris.experiments.pairing import Side
from ceteris.experiments.snapshot import WORKSPACE, Judging, Snapshot
from ceteris.fingerprint import Fingerprint
from ceteris.layout import layout_of
from ceteris.ledger import read_ledger
from ceteris.pairs import Name, VersionFacts
from ceteris.store import parse_yaml, read_parquet, read_table
from ceteris.verified import answers_of

__all__ = ["History"]

_LOCK, _PARAMS, _PIPELINE = "dvc.lock", "params.yaml", "dvc.yaml"
_CELLS_KEPT = 64


class History:
    """The commits and experiments of a repository, oldest first. A context manager: git and the DVC cache are open inside.

    Parameters
    ----------
    root : Path
        The repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open = ExitStack()
        self._runs: dict[str, _Run] = {}
        self._cells: OrderedDict[str, Cell] = OrderedDict()

    def __enter__(self) -> History:
        self._cache = self._open.enter_context(Cache(self.root))
        self._git = self._open.enter_context(Git(self.root))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        """Every commit of a local branch that changed a run, every experiment, and the workspace where it is not committed."""
        names = self._branch_names()
        commits = self._git.commits(_LOCK)
        found = [self._snapshot(Snapshot(names.get(one.rev, one.rev[:7]), one.rev, one.parent, one.time)) for one in commits]
        for ref, (rev, time) in self._git.refs("refs/exps").items():
            parts = PurePosixPath(ref).parts
            if len(parts) == 5 and len(parts[2] + parts[3]) == 40:
                base = self._git.nearest(parts[2] + parts[3], _LOCK)
                found.append(self._snapshot(Snapshot(parts[4], rev, base, time, experiment=True)))
        found.sort(key=lambda one: (one.time, one.experiment, one.name))
        return found + self._workspace()

    def find(self, name: str) -> Snapshot:
        """Return the snapshot of an experiment, branch, tag or hash, or of the workspace.

        Raises
        ------
        BadInputError
            The name is unknown, means several experiments, or holds no run.
        """
        named = [one for one in self.snapshots if name in (one.name, one.rev or WORKSPACE)]
        if not named:
            rev = self._git.resolve(name)
            near = self._git.nearest(rev, _LOCK) if rev else ""
            named = [one for one in self.snapshots if rev and one.rev in (rev, near)]
        if len(named) > 1:
            raise BadInputError(f"{name!r} names {len(named)} revisions.", "Give its hash: ceteris experiments --json")
        if not named:
            known = nearest(name, [one.name for one in self.snapshots])
            raise BadInputError(f"{name!r} is no revision or experiment with a run here.{known}", "See: ceteris experiments")
        if named[0].fault:
            raise BadInputError(named[0].fault, "Or choose another: ceteris experiments")
        return named[0]

    def side(self, snapshot: Snapshot, name: Name) -> Side:
        """Return a cell of a snapshot with what it predicts."""
        if name not in snapshot.cells or snapshot.judging is None:
            raise BadInputError(f"{snapshot.name} holds no cell {'/'.join(name)}.", "Choose one of its models and versions.")
        run = self._runs[snapshot.rev]
        files, path = run.folder("models"), "/".join(name)
        state, predictions = run.json(files[f"{path}/{FINGERPRINT}"]), files[f"{path}/{PREDICTIONS}"]
        if predictions not in self._cells:
            self._cells[predictions] = unpack(state, run.read(predictions))[0]
            while len(self._cells) > _CELLS_KEPT:
                self._cells.popitem(last=False)
        return Side(name, self._cells[predictions], snapshot.cells[name], snapshot.judging)

    def version(self, snapshot: Snapshot, name: str) -> pd.DataFrame:
        """Return the rows of a version, with the columns id, label and weight; of a control its first draw."""
        run = self._runs[snapshot.rev]
        table = run.table(run.folder("versions")[f"{name}.parquet"])
        return table.loc[table["draw"] == 0, ["id", "label", "weight"]]

    def rows(self, snapshot: Snapshot, part: str) -> Dataset:
        """Return the rows of the train or the validation part."""
        run = self._runs[snapshot.rev]
        return Dataset.from_frame(run.table(run.md5("split", f"{part}.parquet")))

    def features(self, snapshot: Snapshot, part: str) -> pd.DataFrame:
        """Return the features of a part, indexed by id."""
        rows = self.rows(snapshot, part)
        return rows.features.set_index(pd.Index(rows.ids, dtype=object))

    def batches(self, snapshot: Snapshot) -> dict[str, str]:
        """Return the batch of edits that decided each id, as "reviewer/batch"."""
        ledger = self._ledger(snapshot.rev, self._runs[snapshot.rev])
        decided = edits.resolve(ledger, str(snapshot.sections.get("fix", {}).get("conflicts", "refuse")))
        return dict(zip(decided["id"], decided["reviewer"] + "/" + decided["batch"], strict=True))

    def _branch_names(self) -> dict[str, str]:
        """Return the branch that each of its newest runs is known by, the current one first."""
        current = f"refs/heads/{self._git.branch()}"
        named: dict[str, str] = {}
        for ref in sorted(self._git.refs("refs/heads"), key=lambda ref: (ref != current, ref)):
            named.setdefault(self._git.nearest(ref, _LOCK), ref.removeprefix("refs/heads/"))
        return named

    def _workspace(self) -> list[Snapshot]:
        lock = self.root / _LOCK
        if not lock.is_file() or lock.read_bytes() == self._git.file("HEAD", _LOCK):
            return []
        return [self._snapshot(Snapshot(WORKSPACE, "", self._git.nearest("HEAD", _LOCK), lock.stat().st_mtime))]

    def _snapshot(self, head: Snapshot) -> Snapshot:
        try:
            run = self._runs[head.rev] = self._run(head)
            text = self._file(head.rev, _PARAMS).decode("utf-8", "replace")
            sections = self._cache.once(("params", text), lambda: parse_yaml(text, _PARAMS))
            judging = run.judging(self._ledger(head.rev, run), str(sections.get("fix", {}).get("conflicts", "refuse")))
            return replace(
                head,
                sections=sections,
                cells={name: replace(cell, labels=judging.digest) for name, cell in run.cells().items()},
                facts=run.facts(self._file(head.rev, f"{run.layout['results']}/fix/versions.csv")),
                judging=judging,
            )
        except CeterisError as refusal:
            return replace(head, fault=str(refusal).strip())

    def _run(self, head: Snapshot) -> _Run:
        import yaml

        pipeline = parse_yaml(self._file(head.rev, _PIPELINE).decode("utf-8", "replace"), _PIPELINE)
        layout = layout_of(pipeline, f"{head.name} is left out.")
        # dvc.lock is DVC's own file and long; libyaml reads it several times as fast as ruamel.yaml.
        lock = yaml.load(self._file(head.rev, _LOCK), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", ()) if "md5" in out}
        go = f"dvc exp apply {head.name}" if head.experiment else f"git checkout {head.rev[:7]}"
        return _Run(
            self._cache,
            layout,
            outs,
            head.name,
            f"`dvc fetch --all-commits` where a remote holds it, else `{go} && dvc repro`",
        )

    def _ledger(self, rev: str, run: _Run) -> pd.DataFrame:
        """Return the lines of data/edits/ as they were."""
        folder = run.layout["edits"]
        if not rev:
            return read_ledger(self.root / folder)
        names = [path for path in self._git.files(rev, folder) if path.endswith(".csv")]
        texts = [self._file(rev, path).decode("utf-8-sig", "replace") for path in names]
        tables = [edits.parse(text, path) for text, path in zip(texts, names, strict=True)]
        return pd.concat([edits.parse("", ""), *tables], ignore_index=True)

    def _file(self, rev: str, path: str) -> bytes:
        place = self.root / path
        content = self._git.file(rev, path) if rev else place.read_bytes() if place.is_file() else None
        if content is None:
            raise BadInputError(f"There is no {path} in {rev[:7] or 'the ' + WORKSPACE}.", "It is left out.")
        return content


@dataclass(frozen=True)
class _Run:
    """The outputs of one revision's pipeline, as objects of the DVC cache: md5 by path."""

    cache: Cache
    layout: dict[str, str]
    outs: dict[str, str]
    whose: str
    bring: str

    def md5(self, place: str, *parts: str) -> str:
        path = "/".join((self.layout[place], *parts))
        if path not in self.outs:
            raise BadInputError(f"dvc.lock of {self.whose} names no {path}.", "Run its pipeline to the end: dvc repro")
        return self.outs[path]

    def read(self, md5: str) -> bytes:
        return self.cache.read(md5, self.whose, self.bring)

    def folder(self, place: str) -> dict[str, str]:
        return self.cache.folder(self.md5(place), self.whose, self.bring)

    def json(self, md5: str) -> Any:
        return self.cache.once(("json", md5), lambda: json.loads(self.read(md5)))

    def table(self, md5: str) -> pd.DataFrame:
        return self.cache.once(("table", md5), lambda: read_parquet(io.BytesIO(self.read(md5))))

    def cells(self) -> dict[Name, Fingerprint]:
        """Return the fingerprint of each cell."""
        found = {}
        for path, md5 in self.folder("models").items():
            model, version, file = PurePosixPath(path).parts
            if file == FINGERPRINT:
                found[model, version] = Fingerprint(**self.json(md5)["fingerprint"])
        return found

    def facts(self, counts: bytes) -> dict[str, VersionFacts]:
        """Return what is known of each version: its place in data/versions/, and its line of results/fix/versions.csv."""
        index = self.json(self.folder("versions")["index.json"])
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

    def judging(self, ledger: pd.DataFrame, rule: str) -> Judging:
        """Return the validation rows, and what is known of their labels."""
        rows, truth, classes = (
            self.md5("split", name) for name in ("validation.parquet", "truth-validation.parquet", "classes.json")
        )
        judging = self.cache.once(("judging", rows, truth, classes), lambda: self._judging(rows, truth, classes))
        decisions = edits.resolve(ledger[ledger["id"].isin(judging.ids)], rule)
        if not len(decisions):
            return judging
        answers = answers_of(decisions, judging.ids, judging.labels["given"], judging.classes)
        verified = {"verified (all)": np.array(judging.classes, dtype=object)[answers.codes]} if answers.complete else {}
        return replace(judging, answers=answers.codes, labels={**judging.labels, **verified})

    def _judging(self, rows: str, truth: str, classes: str) -> Judging:
        data = Dataset.from_frame(self.table(rows))
        known = self.table(truth).set_index(ID)[TRUE_LABEL].reindex(data.ids)
        labels = {"given": data.labels}
        if known.notna().all():
            labels["true"] = known.to_numpy(dtype=object)
        nobody = np.full(len(data), NOT_ANSWERED)
        return Judging(data.ids, row_digests(data.features), labels, data.groups, tuple(self.json(classes)), nobody)
