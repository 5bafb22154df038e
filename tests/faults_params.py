"""Bad params, paths, estimators and cells: what is done to a repository, and the words of the refusal."""

from __future__ import annotations

import json
from pathlib import Path

from faults_stages import Change, Fault, file, stated
from small import REPOSITORY

from ceteris.errors import BadInputError, IntegrityError, NotHeldFixedError, ParamsError
from ceteris.store import read_json, read_parquet

__all__ = ["BOMB", "FAULTS", "MINE", "own"]

BOMB = "a: &a [x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a, *a]" for n in range(20))
SKLEARN = "import sys\nimport numpy as np\nfrom sklearn.base import BaseEstimator, ClassifierMixin\n\n"
MINE = SKLEARN + (
    "class Mine(ClassifierMixin, BaseEstimator):\n"
    "    def fit(self, X, y):\n        self.classes_ = np.unique(y)\n        return self\n"
    "    def predict(self, X):\n        return np.full(len(X), self.classes_[0])\n"
)


def params(name: str, stage: str, change: Change, *words: str) -> Fault:
    """Return a fault that is refused as a line of params.yaml."""
    return Fault(name, change, stage, ParamsError, words)


def bad(name: str, stage: str, change: Change, *words: str) -> Fault:
    """Return a fault that is refused as input which cannot be trusted."""
    return Fault(name, change, stage, BadInputError, words)


def own(source: str, class_name: str = "Mine", section: str = "train/models/logistic", **given: object) -> Change:
    """Return a change that gives a model an estimator file of the user's own."""

    def change(root: Path) -> None:
        (root / "estimators/mine.py").write_text(source)
        recipe = {"estimator": f"estimators/mine.py:{class_name}", "prepare": "none", "params": given or None}
        stated(section, recipe)(root)

    return change


def probs(returned: str) -> str:
    """Return an estimator that gives these probabilities."""
    return MINE + f"    def predict_proba(self, X):\n        return {returned}\n"


def placed(path: str) -> Change:
    """Return a change of dvc.yaml: models/ is to stand somewhere else."""

    def change(root: Path) -> None:
        text = (REPOSITORY / "dvc.yaml").read_text(encoding="utf-8")
        moved = text.replace("models: models\n", f"models: {path}\n")
        assert moved != text
        (root / "dvc.yaml").write_text(moved, encoding="utf-8")

    return change


def models_behind_a_link(root: Path) -> None:
    (root / "models").rename(root.parent / "elsewhere")
    (root / "models").symlink_to(root.parent / "elsewhere")


def cell_of_other_seeds(root: Path) -> None:
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


