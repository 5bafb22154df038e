"""The server against its own OpenAPI document: whatever schemathesis sends, it finds nothing. CETERIS_LONG=1 sends more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from packages import flowers
from schemathesis.generation import GenerationMode

from ceteris.serving.app import make_app
from ceteris.serving.log_file import read_inferences, read_refusals
from ceteris.serving.packaged import open_package
from ceteris.serving.settings import Serve
from ceteris.serving.writer import Writer

MOST = 2000 if os.environ.get("CETERIS_LONG") else 40


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("openapi") / "log.sqlite"


@pytest.fixture(scope="module")
def described(log: Path) -> Iterator[Any]:
    package = open_package(flowers(log.with_name("model")))
    chosen = Serve(rows_limit=20, queue=1000)
    writer = Writer(log, chosen.queue)
    yield schemathesis.openapi.from_asgi("/openapi.json", make_app(package, chosen, writer))
    writer.close()


POSTS, GETS = ("/predict", "/labels", "/outcomes"), ("/health", "/ready", "/metrics")


@pytest.mark.parametrize(
    ("path", "mode"),
    [(path, mode) for path in POSTS for mode in GenerationMode] + [(path, GenerationMode.POSITIVE) for path in GETS],
)
def test_nothing_that_is_sent_is_answered_otherwise_than_the_document_says(
    described: Any, path: str, mode: GenerationMode
) -> None:
    operation = described[path]["POST" if path in POSTS else "GET"]

    @settings(max_examples=MOST)
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: schemathesis.Case) -> None:
        case.call_and_validate()

    asked()


def test_the_paths_that_are_tried_are_all_that_there_are(described: Any) -> None:
    assert set(described) == {*POSTS, *GETS}


def test_what_schemathesis_sent_was_answered_and_refused_and_logged(log: Path) -> None:
    assert len(read_inferences(log)) > 10
    assert {409, 415, 422} & set(read_refusals(log)["status"])
    assert not (read_refusals(log)["status"] >= 500).any()
