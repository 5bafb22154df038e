"""Bad edits, params, probabilities and estimators: what is done to a repository, and the words of the refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from small import CLASSES, edit, params

from ceteris import edits, ledger
from ceteris.errors import (
    BadInputError,
    CeterisError,
    IntegrityError,
    LeakageError,
    NotHeldFixedError,
    ParamsError,
    SealedTestError,
    StaleEditError,
)
from ceteris.store import read_json, read_parquet

__all__ = ["BOMB", "FAULTS", "HEADER", "LATER", "MINE", "Fault", "another", "line", "own", "rows", "stated", "wrote"]

LATER = "2026-01-31T13:00:00+00:00"
HEADER = ",".join(edits.COLUMNS)
Change = Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to a repository, the stage that meets it, the refusal and words that stand in it."""

    name: str
    change: Change
    stage: str
    error: type[CeterisError]
    words: tuple[str, ...]


def rows(root: Path, part: str = "train", label: str | None = None) -> list[tuple[str, str]]:
    """Return (id, given label) of the rows of a part."""
    frame = read_parquet(root / f"data/split/{part}.parquet")
    found = zip(frame["ceteris:id"], frame["ceteris:label"], strict=True)
    return [(name, given) for name, given in found if label in (None, given)]


def another(label: str) -> str:
    return CLASSES[(CLASSES.index(label) + 1) % 3]


def line(root: Path, action: str = "relabel", part: str = "train", place: int = 0, **more: str) -> dict[str, str]:
    """Return an edit that fits the data: of one row, to another class."""
    name, given = rows(root, part)[place]
    return edit(name, action, given, another(given) if action == "relabel" else "") | more


def wrote(*lines: Callable[[Path], dict[str, str]] | dict[str, str]) -> Change:
    """Return a change that writes a ledger file of these lines."""

    def change(root: Path) -> None:
        made = [one if isinstance(one, dict) else one(root) for one in lines]
        ledger.append(root / "data/edits/ann-1.csv", made)

    return change


def file(content: str, name: str = "data/edits/ann-1.csv", encoding: str = "utf-8") -> Change:
    def change(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding))

    return change


def mangled(**cells: str) -> Change:
    """Return a change that writes a ledger file as a spreadsheet would save it, with some cells turned into others."""

    def change(root: Path) -> None:
        wrote(line)(root)
        path = root / "data/edits/ann-1.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.assign(**cells).to_csv(path, index=False)

    return change


def stated(path: str, value: object) -> Change:
    """Return a change of one value of params.yaml."""

    def change(root: Path) -> None:
        content: Any = json.loads(json.dumps(params()))
        here, (*parents, last) = content, path.split("/")
        for key in parents:
            here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
        here[last] = value
        (root / "params.yaml").write_text(json.dumps(content))

    return change


def own(source: str, class_name: str = "Mine", section: str = "train/models/logistic", **given: object) -> Change:
    """Return a change that gives a model an estimator file of the user's own."""

    def change(root: Path) -> None:
        (root / "estimators/mine.py").write_text(source)
        recipe = {"estimator": f"estimators/mine.py:{class_name}", "prepare": "none", "params": given or None}
        stated(section, recipe)(root)

    return change


def both(*changes: Change) -> Change:
    def change(root: Path) -> None:
        for one in changes:
            one(root)

    return change


def every_bee_dropped(root: Path) -> None:
    lines = [edit(name, "drop", given) for name, given in rows(root, label="bee")]
    ledger.append(root / "data/edits/ann-1.csv", lines)


def cell_of_another_version(root: Path) -> None:
    path = root / "models/logistic/simulated/fingerprint.json"
    state = read_json(path)
    state["fingerprint"]["seeds"] = "other"
    path.write_text(json.dumps(state))


def one_bit(root: Path) -> None:
    path = root / "models/logistic/given/predictions.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def validation_without_bees(root: Path) -> None:
    path = root / "data/split/validation.parquet"
    frame = read_parquet(path)
    frame["ceteris:label"] = frame["ceteris:label"].where(frame["ceteris:label"] != "bee", "ant")
    frame.to_parquet(path, index=False)


SKLEARN = "import numpy as np\nfrom sklearn.base import BaseEstimator, ClassifierMixin\n\n"
MINE = SKLEARN + (
    "class Mine(ClassifierMixin, BaseEstimator):\n"
    "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n        return self\n"
    "    def predict(self, X):\n        return np.full(len(X), self.classes_[0])\n"
)