FAULTS = [
    params("a YAML bomb", "fix", file(BOMB, "params.yaml"), "params.yaml line 1", "anchor"),
    params(
        "a python tag",
        "fix",
        file("a: !!python/object/apply:os.system ['touch owned']\n", "params.yaml"),
        "params.yaml line 1",
        "tag",
    ),
    params("an anchor", "fix", file("split: &s\n  seed: 0\ntrain: *s\n", "params.yaml"), "line 1", "Write the value out"),
    params("a duplicate key", "fix", file("split:\n  seed: 0\n  seed: 1\n", "params.yaml"), "line 3", "duplicate key"),
    params("broken YAML", "fix", file("split: [\n", "params.yaml"), "not readable as YAML"),
    params("an endless nest", "fix", file("[" * 20_000, "params.yaml"), "nested more than 50 levels"),
    params(
        "params that are not UTF-8",
        "fix",
        file("report:\n  title: Größe\n", "params.yaml", "cp1252"),
        "params.yaml is not UTF-8",
    ),
    params("empty params", "fix", file("", "params.yaml"), "not sections", "ingest, validate"),
    params(
        "an unknown key", "train", stated("train/seed", 3), "params.yaml: train.seed is not a known key. Did you mean 'seeds'?"
    ),
    params(
        "zero seeds",
        "train",
        stated("train/seeds", 0),
        "params.yaml: train.seeds is 0",
        "greater than or equal to 1",
        "Change this line of params.yaml",
    ),
    params("a huge number of seeds", "train", stated("train/seeds", 10**7), "less than or equal to 1000"),
    params("negative folds", "audit", stated("audit/folds", -5), "params.yaml: audit.folds is -5", "2"),
    params("an unknown metric", "compare", stated("compare/metric", "f1"), "compare.metric is 'f1'", "'macro_f1'"),
    params(
        "a control planned that is not made",
        "compare",
        stated("compare/planned/0/candidate", "placebo-simulated"),
        "'placebo-simulated', which is not made. Did you mean",
        "compare.planned in params.yaml",
    ),
    params(
        "too many folds for a class",
        "audit",
        stated("audit/folds", 100),
        "audit.folds is 100",
        "'ant (",
        "Set audit.folds:",
        "params.yaml",
    ),
    # paths
    params("a model's name that leaves its folder", "train", stated("train/models/..", {"estimator": "x"}), "'..' names a"),
    params(
        "a version's name that leaves its folder",
        "fix",
        stated("fix/recipes", {"given": None, "../../x": None}),
        "'../../x' names a folder",
    ),
    params(
        "a source that leaves the repository",
        "ingest",
        stated("ingest/source", "data/source/../../../x.csv"),
        "ingest.source",
        "neither 'digits' nor a file below data/source/",
    ),
    params("an absolute source", "ingest", stated("ingest/source", "/etc/passwd"), "ingest.source", "neither"),
    params(
        "a path of dvc.yaml that leaves the repository",
        "train",
        placed("../elsewhere"),
        "models is '../elsewhere', which lies outside the repository",
    ),
    params("a path of dvc.yaml behind a link", "train", models_behind_a_link, "models is 'models', which lies outside"),
    # estimators and their probabilities
    params(
        "an estimator that is none",
        "train",
        stated("train/models/ridge/estimator", "sklearn.svm.SVCC"),
        "'sklearn.svm.SVCC' names no class. Did you mean 'SVC'?",
    ),
    params(
        "a library that is not there",
        "train",
        stated("train/models/ridge/estimator", "nowhere.Model"),
        "cannot be imported",
        "estimators/FILE.py:CLASS",
    ),
    params(
        "an unknown parameter",
        "train",
        stated("train/models/ridge/params", {"alfa": 1}),
        "Did you mean 'alpha'?",
        "`params` of this model",
    ),
    bad(
        "a parameter out of range",
        "train",
        stated("train/models/logistic/params", {"C": -1}),
        "The model 'logistic' fails in fit",
        "'C'",
        "params.yaml",
    ),
    bad(
        "a parameter out of range in the audit",
        "audit",
        stated("audit/model/params", {"C": -1}),
        "The audit model fails in fit",
        "'C'",
        "params.yaml",
    ),
    params(
        "an audit model without probabilities",
        "audit",
        stated("audit/model", {"estimator": "sklearn.linear_model.RidgeClassifier"}),
        "gives no probabilities",
        "audit.model",
    ),
    params(
        "an own file with a syntax error",
        "train",
        own("class Mine(\n"),
        "estimators/mine.py fails when it is loaded: SyntaxError",
        "Mend the file",
    ),
    params("an own file that fails", "train", own("1 / 0\n"), "ZeroDivisionError"),
    params("an own file that exits", "train", own("import sys\nsys.exit('bye')\n"), "mine.py fails", "SystemExit: bye"),
    params("an own file without the class", "train", own(MINE, "Yours"), "names no class", "'Mine'"),
    params(
        "an own file outside estimators",
        "train",
        stated("train/models/ridge/estimator", "src/x.py:Mine"),
        "no Python file below estimators/",
    ),
    params(
        "a regressor",
        "train",
        stated("train/models/ridge/estimator", "sklearn.linear_model.Ridge"),
        "sklearn.linear_model.Ridge is no classifier: its tag says 'regressor'",
        "`estimator` of this model",
    ),
    params(
        "a regressor among the models, before the audit fits anything",
        "audit",
        stated("train/models/ridge/estimator", "sklearn.linear_model.Ridge"),
        "sklearn.linear_model.Ridge is no classifier: its tag says 'regressor'",
    ),
    params(
        "a clusterer as the audit model",
        "audit",
        stated("audit/model", {"estimator": "sklearn.cluster.KMeans"}),
        "is no classifier: its tag says 'clusterer'",
    ),
    bad(
        "an own class that keeps what no file can hold",
        "train",
        own(MINE.replace("return self", "self.rows_ = (row for row in X)\n        return self")),
        "The model 'logistic' cannot be kept as a file: Mine.rows_ holds a generator",
        "open files in the method",
    ),
    bad(
        "an own class that keeps a lambda",
        "train",
        own(MINE.replace("return self", "self.rule_ = lambda x: x\n        return self")),
        "The model 'logistic' cannot be kept as a file: Mine.rule_ holds a function",
        "write `def` for a lambda",
    ),
    params(
        "an own class that cannot be cloned",
        "train",
        own("class Mine:\n    fit = predict = print\n"),
        "has no get_params",
        "sklearn.base.BaseEstimator",
    ),
    bad(
        "NaN probabilities", "audit", own(probs("np.full((len(X), 3), np.nan)"), section="audit/model"), "NaN", "predict_proba"
    ),
    bad(
        "probabilities that do not sum to 1",
        "audit",
        own(probs("np.ones((len(X), 3))"), section="audit/model"),
        "no distribution over the classes",
    ),
    bad("probabilities of too few classes", "audit", own(probs("np.ones((len(X), 2)) / 2"), section="audit/model"), "shape"),
    bad(
        "probabilities in an order of their own",
        "audit",
        own(probs("np.ones((len(X), 3)) / 3").replace("= np.unique(y)", '= ["cow", "bee", "ant"]'), section="audit/model"),
        "classes_ 'cow', 'bee', 'ant'",
        "label codes 0 to 2",
        "np.unique(y)",
    ),
    bad("NaN probabilities of a model", "train", own(probs("np.full((len(X), 3), np.nan)")), "The model 'logistic'", "NaN"),
    bad(
        "probabilities that exit",
        "train",
        own(probs("sys.exit(3)")),
        "The model 'logistic' fails in predict_proba",
        "SystemExit",
    ),
    # what was made no longer fits
    Fault("a cell with one bit changed", one_bit, "compare", IntegrityError, ("logistic/given", "dvc repro train --force")),
    Fault(
        "a cell of other seeds",
        cell_of_other_seeds,
        "compare",
        NotHeldFixedError,
        ("logistic/given and logistic/simulated", "the seeds moved too", "dvc repro"),
    ),
    bad(
        "a class absent from validation",
        "compare",
        validation_without_bees,
        "given label 'bee'",
        "split.validation in params.yaml",
    ),
]
