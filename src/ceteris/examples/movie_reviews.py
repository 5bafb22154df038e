"""Sentences from reviews of films, each rated by 15 people and more: the noise of real people, not one that was planted."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.examples import Source, drawn
from ceteris.examples.archive import archive
from ceteris.starting.init import LOGISTIC

__all__ = ["members", "source", "table"]

_FILE, _ROWS = "movie-reviews.csv", 7_500
_INSIDE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_TEXTS, _RATINGS = (f"hutto_ICWSM_2014/movieReviewSnippets_{what}.txt" for what in ("GroundTruth", "anonDataRatings"))
_BAYES = {"estimator": "sklearn.naive_bayes.MultinomialNB", "prepare": "scaled", "params": {"alpha": 1.0}}
_ERRORS = 2.0  # standard errors that a mean must lie away from 0, so that its sign is no accident of who was asked


def source(rows: int | None = None, file: str | None = None) -> Source:
    """Return sentences with what one rater said of each, and the sign of what all of them said in the mean.

    They stand in the source archive of the package vaderSentiment (Hutto & Gilbert 2014; MIT), which pip installs no part of.

    Parameters
    ----------
    file : str, optional
        That archive, where it is here already; default: pip brings it.
    """
    texts, ratings = members(archive(file))
    kept, left_out = table(texts, ratings)
    told = kept.iloc[drawn(rows, _ROWS, len(kept))]
    wrong = 100 * (told["label"] != told["mean_sign"]).mean()
    said = (
        f"{len(texts):,} sentences with {min(map(len, ratings))} to {max(map(len, ratings))} ratings each, from -4 to 4",
        f"{left_out:,} whose mean lies within {_ERRORS:g} standard errors of 0 are left out: their raters settle no sign",
        f"{len(texts) - left_out - len(kept):,} that repeat another sentence are left out; of the rest here are {len(told):,}",
        f"given label: the sign of one rating, drawn of those not 0; true label: that of the mean; {wrong:.1f} % differ",
    )

    def write(folder: Path) -> None:
        told.to_csv(folder / _FILE, index=False)

    options = {"id": "sentence", "true_label": "mean_sign", "kinds": {"text": "text"}}
    return Source(_FILE, write, said, "label", options, models={"logistic": LOGISTIC, "naive_bayes": _BAYES})


def table(texts: list[str], ratings: list[list[int]]) -> tuple[pd.DataFrame, int]:
    """Return the sentences that are settled, and the number of those that are not.

    A sentence is settled where the mean of its ratings lies 2 standard errors or more from 0.

    Returns
    -------
    DataFrame
        `sentence`, `text`, `label` (the sign of one rating that is not 0), `mean_sign`. No text occurs twice.
    """
    draw = np.random.default_rng(0)
    found, left_out = [], 0
    for place, (text, rated) in enumerate(zip(texts, ratings, strict=True), start=1):
        votes = np.array(rated, dtype=float)
        mean = votes.mean()
        one = draw.choice(votes[votes != 0]) if votes.any() else 0.0
        if mean == 0 or abs(mean) < _ERRORS * votes.std(ddof=1) / np.sqrt(len(votes)):
            left_out += 1
        else:
            found.append((f"sentence-{place:05d}", text, _sign(one), _sign(mean)))
    frame = pd.DataFrame(found, columns=["sentence", "text", "label", "mean_sign"], dtype=object)
    return frame.drop_duplicates("text", ignore_index=True), left_out


def _sign(rating: float) -> str:
    return "positive" if rating > 0 else "negative"


def members(content: bytes) -> tuple[list[str], list[list[int]]]:
    """Return the sentences of the archive, and all ratings of each."""
    with tarfile.open(fileobj=io.BytesIO(content)) as outer, tarfile.open(fileobj=outer.extractfile(_INSIDE)) as inner:
        texts, rated = (_lines(inner, name) for name in (_TEXTS, _RATINGS))
    return [line.split("\t", 2)[2] for line in texts], [json.loads(line.split("\t")[3]) for line in rated]


def _lines(opened: tarfile.TarFile, name: str) -> list[str]:
    file = opened.extractfile(name)
    return file.read().decode("utf-8").splitlines() if file else []
