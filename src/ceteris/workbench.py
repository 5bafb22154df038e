"""A ceteris repository as tables and figures: the one now, or any revision and experiment, read without retraining."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from ceteris.dataset import ID, LABEL, META, TRUE_LABEL
from ceteris.errors import BadInputError, SealedTestError, nearest
from ceteris.gallery import Gallery
from ceteris.layout import layout_of, read_layout
from ceteris.measuring.planning import plan_name
from ceteris.metrics import METRICS
from ceteris.params import Params, parse
from ceteris.sections import SCORED_ON
from ceteris.splitting.splits import VALIDATION
from ceteris.store import SEALED, find_root, parse_yaml, read_params, read_parquet, read_table
from ceteris.telling.finding import findings
from ceteris.telling.scored_twice import scored_twice, two_columns

if TYPE_CHECKING:
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.measuring.budget import Board
    from ceteris.reviewing.running import Running

__all__ = ["AXES", "Workbench", "open"]

AXES = ("data", "model", "aa")  # what a contrast in effects.csv moves

_TEXT = (
    "id", "given_label", "suggested_label", "version", "note", "reason", "verdict", "issue_type", "model", "baseline_model",
    "baseline_version", "candidate_model", "candidate_version", "control", "contrast",
)  # fmt: skip


class Workbench:
    """What the pipeline found, as tidy tables.

    Parameters
    ----------
    root : Path, optional
        The repository; default: the one at or above the working directory.
    rev : str, optional
        A git revision or the name of a DVC experiment; default: the files as they are now.
    """

    def __init__(self, root: Path | None = None, rev: str | None = None) -> None:
        self.root = find_root(root)
        self.rev = rev
        self._files = None if rev is None else _revision(self.root, rev)

    def __repr__(self) -> str:
        return f"Workbench({self.root.name!r}, rev={self.rev or 'workspace'!r})"

    @property
    def params(self) -> Params:
        """What params.yaml said."""
        return parse(parse_yaml(self._bytes("params.yaml").decode("utf-8"), "params.yaml"))

    @property
    def figures(self) -> Gallery:
        """The figures of the report, one method each."""
        return Gallery(self)

    def effects(
        self, *, axis: str | None = None, planned: bool | None = None, headline: bool = False, side_by_side: bool = False
    ) -> pd.DataFrame:
        """Return results/compare/effects.csv: one row a contrast, metric and set of labels.

        Parameters
        ----------
        axis : one of AXES, optional
        planned : bool, optional
        headline : bool
            Only the primary metric on the best labels that each contrast has.
        side_by_side : bool
            The headline with the same on given labels beside it, for contrasts that have both, and where the two part.
        """
        table = self._table("results", "compare/effects.csv")
        if axis is not None:
            if axis not in AXES:
                raise BadInputError(f"{axis!r} is no axis.{nearest(axis, AXES)}", "Leave axis out for all of them.")
            table = table[table["axis"] == axis]
        if planned is not None:
            table = table[table["planned"] == planned]
        if side_by_side:
            return two_columns(scored_twice(findings(table), self.params.compare.metric, {}))
        if headline:
            table = table[table["metric"] == self.params.compare.metric]
            trust = table["scored_on"].map(SCORED_ON.index)
            arms = ["baseline_model", "baseline_version", "candidate_model", "candidate_version"]
            table = table.loc[trust.groupby([table[name] for name in arms], sort=False).idxmin()]
            table = table[[*arms, "scored_on", "difference", "low", "high", "n_discordant", "net_low", "verdict"]].round(4)
        return table.reset_index(drop=True)

    def split_counts(self) -> dict[str, int]:
        """Return how many rows each part holds."""
        return dict(json.loads(self._bytes(f"{self._layout()['results']}/split/summary.json")))

    def plan(self) -> str:
        """Return the name of the plan: the contrasts of params.yaml, how they are judged, and the rows that judge them."""
        path = f"{self._layout()['results']}/split/rows.json"
        try:
            rows = str(json.loads(self._bytes(path))[VALIDATION])
        except (ValueError, LookupError, TypeError):
            raise BadInputError(f"{path} is not what split wrote.", "Make it anew: dvc repro") from None
        return plan_name(self.params.compare, rows)

    def cells(self) -> pd.DataFrame:
        """Return results/compare/grid.csv: one row a cell, metric and set of labels."""
        return self._table("results", "compare/grid.csv")

    def simulated(self) -> frozenset[str]:
        """Return the versions that a simulated reviewer made."""
        versions = self.versions()
        return frozenset(versions.loc[versions["simulated"].astype(bool), "version"])

    def training(self, version: str = "given") -> tuple[pd.DataFrame, pd.Series]:
        """Return (X, y) of a version, as a model is trained on it; of a control its first draw. y holds text, or floats."""
        known = self.versions()["version"]
        if version not in set(known):
            raise BadInputError(f"{version!r} is no version here.{nearest(version, known)}", "Add it to fix.recipes.")
        rows = self._parquet("versions", f"{version}.parquet")
        labels = rows[rows["draw"] == 0].set_index("id")["label"]
        return self.train_rows().loc[labels.index], labels.astype(float) if self.params.numbers else labels

    def validation(self, scored_on: str = "given") -> tuple[pd.DataFrame, pd.Series]:
        """Return (X, y) of the validation rows, y the given or the true labels."""
        if scored_on not in ("given", "true"):
            raise BadInputError(f"{scored_on!r} is no set of labels that is kept here.", "Ask for 'given' or 'true'.")
        if scored_on == "true":
            labels = self._parquet("split", "truth-validation.parquet").set_index(ID)[TRUE_LABEL]
        else:
            labels = self._parquet("split", "validation.parquet", [ID, LABEL]).set_index(ID)[LABEL]
        rows = self.validation_rows()
        if not rows.index.isin(labels.index).all():
            raise BadInputError("No true label is known for some validation rows.", "Score on 'given' labels.")
        chosen = labels.loc[rows.index]
        return rows, chosen.astype(float) if self.params.numbers else chosen

    def model(self, name: str) -> Any:
        """Return the unfitted estimator of a model of params.yaml, its preparation of columns included."""
        from ceteris.training.learners import learner

        recipes = self.params.train.models
        if name not in recipes:
            raise BadInputError(f"{name!r} is no model of params.yaml.{nearest(name, recipes)}", "Add it to train.models.")
        return learner(recipes[name], self.train_rows().head(1), self.root, kind=self.params.model_kind)

    def grid(self, metric: str | None = None, scored_on: str | None = None) -> pd.DataFrame:
        """Return each cell's value, models as rows and versions as columns.

        Parameters
        ----------
        metric : str, optional
            Default: the primary metric of params.yaml.
        scored_on : str, optional
            Default: the best labels there are, true before verified before given.
        """
        table = self.cells()
        metric = metric or self.params.compare.metric
        table = table[table["metric"] == metric]
        known = list(table["scored_on"].unique())
        scored_on = scored_on or next((name for name in ("true", "verified (all)", "given") if name in known), None)
        table = table[table["scored_on"] == scored_on]
        if table.empty:
            what = f"No cell was scored by {metric!r}" + (f" on {scored_on!r} labels." if known else ".")
            raise BadInputError(what, f"Choose among {known or list(METRICS)}.")
        wide = table.pivot_table(index="model", columns="version", values="value", sort=False)
        wide.columns.name = f"{metric} on {scored_on} labels"
        return wide

    def issues(self) -> pd.DataFrame:
        """Return the issues table of all train rows: id, given and suggested label, label quality, flag."""
        return self._parquet("audit", "issues.parquet")

    def families(self) -> pd.DataFrame:
        """Return the families of errors, the surest first: pattern, rows, the share that is doubted and the one expected."""
        return self._table("results", "diagnose/families.csv")

    def diagnosis(self) -> pd.DataFrame:
        """Return what is wrong with train rows beyond labels: a line a kind, found or not, or why it could not be judged."""
        return self._table("results", "diagnose/issues.csv")

    def orders(self) -> pd.DataFrame:
        """Return the heads of the orders in which train rows can be asked for: the columns of `ceteris.reviewing.heads`."""
        return self._parquet("audit", "orders.parquet")

    def edits(self) -> pd.DataFrame:
        """Return every answer of people: who said what of which row and when, and whether it counts today.

        The columns are those of `ceteris.reviewing.standing.COLUMNS`; lines that cannot be read are left out (`check_edits`).
        """
        from ceteris.reviewing.patches import Ledgers

        return Ledgers(self).standing()

    def agreement(self) -> pd.DataFrame:
        """Return how far each two reviewers agree, by first answers: reviewer, other, n, agree, low, high, kappa (Cohen's)."""
        from ceteris.reviewing.agreement import kappa
        from ceteris.reviewing.patches import Ledgers

        return kappa(Ledgers(self).readable()[0])

    def check_edits(self) -> pd.DataFrame:
        """Return what stands against the answers of people today, and what to do: columns of `ceteris.reviewing.checking`."""
        from ceteris.reviewing.patches import Ledgers

        return Ledgers(self).checked()

    def queue(self) -> pd.DataFrame:
        """Return the review queue: train rows, most doubted first."""
        return self._table("results", "audit/queue.csv")

    def versions(self) -> pd.DataFrame:
        """Return what each version holds: rows, dropped, relabelled, reviewed, and a note."""
        return self._table("results", "fix/versions.csv")

    def metrics(self) -> dict[str, Any]:
        """Return results/compare/metrics.json."""
        return dict(json.loads(self._bytes(f"{self._layout()['results']}/compare/metrics.json")))

    def acceptance(self) -> pd.DataFrame:
        """Return a row for each look at the sealed test part: what it asked, and the last that it said; the part stays shut.

        The columns are those of `ceteris.release.record.looks_table`; `accepted`: the verdict is what was asked for, or better.
        """
        from ceteris.release.folder import verdicts_of
        from ceteris.release.looks import FILE as LOOKS
        from ceteris.release.looks import parse as parse_looks
        from ceteris.release.record import FILE as VERDICTS
        from ceteris.release.record import looks_table

        looks = parse_looks(self._held(LOOKS).decode("utf-8", "replace"))
        return looks_table(looks, verdicts_of(self._held(VERDICTS)))

    def experiments(self) -> pd.DataFrame:
        """Return a row for every commit and experiment: what it moved, and what that was worth, as `ceteris experiments` tells.

        The columns are those of `ceteris.experiments.table.COLUMNS`. The whole history is read, whatever `rev` is open here.
        """
        from ceteris.experiments.account import account
        from ceteris.experiments.table import table

        return table(account(self.root), read_params(self.root).compare.metric)

    def credit(self, by: str = "batch", *, reviewer: str | None = None, model: str | None = None) -> pd.DataFrame:
        """Return what each batch of edits is worth, or with `reviewer` each answer of one person; cells are trained.

        Columns as of `ceteris.measuring.credit.table` and `Answered.table`, shares of 1 (nats for log-loss).

        Parameters
        ----------
        by : one of `ceteris.measuring.credit.BY`, or several with commas between
        model : str, optional
            Held fixed; default: that of the first planned data contrast.
        """
        from ceteris.experiments.crediting import credit_of_answers, credit_of_batches
        from ceteris.measuring.credit import table

        reviewing = self._reviewing(model)
        return table(credit_of_batches(reviewing, by)) if reviewer is None else credit_of_answers(reviewing, reviewer).table()

    def budget(self, most: int = 400, *, model: str | None = None) -> pd.DataFrame:
        """Return the exchange-rate board: what up to `most` reviewed labels and each trial of a model are worth.

        The columns are those of `ceteris.measuring.budget.table`; versions in between are trained.
        """
        from ceteris.measuring.budget import table

        return table(self.board(most, model=model))

    def board(self, most: int = 400, *, model: str | None = None) -> Board:
        """Return the exchange-rate board as `bench.figures.board` draws it."""
        from ceteris.experiments.board import read_board

        return read_board(self.root, self._reviewing(model), most)

    def advice(self, most: int = 400, *, model: str | None = None) -> str:
        """Return whether to review 100 more labels or to tune 100 more trials, in a sentence that names its evidence."""
        from ceteris.experiments.board_shown import advice_told

        return advice_told(self.board(most, model=model))

    def run_experiment(self, name: str | None = None) -> Running:
        """Start `dvc exp run` on the files as they are now, in a copy and in the background, and return at once.

        What is returned tells how far it is; of two, the one that runs already. What it was worth: `experiments()`.
        """
        from ceteris.reviewing.running import run_experiment

        if self.rev is not None:
            raise BadInputError(
                f"An experiment runs on the files as they are now, and {self.rev!r} is open.", "Open it without rev."
            )
        return run_experiment(self.root, name)

    def _reviewing(self, model: str | None) -> Reviewing:
        from ceteris.experiments.reviewing import Reviewing

        if self.rev is not None:
            raise BadInputError(
                f"Reviews are measured on the files as they are now, and {self.rev!r} is open.", "Open it without rev."
            )
        return Reviewing(self.root, model)

    def train_rows(self) -> pd.DataFrame:
        """Return the train rows with their features, indexed by id."""
        rows = self._parquet("split", "train.parquet").set_index(ID).rename_axis("id")
        return rows.drop(columns=[*META], errors="ignore")

    def validation_rows(self) -> pd.DataFrame:
        """Return the features of the validation rows, indexed by id, without their labels: they are reviewed blind."""
        rows = self._parquet("split", "validation.parquet").set_index(ID).rename_axis("id")
        return rows.drop(columns=[*META], errors="ignore")

    def test_rows(self) -> NoReturn:
        """Refuse: the test part is sealed.

        Raises
        ------
        SealedTestError
        """
        raise SealedTestError("The test part is sealed.", SealedTestError.ONLY_A_LOOK)

    def parts(self) -> pd.Series:
        """Return the part of each row ("train", "validation" or "test"), indexed by id."""
        return self._parquet("split", "parts.parquet").set_index("id")["part"]

    def disagreements(self, contrast: str) -> pd.DataFrame:
        """Return the queue of validation rows that decide a contrast: id, pi, label.

        As it is now, for any contrast; of a revision as compare wrote it, for the planned ones.
        """
        if self._files is None:
            from ceteris.measuring.asking import questions_about

            return questions_about(self.root, contrast)[0].rows
        return self._table("results", f"compare/queues/{contrast}.csv")

    def verified(self) -> pd.DataFrame:
        """Return results/compare/verified.csv: how far the review of each contrast is, and what it found.

        `decoys_wrong` of the `decoys_asked` rows on which the arms agree have a wrong label: between `decoys_low` and
        `decoys_high` of all such rows. `disputed_*` says the same of the rows on which they differ. `against` and `favour` are
        the effect with every unsure row counted against the candidate, and for it.
        """
        return self._table("results", "compare/verified.csv")

    def given_labels(self) -> pd.Series:
        """Return the given label of every train and validation row, indexed by id."""
        parts = [self._parquet("split", f"{part}.parquet", [ID, LABEL]) for part in ("train", "validation")]
        return pd.concat(parts).set_index(ID)[LABEL]

    def judging_ids(self) -> frozenset[str]:
        """Return the ids of the validation rows."""
        return frozenset(self._parquet("split", "validation.parquet", [ID])[ID])

    def classes(self) -> tuple[str, ...]:
        """Return the classes, in the order of every probability column."""
        return tuple(json.loads(self._bytes(f"{self._layout()['split']}/classes.json")))

    def files_at(self, folder: str) -> dict[str, bytes]:
        """Return what the files NAME.csv of a folder held at the revision that is open, by path; none where there was none."""
        if self._files is None or not self._files.isdir(folder):
            return {}
        paths = sorted(str(path) for path in self._files.ls(folder, detail=False))
        return {path: self._bytes(path) for path in paths if re.fullmatch(r"[^.].*\.csv", path.rsplit("/", 1)[-1])}

    def path(self, name: str) -> Path:
        """Return where dvc.yaml puts something: "results", "reports", "edits", ..."""
        layout = self._layout()
        if name not in layout:
            raise BadInputError(f"dvc.yaml names no path {name!r}.{nearest(name, layout)}", "Ask for one of these.")
        return self.root / layout[name]

    def image_shape(self) -> tuple[int, ...] | None:
        """Return (height, width), or (height, width, channels), where the rows are images, else None."""
        shape = json.loads(self._bytes(f"{self._layout()['raw']}/manifest.json")).get("image_shape")
        return tuple(shape) if shape else None

    def _layout(self) -> dict[str, str]:
        if self._files is None:
            return read_layout(self.root)
        document = parse_yaml(self._bytes("dvc.yaml").decode("utf-8"), f"dvc.yaml of {self.rev}")
        return layout_of(document, f"That is its state at {self.rev!r}: open another revision.")

    def _bytes(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes() if self._files is None else bytes(self._files.read_bytes(path))
        except (OSError, KeyError) as error:
            where = f"revision {self.rev!r}" if self.rev else "the workspace"
            do = "dvc repro" if self.rev is None else f"git checkout {self.rev}, then dvc repro (or dvc pull)"
            raise BadInputError(
                f"{path} is not in {where} or its DVC cache: {type(error).__name__}.", f"Make it: {do}"
            ) from None

    def _held(self, path: str) -> bytes:
        """Return what a file of release/ holds: nothing where it is not there, since nobody looked yet."""
        try:
            return self._bytes(path)
        except BadInputError:
            return b""

    def _table(self, place: str, path: str) -> pd.DataFrame:
        return read_table(io.BytesIO(self._bytes(f"{self._layout()[place]}/{path}")), text=_TEXT)

    def _parquet(self, place: str, path: str, columns: list[str] | None = None) -> pd.DataFrame:
        if place == "split" and path in SEALED:
            self.test_rows()
        where = f"{self._layout()[place]}/{path}"
        content = self._bytes(where)
        try:
            return read_parquet(io.BytesIO(content), columns)
        except (OSError, ValueError) as error:
            raise BadInputError(f"{where} cannot be read: {type(error).__name__}.", "Make it anew: dvc repro") from None


def open(root: str | Path | None = None, *, rev: str | None = None) -> Workbench:
    """Return the workbench of this repository, or of a revision or experiment of it."""
    return Workbench(Path(root) if root is not None else None, rev)


def _revision(root: Path, rev: str) -> Any:
    """Return DVC's file system at a revision, after refusing a name that is none, or that means more than one experiment."""
    from dvc.api import DVCFileSystem
    from dvc.repo import Repo
    from dvc.scm import SCMError, resolve_rev
    from fsspec.implementations.dirfs import DirFileSystem

    if not isinstance(rev, str) or not rev.strip():
        raise BadInputError(
            f"rev is {rev!r}, which names no revision.", "Name one, or leave rev out for the files as they are."
        )
    with Repo(str(root)) as repo:
        named = [str(ref) for ref in repo.scm.iter_refs("refs/exps/") if str(ref).rsplit("/", 1)[-1] == rev]
        inside = os.path.relpath(root, repo.scm.root_dir)  # a project may lie in a folder of somebody else's repository
        if len(named) > 1:
            raise BadInputError(f"{rev!r} names {len(named)} experiments on different commits.", "Give its hash: dvc exp show")
        try:
            commit = resolve_rev(repo.scm, rev)
        except SCMError as error:
            raise BadInputError(f"{rev!r} is no revision or experiment here: {error}.", "See: dvc exp show; git log") from None
    return DirFileSystem(Path(inside).as_posix(), DVCFileSystem(str(root), rev=commit, subrepos=True))
