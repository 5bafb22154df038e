"""The door to a repository's past: commits and experiments as snapshots, read from git and the DVC cache, nothing retrained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from ceteris.dataset import Dataset
from ceteris.dvc_lock import parse_lock
from ceteris.editing import edits
from ceteris.editing.ledger import ledger_files
from ceteris.errors import BadInputError, CeterisError, SealedTestError, nearest, some
from ceteris.experiments.cache import Cache
from ceteris.experiments.git import Git
from ceteris.experiments.here import Here
from ceteris.experiments.pairing import Side
from ceteris.experiments.run import Run, as_run, run_of
from ceteris.experiments.snapshot import WORKSPACE, Judging, Snapshot, setting
from ceteris.layout import layout_of
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name
from ceteris.splitting.splits import TEST, TRAIN
from ceteris.store import parse_yaml
from ceteris.training.cell_files import FINGERPRINT, PREDICTIONS, unpack

__all__ = ["History"]

_LOCK, _PARAMS, _PIPELINE = "dvc.lock", "params.yaml", "dvc.yaml"
_LEFT_OUT = "That revision is left out; choose another: ceteris experiments"


class History:
    """The commits and experiments of a repository, oldest first. A context manager: git and the DVC cache are open inside.

    Parameters
    ----------
    root : Path
        The repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._runs: dict[tuple[str, str], Run] = {}
        self._judging: dict[tuple[str, str], Judging] = {}
        self._known: dict[tuple[str, str], Snapshot] = {}

    def __enter__(self) -> History:
        with ExitStack() as opened:
            self._git = opened.enter_context(Git(self.root))
            self._cache = opened.enter_context(Cache(self.root))
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        """Every commit that changed a run, every experiment, and the workspace where its run is not committed."""
        return [self._read(head) for head in self._heads]

    @cached_property
    def _heads(self) -> list[Snapshot]:
        """The same, with nothing read of their runs.

        Commits are those of local branches, of HEAD, and those that experiments stand on.
        """
        refs = [(PurePosixPath(ref).parts, rev, time) for ref, (rev, time) in self._git.refs("refs/exps").items()]
        runs = [(parts[4], parts[2] + parts[3], rev, time) for parts, rev, time in refs if _names_experiment(parts)]
        # In somebody's repository an experiment that changed nothing in here is of another pipeline.
        runs = [run for run in runs if not self._git.only_elsewhere(run[1], run[2])]
        names = self._branch_names()
        commits = self._git.commits(_LOCK, {base for _, base, _, _ in runs})
        found = [Snapshot(name, rev, self._git.nearest(base, _LOCK), time, experiment=True) for name, base, rev, time in runs]
        known = {rev for _, _, rev, _ in runs}  # `dvc exp branch` makes a commit of an experiment
        found += [
            Snapshot(names.get(one.rev, one.rev[:7]), one.rev, one.parent, one.time) for one in commits if one.rev not in known
        ]
        found.sort(key=lambda one: (one.time, one.experiment, one.name))
        return [*found, *self._workspace()]

    def find(self, name: str) -> Snapshot:
        """Return the snapshot of an experiment, branch, tag or hash, or of the workspace; a branch's or tag's under its name.

        Raises
        ------
        BadInputError
            The name is unknown, means several revisions, or holds no run.
        CeterisError
            Its run cannot be read.
        """
        named = [one for one in self._heads if name in (one.name, one.rev or WORKSPACE)] or self._resolved(name)
        revs = {one.rev for one in named}
        if len(revs) > 1:
            hashes = ", ".join(sorted(rev[:7] or WORKSPACE for rev in revs))
            raise BadInputError(f"{name!r} names {len(revs)} revisions: {hashes}.", "Give the hash of one.")
        if not named and name == WORKSPACE:
            raise BadInputError(
                "The workspace holds no run that is not committed.", "Run it first (dvc repro), or compare HEAD."
            )
        if not named:
            known = nearest(name, [one.name for one in self._heads])
            raise BadInputError(f"{name!r} is no revision or experiment with a run here.{known}", "See: ceteris experiments")
        found = self._read(named[0])
        if found.fault is not None:
            raise found.fault
        if not self._is_branch_or_tag(name):
            return found
        self._runs[found.rev, name] = self._runs[found.rev, found.name]
        return replace(found, name=name)

    def _is_branch_or_tag(self, name: str) -> bool:
        return any(f"{kind}/{name}" in self._git.refs(f"{kind}/{name}") for kind in ("refs/heads", "refs/tags"))

    def _resolved(self, name: str) -> list[Snapshot]:
        """Return what git knows by a name: the revision itself, or else the nearest run at or above it."""
        rev = self._git.resolve(name)
        wanted = (rev, self._git.nearest(rev, _LOCK)) if rev else ()
        return [one for rev in wanted for one in self._heads if one.rev == rev][:1]

    def side(self, snapshot: Snapshot, name: Name) -> Side:
        """Return a cell of a snapshot with what it predicts."""
        if name not in snapshot.cells or snapshot.judging is None:
            known = nearest("/".join(name), ["/".join(cell) for cell in snapshot.cells])
            raise BadInputError(f"{snapshot.name} holds no cell {'/'.join(name)!r}.{known}", "Choose one of its own.")
        run = self._runs[snapshot.rev, snapshot.name]
        with _readable(snapshot.name):
            files, path = run.folder("models"), "/".join(name)
            stated, predictions = files[f"{path}/{FINGERPRINT}"], files[f"{path}/{PREDICTIONS}"]
            cell = self._cache.lately(
                ("cell", stated, predictions),
                lambda: unpack(run.json(stated), run.read(predictions))[0],
                lambda cell: cell.predicted.nbytes + (0 if cell.pred_probs is None else cell.pred_probs.nbytes),
            )
            return Side(name, cell, snapshot.cells[name], self._by_now(snapshot, snapshot.judging))

    def _by_now(self, snapshot: Snapshot, judging: Judging) -> Judging:
        """Return the validation rows of a snapshot with what people have said of them by now."""
        place = snapshot.rev, snapshot.name
        if place not in self._judging:
            here, files = self._here, self._ledger_files(snapshot.rev, self._runs[place])
            key = (
                "by now",
                id(judging.ids),
                judging.source,
                judging.naming,
                *files,
            )  # the rows live as long as the cache, so their identity is a key
            self._judging[place] = self._cache.once(key, lambda: here.answered(judging, _parsed(files)))
        return self._judging[place]

    @cached_property
    def _here(self) -> Here:
        return Here(self.root)

    def version(self, snapshot: Snapshot, name: str) -> pd.DataFrame:
        """Return the rows of a version, with the columns id, label and weight; of a control its first draw."""
        run = self._runs[snapshot.rev, snapshot.name]
        with _readable(snapshot.name):
            table = run.table(run.folder("versions")[f"{name}.parquet"])
            return table.loc[table["draw"] == 0, ["id", "label", "weight"]]

    def rows(self, snapshot: Snapshot, part: str) -> Dataset:
        """Return the rows of the train or the validation part; the test part is refused."""
        if part == TEST:
            raise SealedTestError(f"The test part of {snapshot.name} is sealed.", SealedTestError.ONLY_A_LOOK)
        run = self._runs[snapshot.rev, snapshot.name]
        with _readable(snapshot.name):
            return Dataset.from_frame(run.table(run.md5("split", f"{part}.parquet")))

    def features(self, snapshot: Snapshot, part: str) -> pd.DataFrame:
        """Return the features of a part, indexed by id."""
        rows = self.rows(snapshot, part)
        return rows.features.set_index(pd.Index(rows.ids, dtype=object))

    def batches(self, snapshot: Snapshot) -> dict[tuple[str, str], str]:
        """Return the batch of edits ("reviewer/batch") that gave an id its label, by (id, label); "" where it was dropped."""
        decided = self._decisions(snapshot.rev, self._runs[snapshot.rev, snapshot.name], snapshot.sections)
        made = decided[decided["action"].isin(["relabel", "drop"])]
        labels = made["new_label"].where(made["action"] == "relabel", "")
        return dict(zip(zip(made["id"], labels, strict=True), made["reviewer"] + "/" + made["batch"], strict=True))

    def _branch_names(self) -> dict[str, str]:
        """Return the branch that each of its newest runs is known by, the current one first."""
        current = f"refs/heads/{self._git.branch()}"
        heads = self._git.refs("refs/heads")
        named: dict[str, str] = {}
        for ref in sorted(heads, key=lambda ref: (ref != current, ref)):
            named.setdefault(self._git.nearest(heads[ref][0], _LOCK), ref.removeprefix("refs/heads/"))
        return named

    def remarks(self) -> list[str]:
        """Return what holds of the repository as a whole, each a sentence with what to do."""
        told = []
        if self._git.shallow():
            told.append("This clone is shallow, older commits are not in it: git fetch --unshallow")
        changed = self._cache.not_run()
        if changed:
            told.append(f"The workspace has changed since it was run ({some(changed)}), which is not measured yet: dvc repro")
        return told

    def _workspace(self) -> list[Snapshot]:
        lock = self.root / _LOCK
        if not lock.is_file() or lock.read_bytes() == self._git.file("HEAD", _LOCK):
            return []
        return [Snapshot(WORKSPACE, "", self._git.nearest("HEAD", _LOCK), lock.stat().st_mtime)]

    def _read(self, head: Snapshot) -> Snapshot:
        """Return a snapshot with all that is known of its run, or with the fault that keeps it from being read; read once."""
        if (head.rev, head.name) not in self._known:
            try:
                with _readable(head.name):
                    self._known[head.rev, head.name] = self._with_run(head)
            except CeterisError as refusal:
                self._known[head.rev, head.name] = replace(head, fault=refusal)
        return self._known[head.rev, head.name]

    def _with_run(self, head: Snapshot) -> Snapshot:
        run = self._runs[head.rev, head.name] = self._run(head)
        sections = self._yaml(head.rev, _PARAMS)
        if not head.rev:
            sections = as_run(sections, parse_yaml((self.root / _LOCK).read_text(encoding="utf-8"), _LOCK))
        judging = replace(
            run.judging(self._decisions(head.rev, run, sections)),
            source=f"{run.source}, {setting(sections, 'ingest', 'source')}" if run.source else "",
            naming=tuple(setting(sections, "ingest", key) for key in ("id", "id_width")),
        )
        states, labels = run.cells(), {"labels": judging.digest}
        found = replace(
            head,
            sections=sections,
            cells={name: Fingerprint(**state["fingerprint"] | labels) for name, state in states.items()},
            deterministic=frozenset(name for name, state in states.items() if state["deterministic"]),
            facts=run.facts(self._file(head.rev, f"{run.layout['results']}/fix/versions.csv")),
            judging=judging,
        )
        if not found.models or any((model, name) not in states for model in found.models for name in found.versions):
            raise BadInputError(f"{head.name} lacks models, or versions that they were trained on.", run.again)
        return found

    def _run(self, head: Snapshot) -> Run:
        layout = layout_of(self._yaml(head.rev, _PIPELINE), _LEFT_OUT)
        content = self._file(head.rev, _LOCK)
        try:
            lock = parse_lock(content)
        except ValueError as error:
            raise BadInputError(f"{_LOCK} of {head.name} is not readable as YAML: {error}.", _LEFT_OUT) from None
        return run_of(lock, layout, self._cache, head)

    def _yaml(self, rev: str, path: str) -> Any:
        """Return the content of a YAML file, parsed once for all revisions that share it."""
        text = self._file(rev, path).decode("utf-8", "replace")
        return self._cache.once(("yaml", path, text), lambda: parse_yaml(text, path))

    def _decisions(self, rev: str, run: Run, sections: Any) -> pd.DataFrame:
        """Return what the lines of data/edits/ came to, by the rule of the time; without train rows that consensus settled."""
        rule, files = str(setting(sections, "fix", "conflicts") or "refuse"), self._ledger_files(rev, run)
        steps = str(setting(sections, "fix", "recipes"))
        parts = run.md5("split", "parts.parquet") if "consensus" in steps and "apply_edits" not in steps else ""
        return self._cache.once(
            ("decisions", rule, parts, *files),
            lambda: edits.resolve(_parsed(files), rule, _train_ids(run, parts) if parts else ()),
        )

    def _ledger_files(self, rev: str, run: Run) -> list[tuple[str, bytes]]:
        """Return the path and content of each file of data/edits/ at a revision, or as it is now."""
        folder = run.layout["edits"]
        if not rev:
            return [(f"{folder}/{path.name}", path.read_bytes()) for path in ledger_files(self.root / folder)]
        paths = self._cache.once(("ledger", rev, folder), lambda: self._git.files(rev, folder))
        return [(path, self._file(rev, path)) for path in paths if path.endswith(".csv")]

    def _file(self, rev: str, path: str) -> bytes:
        place = self.root / path
        content = self._git.file(rev, path) if rev else place.read_bytes() if place.is_file() else None
        if content is None:
            raise BadInputError(f"There is no {path} in {rev[:7] or 'the ' + WORKSPACE}.", _LEFT_OUT)
        return content


def _train_ids(run: Run, parts: str) -> list[str]:
    table = run.table(parts)
    return list(table["id"][table["part"] == TRAIN])


def _names_experiment(parts: tuple[str, ...]) -> bool:
    """Whether a reference is refs/exps/<2 digits>/<38 digits>/<name>: DVC keeps other notes there, too."""
    return len(parts) == 5 and len(parts[2] + parts[3]) == 40


def _parsed(files: list[tuple[str, bytes]]) -> pd.DataFrame:
    tables = [edits.parse(content.decode("utf-8-sig", "replace"), path) for path, content in files]
    return pd.concat([edits.parse("", ""), *tables], ignore_index=True)


@contextmanager
def _readable(whose: str) -> Iterator[None]:
    """Refuse, in a sentence, what a ceteris of another layout wrote: it can be parsed, and lacks what is asked of it."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, EOFError, BadZipFile) as error:
        raise BadInputError(
            f"What {whose} holds is laid out otherwise than this ceteris reads ({type(error).__name__}: {error}).",
            "Run its pipeline with the code of today to have it measured: dvc repro",
        ) from error