def probs(returned: str) -> str:
    return MINE + f"    def predict_proba(self, X):\n        return {returned}\n"


BOMB = "a: &a [x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a, *a]" for n in range(20))

FAULTS = [
    # edits
    Fault(
        "an unknown id",
        wrote(edit("nobody", new="bee")),
        "fix",
        StaleEditError,
        ("data/edits/ann-1.csv line 2", "'nobody' is unknown", "data/edits/"),
    ),
    Fault(
        "a stale given label",
        wrote(lambda root: line(root, given_label=another(another(rows(root)[0][1])))),
        "fix",
        StaleEditError,
        ("data/edits/ann-1.csv line 2", "the edit was made on", "revert these lines"),
    ),
    Fault(
        "a label outside the classes",
        wrote(lambda root: line(root, new_label="beee")),
        "fix",
        StaleEditError,
        ("line 2", "'beee' is none of the classes. Did you mean 'bee'?"),
    ),
    Fault(
        "two answers for one id at one moment",
        wrote(line, lambda root: line(root, reason="again", answer="00000000-0000-4000-8000-000000000001")),
        "fix",
        StaleEditError,
        ("line 3", "ann said of 'row-", "at one moment"),
    ),
    Fault(
        "drop and relabel at one moment",
        wrote(line, lambda root: line(root, "drop")),
        "fix",
        StaleEditError,
        ("line 3", "and drop"),
    ),
    Fault(
        "one answer on two lines",
        wrote(line, lambda root: line(root, "drop", place=1, answer=line(root)["answer"])),
        "fix",
        StaleEditError,
        ("line 3", "stands on two different lines"),
    ),
    Fault(
        "a revert of an unknown answer",
        wrote(edit("", "revert", reverts="nowhere")),
        "fix",
        StaleEditError,
        ("line 2: reverts the unknown answer 'nowhere'",),
    ),
    Fault(
        "an edit of a test row",
        wrote(lambda root: line(root, part="test")),
        "fix",
        SealedTestError,
        ("ann-1.csv line 2", "sealed test part", "release/edits/"),
    ),
    Fault(
        "an edit of a test row, met later",
        wrote(lambda root: line(root, part="test")),
        "compare",
        SealedTestError,
        ("release/edits/",),
    ),
    Fault(
        "a whole class dropped",
        every_bee_dropped,
        "fix",
        StaleEditError,
        ("'reviewed' would hold no row of 'bee'", "fix.recipes.reviewed in params.yaml", "revert"),
    ),
    Fault(
        "every bad line is listed",
        wrote(*[edit(f"nobody {number}", new="bee") for number in range(8)]),
        "fix",
        StaleEditError,
        tuple(f"ann-1.csv line {number + 2}: the id 'nobody {number}'" for number in range(8)),
    ),
    Fault(
        "reviewers who disagree",
        wrote(line, lambda root: line(root, "drop", reviewer="bob", at=LATER)),
        "fix",
        StaleEditError,
        ("ann says relabel", "bob says drop", "fix.conflicts: latest (or majority) in params.yaml"),
    ),
    Fault(
        "reviewers who disagree, evenly, by majority",
        both(stated("fix/conflicts", "majority"), wrote(line, lambda root: line(root, "drop", reviewer="bob", at=LATER))),
        "fix",
        StaleEditError,
        ("Reviewers disagree", "fix.conflicts"),
    ),
    Fault(
        "a validation edit from another source",
        wrote(lambda root: line(root, part="validation")),
        "compare",
        LeakageError,
        ("ann-1.csv line 2", "from 'queue'", "`ceteris queue`"),
    ),
    Fault(
        "a validation row dropped",
        wrote(lambda root: line(root, "drop", "validation", source="disagreement")),
        "compare",
        LeakageError,
        ("drop of", "none may drop a row"),
    ),
    # a spreadsheet was here
    Fault(
        "semicolons", file(HEADER.replace(",", ";") + "\n"), "fix", StaleEditError, ("ann-1.csv line 1", "semicolons", "git")
    ),
    Fault(
        "a date in another form",
        mangled(at="31/01/2026 12:00"),
        "fix",
        StaleEditError,
        ("line 2", "is no ISO date and time", "git checkout data/edits/ann-1.csv"),
    ),
    Fault("a date without a zone", mangled(at="2026-01-31 12:00:00"), "fix", StaleEditError, ("has no time zone",)),
    Fault("an id like 1E5", mangled(id="1E+05"), "fix", StaleEditError, ("the id '1E+05' is unknown",)),
    Fault("an answer like 1E5", mangled(answer="1E+35"), "fix", StaleEditError, ("answer '1E+35' is no uuid",)),
    Fault(
        "an action with a capital",
        mangled(action="Relabel"),
        "fix",
        StaleEditError,
        ("action 'Relabel'. Did you mean 'relabel'?",),
    ),
    Fault(
        "a new label that is a date",
        mangled(new_label="01.02.2026"),
        "fix",
        StaleEditError,
        ("'01.02.2026' is none of the classes",),
    ),
    Fault(
        "a column lost",
        file(HEADER.removesuffix(",reverts") + "\n"),
        "fix",
        StaleEditError,
        ("not the header of an edits file", HEADER),
    ),
    Fault("a ragged line", file(HEADER + "\na,b\n"), "fix", StaleEditError, ("line 2: 2 fields, not 11",)),
    Fault("an open quote", file(HEADER + '\n"a,b\n'), "fix", StaleEditError, ("unexpected end of data",)),
    Fault(
        "another encoding",
        file(HEADER + "\ngrün\n", encoding="cp1252"),
        "fix",
        StaleEditError,
        ("ann-1.csv is not UTF-8", "UTF-8"),
    ),
    # params
    Fault("a YAML bomb", file(BOMB, "params.yaml"), "fix", ParamsError, ("params.yaml line 1", "anchor")),
    Fault(
        "a python tag",
        file("a: !!python/object/apply:os.system ['touch owned']\n", "params.yaml"),
        "fix",
        ParamsError,
        ("params.yaml line 1", "tag"),
    ),
    Fault(
        "an anchor",
        file("split: &s\n  seed: 0\ntrain: *s\n", "params.yaml"),
        "fix",
        ParamsError,
        ("params.yaml line 1", "Write the value out"),
    ),
    Fault(
        "a duplicate key",
        file("split:\n  seed: 0\n  seed: 1\n", "params.yaml"),
        "fix",
        ParamsError,
        ("params.yaml line 3", "duplicate key"),
    ),
    Fault("broken YAML", file("split: [\n", "params.yaml"), "fix", ParamsError, ("not readable as YAML",)),
    Fault("an endless nest", file("[" * 20_000, "params.yaml"), "fix", ParamsError, ("nested more than 50 levels",)),
    Fault(
        "params that are not UTF-8",
        file("report:\n  title: Größe\n", "params.yaml", "cp1252"),
        "fix",
        ParamsError,
        ("params.yaml is not UTF-8",),
    ),
    Fault("empty params", file("", "params.yaml"), "fix", ParamsError, ("not sections", "ingest, validate")),
    Fault(
        "an unknown key",
        stated("train/seed", 3),
        "train",
        ParamsError,
        ("params.yaml: train.seed is not a known key. Did you mean 'seeds'?",),
    ),
    Fault(
        "zero seeds",
        stated("train/seeds", 0),
        "train",
        ParamsError,
        ("params.yaml: train.seeds is 0", "greater than or equal to 1", "Change this line of params.yaml"),
    ),
    Fault("a huge number of seeds", stated("train/seeds", 10**7), "train", ParamsError, ("less than or equal to 1000",)),
    Fault("negative folds", stated("audit/folds", -5), "audit", ParamsError, ("params.yaml: audit.folds is -5", "2")),
    Fault(
        "an unknown metric", stated("compare/metric", "f1"), "compare", ParamsError, ("compare.metric is 'f1'", "'macro_f1'")
    ),
    Fault(
        "a model's name that leaves its folder",
        stated("train/models/..", {"estimator": "x"}),
        "train",
        ParamsError,
        ("'..' names a folder",),
    ),
    Fault(
        "a version's name that leaves its folder",
        stated("fix/recipes", {"given": None, "../../x": None}),
        "fix",
        ParamsError,
        ("'../../x' names a folder",),
    ),
    Fault(
        "a source that leaves the repository",
        stated("ingest/source", "data/source/../../../x.csv"),
        "ingest",
        ParamsError,
        ("ingest.source", "neither 'digits' nor a file below data/source/"),
    ),
    Fault("an absolute source", stated("ingest/source", "/etc/passwd"), "ingest", ParamsError, ("ingest.source", "neither")),
    Fault(
        "a control planned that is not made",
        stated("compare/planned/0/candidate", "placebo-simulated"),
        "compare",
        ParamsError,
        ("'placebo-simulated', which is not made. Did you mean", "compare.planned in params.yaml"),
    ),
    Fault(
        "too many folds for a class",
        stated("audit/folds", 100),
        "audit",
        ParamsError,
        ("audit.folds is 100", "Set audit.folds:", "params.yaml"),
    ),
    # estimators and their probabilities
    Fault(
        "an estimator that is none",
        stated("train/models/ridge/estimator", "sklearn.svm.SVCC"),
        "train",
        ParamsError,
        ("'sklearn.svm.SVCC' names no class. Did you mean 'SVC'?",),
    ),
    Fault(
        "a library that is not there",
        stated("train/models/ridge/estimator", "nowhere.Model"),
        "train",
        ParamsError,
        ("cannot be imported", "estimators/FILE.py:CLASS"),
    ),
    Fault(
        "an unknown parameter",
        stated("train/models/ridge/params", {"alfa": 1}),
        "train",
        ParamsError,
        ("Did you mean 'alpha'?", "`params` of this model"),
    ),
    Fault(
        "a parameter out of range",
        stated("train/models/logistic/params", {"C": -1}),
        "train",
        BadInputError,
        ("The model 'logistic' fails in fit", "'C'", "params.yaml"),
    ),
    Fault(
        "a parameter out of range in the audit",
        stated("audit/model/params", {"C": -1}),
        "audit",
        BadInputError,
        ("The audit model fails in fit", "'C'", "params.yaml"),
    ),
    Fault(
        "an audit model without probabilities",
        stated("audit/model", {"estimator": "sklearn.linear_model.RidgeClassifier"}),
        "audit",
        ParamsError,
        ("gives no probabilities", "audit.model"),
    ),
    Fault(
        "an own file with a syntax error",
        own("class Mine(\n"),
        "train",
        ParamsError,
        ("estimators/mine.py fails when it is loaded: SyntaxError", "Mend the file"),
    ),
    Fault("an own file that fails", own("1 / 0\n"), "train", ParamsError, ("ZeroDivisionError",)),
    Fault("an own file without the class", own(MINE, "Yours"), "train", ParamsError, ("names no class", "'Mine'")),
    Fault(
        "an own file outside estimators",
        stated("train/models/ridge/estimator", "src/x.py:Mine"),
        "train",
        ParamsError,
        ("no Python file below estimators/",),
    ),
    Fault(
        "an own class that cannot be cloned",
        own("class Mine:\n    fit = predict = print\n"),
        "train",
        ParamsError,
        ("has no get_params", "sklearn.base.BaseEstimator"),
    ),
    Fault(
        "NaN probabilities",
        own(probs("np.full((len(X), 3), np.nan)"), section="audit/model"),
        "audit",
        BadInputError,
        ("NaN", "predict_proba"),
    ),
    Fault(
        "probabilities that do not sum to 1",
        own(probs("np.ones((len(X), 3))"), section="audit/model"),
        "audit",
        BadInputError,
        ("no distribution over the classes",),
    ),
    Fault(
        "probabilities of too few classes",
        own(probs("np.ones((len(X), 2)) / 2"), section="audit/model"),
        "audit",
        BadInputError,
        ("shape",),
    ),
    Fault(
        "probabilities in an order of their own",
        own(probs("np.ones((len(X), 3)) / 3").replace("= np.unique(y)", '= ["cow", "bee", "ant"]'), section="audit/model"),
        "audit",
        BadInputError,
        ("classes_ 'cow', 'bee', 'ant'", "label codes 0 to 2", "np.unique(y)"),
    ),
    Fault(
        "NaN probabilities of a model",
        own(probs("np.full((len(X), 3), np.nan)")),
        "train",
        BadInputError,
        ("The model 'logistic'", "NaN"),
    ),
    # what was made no longer fits
    Fault("a cell with one bit changed", one_bit, "compare", IntegrityError, ("logistic/given", "dvc repro train --force")),
    Fault(
        "a cell of other seeds",
        cell_of_another_version,
        "compare",
        NotHeldFixedError,
        ("logistic/given and logistic/simulated", "the seeds moved too", "dvc repro"),
    ),
    Fault(
        "a class absent from validation",
        validation_without_bees,
        "compare",
        BadInputError,
        ("given label 'bee'", "split.validation in params.yaml"),
    ),
]
