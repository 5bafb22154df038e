"""The loop of examples/loop: where the other writer begins decides which window alarms, and without one nothing is promoted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import REPOSITORY

from ceteris.dataset import ID, LABEL, PART
from ceteris.monitoring.settings import Monitor
from ceteris.monitoring.watched import PREDICTED, PROBABILITY, watch
from ceteris.monitoring.windows import COLUMNS, window_of
from ceteris.serving.schema import schema_of
from ceteris.store import read_yaml

WINDOW = 200


@pytest.fixture(scope="module")
def example() -> Iterator[Path]:
    """The folder of the example, from which its files can be imported."""
    folder = REPOSITORY / "examples/loop"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def settings(example: Path, rows: int, starts: int | None) -> dict[str, Any]:
    found = read_yaml(example / "loop.yaml")
    return found | {"stream": found["stream"] | {"rows": rows}, "drift": found["drift"] | {"starts": starts}}


@pytest.fixture(scope="module")
def alarms(example: Path) -> Callable[[int | None], list[bool]]:
    """Which windows of a stream alarm, by where its drift starts; the model and its reference are made once."""
    import stream

    known = stream.known_digits(0).sample(frac=1, random_state=0).reset_index(drop=True)
    features, classes = known[stream.PIXELS], tuple("0123456789")
    train = np.arange(len(known)) < 600
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    model.fit(features[train], known["label"][train])
    schema, pred_probs = schema_of(features, classes), model.predict_proba(features)
    reference = known.rename(columns={"id": ID, "label": LABEL}).assign(**{PART: np.where(train, "train", "validation")})
    said = np.where(train, None, np.array(classes, dtype=object)[pred_probs.argmax(axis=1)])
    columns = {f"{PROBABILITY}{name}": np.where(train, np.nan, pred_probs[:, place]) for place, name in enumerate(classes)}
    reference = reference.assign(**{PREDICTED: pd.Series(said, dtype=object), **columns})

    def found(starts: int | None) -> list[bool]:
        rows = stream.stream(settings(example, 600, starts))
        probabilities = model.predict_proba(rows[stream.PIXELS])
        lines = pd.DataFrame(
            {
                "seq": np.arange(1, len(rows) + 1), "at": np.arange(len(rows), dtype=float), "row_id": rows["id"], "model": "m",
                "schema": schema.fingerprint, "inputs": [json.dumps(row) for row in rows[stream.PIXELS].to_dict("records")],
                "label": np.array(classes, dtype=object)[probabilities.argmax(axis=1)],
                "probabilities": [json.dumps(list(row)) for row in probabilities], "latency_ms": 1.0,
                "true": pd.Series([None] * len(rows), dtype=object), "asked": "", "pi": 1.0, "outcomes": "",
            }
        ).astype(dict.fromkeys(("row_id", "inputs", "label", "probabilities", "asked", "outcomes"), object))  # fmt: skip
        parts = [lines.iloc[start : start + WINDOW][list(COLUMNS)] for start in range(0, len(lines), WINDOW)]
        results = [watch(window_of(part.reset_index(drop=True), schema), reference, schema, Monitor()) for part in parts]
        return [bool(one["alarm"]) for one in results]

    return found


@pytest.mark.parametrize(
    ("starts", "expected"),
    [(0, [True, True, True]), (200, [False, True, True]), (400, [False, False, True]), (None, [False, False, False])],
)
def test_the_first_window_of_the_other_writer_is_the_first_that_alarms(
    alarms: Callable[[int | None], list[bool]], starts: int | None, expected: list[bool]
) -> None:
    assert alarms(starts) == expected


def test_without_drift_labels_come_back_and_nothing_is_promoted(example: Path, tmp_path: Path) -> None:
    import loop

    done = loop.run(tmp_path / "project", settings(example, 400, None))
    assert [window["alarm"] for window in done.windows] == [False, False]
    assert done.retrained is not None and done.retrained["promoted"].startswith("no")
    assert (
        len((done.root / "release/looks.csv").read_text(encoding="utf-8").splitlines()) == 2
    )  # the header, and the first look
    shown = json.loads((done.root / "release/model/manifest.json").read_text(encoding="utf-8"))
    assert shown["cell"] == loop.SERVED


def test_the_other_writers_digits_are_new_and_the_truth_of_every_row_is_known(example: Path) -> None:
    import stream

    rows = stream.stream(settings(example, 600, 200))
    assert rows["drifted"].tolist() == [False] * 200 + [True] * 400
    assert not rows.duplicated(stream.PIXELS).any() and rows["id"].is_unique
    assert not set(map(tuple, rows[stream.PIXELS].to_numpy())) & set(
        map(tuple, stream.known_digits(0)[stream.PIXELS].to_numpy())
    )
    said = stream.with_errors(rows["label"], 0.05, 0)
    assert (said != rows["label"]).sum() == 30


def test_the_page_holds_every_word_that_a_command_said_in_lines_of_the_width_of_a_page(example: Path) -> None:
    import loop
    import page

    said = "Accepted: it moved\n  " + "not asked: the gap between the best and the worst group " * 5
    lines = page._commands(loop.Loop(Path("nowhere"), told=[("ceteris accept", said)]))
    assert " ".join(" ".join(lines).split()) == f"``` $ ceteris accept {' '.join(said.split())} ```"
    assert max(map(len, lines)) <= 120
