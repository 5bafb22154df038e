"""A packaged model behind HTTP: an answer is what the model says and is in the log; a refusal is a sentence and is logged."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packages import digits, flowers, prices, write_package
from starlette.testclient import TestClient

from ceteris.errors import ParamsError
from ceteris.serving.app import make_app, refuse_redacted
from ceteris.serving.log_file import (
    read_dropped,
    read_inferences,
    read_labels,
    read_outcomes,
    read_refusals,
)
from ceteris.serving.packaged import Packaged, open_package
from ceteris.serving.settings import Serve
from ceteris.serving.writer import Writer

JSON = {"content-type": "application/json"}
ROW = {
    "ceteris:id": "a", "petal length (cm)": 1.0, "größe": None, "id": 0.3, "colour": "red", "seen": "2020-01-01T12:00:00+02:00",
}  # fmt: skip
Served = Callable[..., Any]


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return open_package(flowers(tmp_path_factory.mktemp("package") / "model"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@contextmanager
def client(packaged: Packaged, log: Path, token: str | None = None, **settings: Any) -> Iterator[TestClient]:
    """A served package; when it ends, all is in the log."""
    chosen = Serve(**{"patience": 0.1, **settings})
    writer = Writer(log, chosen.queue, patience=chosen.patience)
    try:
        with TestClient(make_app(packaged, chosen, writer, token), raise_server_exceptions=False) as asked:
            yield asked
    finally:
        writer.close()


@contextmanager
def locked(log: Path) -> Iterator[None]:
    other = sqlite3.connect(log, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def rows(*ids: str) -> dict[str, Any]:
    return {"rows": [{**ROW, "ceteris:id": one} for one in ids]}


def test_an_answer_is_what_the_model_says_and_stands_in_the_log(packaged: Packaged, log: Path) -> None:
    with client(packaged, log) as asked:
        answer = asked.post("/predict", json=rows("a", "b")).json()
        logged = read_inferences(log)  # the answer came after its lines
    inputs = [{name: value for name, value in ROW.items() if name != "ceteris:id"} | {"seen": 1577872800.0}] * 2
    assert [json.loads(one) for one in logged["inputs"]] == inputs
    from ceteris.serving.schema import frame_of

    labels, pred_probs = packaged.predict(frame_of(inputs, packaged.schema))
    assert pred_probs is not None
    assert [one["id"] for one in answer["predictions"]] == logged["row_id"].tolist() == ["a", "b"]
    assert [one["label"] for one in answer["predictions"]] == logged["label"].tolist() == labels.tolist()
    classes = ("setosa", "versicolor", "virginica")
    shares = [dict(zip(classes, one, strict=True)) for one in pred_probs]
    assert [one["probabilities"] for one in answer["predictions"]] == shares
    assert [json.loads(one) for one in logged["probabilities"]] == pred_probs.tolist()
    assert set(logged["request_id"]) == {answer["request_id"]}
    assert set(logged["model"]) == {packaged.fingerprint} and set(logged["schema"]) == {packaged.schema.fingerprint}
    assert (logged["latency_ms"] > 0).all()


def test_a_batch_says_what_its_rows_say_one_by_one(tmp_path: Path, log: Path) -> None:
    packaged = open_package(digits(tmp_path / "model"))
    names = [one.name for one in packaged.schema.features]
    sent = packaged.reference()[names].iloc[:50].to_dict("records")
    with client(packaged, log) as asked:
        batch = asked.post("/predict", json={"rows": [{"id": str(place), **row} for place, row in enumerate(sent)]}).json()
        alone = [asked.post("/predict", json={"rows": [{"id": str(place), **row}]}).json() for place, row in enumerate(sent)]
    assert [one["predictions"][0]["label"] for one in alone] == [one["label"] for one in batch["predictions"]]
    for one, other in zip(alone, batch["predictions"], strict=True):
        assert one["predictions"][0]["probabilities"] == pytest.approx(other["probabilities"], abs=1e-12)


def test_a_model_of_numbers_answers_numbers_and_one_without_probabilities_none(tmp_path: Path, log: Path) -> None:
    with client(open_package(prices(tmp_path / "prices")), log) as asked:
        (one,) = asked.post("/predict", json={"rows": [{"id": "a", "area": 100, "rooms": 3}]}).json()["predictions"]
        assert one["label"] == pytest.approx(300, abs=5) and one["probabilities"] is None
        assert asked.post("/labels", json={"labels": [{"id": "a", "label": 310}]}).json()["added"] == 1
    assert float(read_inferences(log)["label"][0]) == one["label"]
    assert read_labels(log)["label"].tolist() == ["310.0"]
    with client(open_package(digits(tmp_path / "svc", estimator="sklearn.svm.SVC")), log.with_name("svc.sqlite")) as asked:
        sent = {"id": "a", **{f"pixel_{place:02}": 0 for place in range(64)}}
        (one,) = asked.post("/predict", json={"rows": [sent]}).json()["predictions"]
    assert one["probabilities"] is None and one["label"] in "0123456789"


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", JSON, 400, "not readable as JSON"),
        (b'{"rows": [{"id": NaN}]}', JSON, 422, "no finite numbers"),
        (b"[" * 100_000, JSON, 400, "recursion limit"),
        (b"{}", {"content-type": "text/plain"}, 415, "Content-Type: application/json"),
        (b"{}", {}, 415, "Content-Type: application/json"),
        (b'{"rows": [' + b"0," * 1_000_000 + b"0]}", JSON, 413, "more than 1,048,576 bytes"),
        (json.dumps(rows("a", "b", "a")).encode(), JSON, 409, "Rows 1 and 3 have one id"),
        (json.dumps(rows(*map(str, range(9)))).encode(), JSON, 422, "more than 8 rows"),
    ],
)
def test_a_bad_request_is_a_sentence_in_json_and_in_the_log(
    packaged: Packaged, log: Path, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    with client(packaged, log, body_limit=1, rows_limit=8) as asked:
        answer = asked.post("/predict", content=body, headers=headers)
        logged = read_refusals(log)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert logged[["request_id", "status", "reason"]].to_numpy().tolist() == [
        [answer.json()["request_id"], status, answer.json()["error"]]
    ]
    assert read_inferences(log).empty


def test_another_path_or_method_is_refused_in_json(packaged: Packaged, log: Path) -> None:
    with client(packaged, log) as asked:
        lost, other = asked.get("/nowhere"), asked.get("/predict")
    assert (lost.status_code, other.status_code, other.headers["allow"]) == (404, 405, "POST")
    assert "'/predict'" in lost.json()["error"]
    assert read_refusals(log)["status"].tolist() == [404, 405]


def test_a_body_that_tells_no_length_is_cut_off_at_the_limit(packaged: Packaged, log: Path) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            sent.append(1)
            yield b" " * 100_000

    with client(packaged, log, body_limit=1) as asked:
        assert asked.post("/predict", content=endless(), headers=JSON).status_code == 413


def test_redacted_features_are_nowhere_in_the_log(packaged: Packaged, log: Path) -> None:
    with client(packaged, log, redact=("colour", "id")) as asked:
        assert asked.post("/predict", json={"rows": [{**ROW, "colour": "scarlet"}]}).status_code == 200
        assert asked.post("/predict", json={"rows": [{**ROW, "colour": "scarlet", "größe": "scarlet"}]}).status_code == 422
    assert set(json.loads(read_inferences(log)["inputs"][0])) == {"petal length (cm)", "größe", "seen"}
    files = [path.read_bytes() for path in log.parent.iterdir() if path.is_file()]
    assert files and not any(b"scarlet" in content for content in files)


def test_a_redacted_feature_that_is_none_is_refused_with_the_nearest(packaged: Packaged) -> None:
    with pytest.raises(ParamsError, match=r"serve\.redact names 'color', .* Did you mean 'colour'"):
        refuse_redacted(packaged, Serve(redact=("color",)))


def test_with_a_token_nothing_is_told_without_it(packaged: Packaged, log: Path) -> None:
    token = "a token of some length"
    with client(packaged, log, token) as asked:
        for path in ("/predict", "/labels", "/outcomes"):
            assert asked.post(path, json=rows("a")).status_code == 401
        for given in ("Bearer wrong", f"Basic {token}", f"Bearer {token} ", "Bearer ", "Bearer ü"):
            answer = asked.post("/predict", json=rows("a"), headers={"authorization": given.encode()})
            assert answer.status_code == (200 if given.strip() == f"Bearer {token}" else 401), given
        assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/metrics", "/openapi.json"):
            assert asked.get(path).status_code == 401
            assert asked.get(path, headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert asked.get("/health").status_code == 200
    assert len(read_inferences(log)) == 1
    assert token not in read_refusals(log)["reason"].str.cat()


def test_late_labels_and_outcomes_are_joined_by_id_and_unknown_ids_are_told(packaged: Packaged, log: Path) -> None:
    labels = {"labels": [{"id": "a", "label": "setosa"}, {"id": "nobody", "label": "setosa"}], "who": "Ada"}
    with client(packaged, log) as asked:
        asked.post("/predict", json=rows("a"))
        first, again = (asked.post("/labels", json=labels).json() for _ in range(2))
        outcomes = [{"id": one, "metric": "euro", "value": -2} for one in ("a", "nobody")]
        outcome = asked.post("/outcomes", json={"outcomes": outcomes}).json()
        both = asked.post("/labels", json={"labels": [{"id": "a", "label": "setosa"}, {"id": "a", "label": "virginica"}]})
    assert (first["added"], first["unknown"], again["added"]) == (1, ["nobody"], 0)
    assert read_labels(log)[["row_id", "label", "who", "source"]].to_numpy().tolist() == [["a", "setosa", "Ada", "late"]]
    assert (outcome["added"], outcome["unknown"]) == (1, ["nobody"])
    assert read_outcomes(log)[["row_id", "metric", "value"]].to_numpy().tolist() == [["a", "euro", -2.0]]
    assert both.status_code == 409


def test_what_could_not_be_logged_is_told_and_leaves_no_error_that_nobody_took(
    packaged: Packaged, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with client(packaged, log, patience=0.1) as asked, locked(log):
        assert asked.post("/predict", json={}).status_code == 422  # its line in the log cannot be written
        assert asked.get("/ready").status_code == 503
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_where_the_queue_is_full_refuse_answers_503_and_says_when_to_come_again(packaged: Packaged, log: Path) -> None:
    with client(packaged, log, rows_limit=4, queue=4) as asked:
        with locked(log):
            full = asked.post("/predict", json=rows("a"))
        assert (full.status_code, full.headers["retry-after"]) == (503, "5")
        assert "is locked" in full.json()["error"]
        assert asked.get("/ready").status_code == 200  # it tries again
        assert asked.post("/predict", json=rows("b")).status_code == 200
        counted = asked.get("/metrics").text
    assert read_inferences(log)["row_id"].tolist() == ["b"]
    assert 'ceteris_unlogged_total{what="rows"} 1.0' in counted
    assert 'ceteris_requests_total{path="/predict",status="503"} 1.0' in counted


def test_refuse_asks_no_model_of_rows_that_could_not_be_logged(packaged: Packaged, log: Path) -> None:
    chosen = Serve(rows_limit=2, queue=2)
    writer = Writer(log, chosen.queue)
    with TestClient(make_app(packaged, chosen, writer)) as asked:
        assert writer.reserve(1)
        answer = asked.post("/predict", json=rows("a", "b"))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        writer.release(1)
        while writer.waiting:  # the line of what was refused
            pass
        assert asked.post("/predict", json=rows("a", "b")).status_code == 200
    writer.close()


def test_drop_answers_what_it_cannot_log_and_counts_it(packaged: Packaged, log: Path) -> None:
    chosen = Serve(rows_limit=2, queue=2, overflow="drop", patience=0.05)
    writer = Writer(log, chosen.queue, patience=chosen.patience)
    with TestClient(make_app(packaged, chosen, writer)) as asked:
        assert writer.reserve(1)
        assert asked.post("/predict", json=rows("a", "b")).status_code == 200  # no room
        writer.release(1)
        with locked(log):
            assert asked.post("/predict", json=rows("c")).status_code == 200  # room, and a log that cannot be written
            while writer.waiting:
                pass
        assert asked.post("/predict", json=rows("d")).status_code == 200
        counted = asked.get("/metrics").text
    writer.close()
    assert "ceteris_dropped_rows_total 3.0" in counted
    assert read_dropped(log)["rows"].sum() == 3
    assert read_inferences(log)["row_id"].tolist() == ["d"]


def test_a_model_that_fails_or_has_no_finite_answer_is_no_traceback(tmp_path: Path, log: Path) -> None:
    forest = open_package(digits(tmp_path / "forest", estimator="sklearn.ensemble.RandomForestClassifier", prepare="scaled"))
    sent = {f"pixel_{place:02}": 3.3e38 for place in range(64)}
    with client(forest, log) as asked:
        answer = asked.post("/predict", json={"rows": [{"id": "a", **sent}]})
        assert answer.status_code == 422
        assert answer.json()["error"] == "The model could not predict these rows (ValueError)."
        assert "ceteris_log_queue_rows 0.0\n" in asked.get("/metrics").text  # its room was given back
        assert asked.post("/predict", json={"rows": [{"id": "a", **dict.fromkeys(sent, 1)}]}).status_code == 200
    features = open_package(tmp_path / "forest").reference()[["pixel_20", "pixel_21"]]
    target = features["pixel_20"].to_numpy() * 1e300
    from ceteris.sections import ModelRecipe

    steep = write_package(tmp_path / "steep", features, target, (), ModelRecipe(estimator="sklearn.linear_model.Ridge"))
    with client(open_package(steep), log) as asked:
        many = [{"id": "a", "pixel_20": 1, "pixel_21": 1}, {"id": "b", "pixel_20": 1e38, "pixel_21": 1}]
        answer = asked.post("/predict", json={"rows": many})
    assert (answer.status_code, answer.json()["error"][:5]) == (422, "Row 2")


def test_the_counters_say_what_was_asked_and_answered(packaged: Packaged, log: Path) -> None:
    with client(packaged, log) as asked:
        asked.post("/predict", json=rows("a", "b", "c"))
        asked.post("/predict", content=b"{}", headers=JSON)
        asked.get("/nowhere")
        counted = asked.get("/metrics").text
    for line in (
        'ceteris_requests_total{path="/predict",status="200"} 1.0',
        'ceteris_requests_total{path="/predict",status="422"} 1.0',
        'ceteris_requests_total{path="other",status="404"} 1.0',
        "ceteris_rows_total 3.0",
        "ceteris_predict_seconds_count 1.0",
        "ceteris_log_queue_rows 0.0",
        "ceteris_dropped_rows_total 0.0",
        f'ceteris_model{{fingerprint="{packaged.fingerprint}"}} 1.0',
    ):
        assert f"{line}\n" in counted, line


def test_no_more_requests_are_at_work_than_may_be(packaged: Packaged, log: Path) -> None:
    import anyio
    import httpx

    chosen = Serve(connections=2)
    writer = Writer(log, chosen.queue)
    app = make_app(packaged, chosen, writer)

    async def crowd() -> list[int]:
        found: list[int] = []
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as asking:

            async def one(name: str) -> None:
                found.append((await asking.post("/predict", json=rows(name))).status_code)

            async with anyio.create_task_group() as group:
                for place in range(6):
                    group.start_soon(one, str(place))
        return found

    found = anyio.run(crowd)
    assert sorted(set(found)) == [200, 503] and found.count(200) >= 2
    writer.close()


def test_numbers_are_read_as_they_were_sent(tmp_path: Path, log: Path) -> None:
    packaged = open_package(digits(tmp_path / "model"))
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=64) * 10.0 ** rng.integers(-9, 9, 64)
    sent = {f"pixel_{place:02}": float(number) for place, number in enumerate(drawn)}
    with client(packaged, log) as asked:
        asked.post("/predict", json={"rows": [{"id": "a", **sent}]})
    assert json.loads(read_inferences(log)["inputs"][0]) == sent
