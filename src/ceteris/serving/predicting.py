"""The threads in which a packaged model predicts, one for each core, so that the server stays free to listen."""

from __future__ import annotations

import os
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ceteris.serving.packaged import Packaged
from ceteris.serving.remarks import remark
from ceteris.serving.requests import Refused

__all__ = ["Predicted", "Predicting"]


class Predicted(NamedTuple):
    """What the model says of rows: a class, or a number, of each; and its probabilities in class order, where it has any."""

    labels: list[Any]
    probabilities: list[list[float]] | None


class Predicting:
    """Asks a model of rows that were checked against its schema."""

    def __init__(self, packaged: Packaged) -> None:
        self._packaged = packaged
        self._threads = ThreadPoolExecutor(_cores(), "model", initializer=threadpool_limits, initargs=(1,))

    def ask(self, frame: pd.DataFrame) -> Future[Predicted]:
        """Return what the model will say; fails with `Refused` where it cannot say anything."""
        return self._threads.submit(self._predicted, frame)

    def _predicted(self, frame: pd.DataFrame) -> Predicted:
        try:
            with np.errstate(all="ignore"):
                labels, probabilities = self._packaged.predict(frame)
        except Exception as error:
            # The message of an error may hold values of a row, which may have to be redacted: only its place is told.
            remark("".join([*traceback.format_tb(error.__traceback__), type(error).__name__]))
            status = 422 if isinstance(error, ValueError | ArithmeticError) else 500
            raise Refused(status, f"The model could not predict these rows ({type(error).__name__}).") from None
        numbers = labels[:, None] if probabilities is None and not self._packaged.schema.classes else probabilities
        if numbers is not None and not np.isfinite(numbers).all():
            row = int(np.flatnonzero(~np.isfinite(numbers).all(axis=1))[0]) + 1
            raise Refused(422, f"Row {row} is beyond what the model can compute with: its answer is no finite number.")
        return Predicted(labels.tolist(), None if probabilities is None else probabilities.tolist())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
