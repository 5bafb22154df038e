"""Sentences from reviews of films, each rated by 15 people or more: the noise of real people, not one that was planted."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, CeterisError
from ceteris.examples import Source, rows_told

__all__ = ["source", "table"]

_FILE, _RATERS, _ALL = "movie-reviews.csv", 5, 10_000
_RELEASE = "vaderSentiment==3.3.2"
_ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
_INSIDE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_TEXTS, _RATINGS = (f"hutto_ICWSM_2014/movieReviewSnippets_{what}.txt" for what in ("GroundTruth", "anonDataRatings"))
_BY_HAND = f"pip download --no-deps --no-binary :all: {_RELEASE}"


def source(rows: int | None = None) -> Source:
    """Return sentences with what the first raters said of each, and the sign of what all others said in the mean.

    They stand in the source archive of the package vaderSentiment (Hutto & Gilbert 2014; MIT), which pip installs no part of.
    """
    asked = rows_told(rows, 4000, _ALL)
    told = table(_archive()).head(asked)
    told.insert(2, "label", told[[f"rater_{k}" for k in range(1, 6)]].apply(lambda r: next(v for v in r if v), axis=1))

    def write(folder: Path) -> None:
        told.to_csv(folder / _FILE, index=False)

    options = {"id": "sentence", "true_label": "others", "kinds": {"text": "text"}, "drop": tuple(f"rater_{k}" for k in range(1, 6))}
    return Source(_FILE, write, "label", options, {("train", "seeds"): 5})


def table(archive: bytes) -> pd.DataFrame:
    """Return the sentences that the archive holds.

    Returns
    -------
    DataFrame
        `sentence`, `text`; `rater_1` to `rater_5`, blank where a rating is 0; `others`, the sign of the mean of all further
        ratings. Sentences whose mean is 0, and those of which none of these raters said anything, are left out.
    """
    texts, ratings = _members(archive)
    found = []
    for place, (text, rated) in enumerate(zip(texts, ratings, strict=True), start=1):
        votes = np.array(json.loads(rated.split("\t")[3]))
        mean = votes[_RATERS:].mean()
        if mean and votes[:_RATERS].any():
            signs = [_sign(vote) for vote in votes[:_RATERS]]
            found.append([f"sentence-{place:05d}", text.split("\t", 2)[2], *signs, _sign(mean)])
    raters = [f"rater_{place}" for place in range(1, _RATERS + 1)]
    frame = pd.DataFrame(found, columns=["sentence", "text", *raters, "others"], dtype=object)
    return frame.drop_duplicates("text", ignore_index=True)


def _sign(rating: float) -> str:
    return "positive" if rating > 0 else "negative" if rating < 0 else ""


def _members(archive: bytes) -> tuple[list[str], list[str]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as outer:
        inside = outer.extractfile(_INSIDE)
        assert inside is not None
        with tarfile.open(fileobj=io.BytesIO(inside.read())) as inner:
            held = [inner.extractfile(name) for name in (_TEXTS, _RATINGS)]
            texts, ratings = (file.read().decode("utf-8").splitlines() for file in held if file is not None)
    return texts, ratings


def _archive() -> bytes:
    """Return the source archive, brought by pip from the registry that it is set up for, and checked."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", *_BY_HAND.split(), "--quiet", "--dest", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        held = Path(scratch) / _ARCHIVE
        if done.returncode or not held.is_file():
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ").rstrip(".")
            raise CeterisError(f"pip did not bring {_ARCHIVE}, which holds these reviews: {said}.", f"Try it by hand: {_BY_HAND}")
        content = held.read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise BadInputError(f"{_ARCHIVE} is not the one that this example was made with.", "Ask your registry for the original.")
    return content
