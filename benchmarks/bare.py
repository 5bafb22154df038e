"""A FastAPI endpoint as one would write it around a model, without limits, counters or a log: what `serve` is timed against.

Run as `python -m benchmarks.bare FOLDER PORT`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from ceteris.serving.packaged import open_package


def bare(folder: Path) -> FastAPI:
    """Return the application: rows are typed by pydantic, and the model is asked in FastAPI's own pool of threads."""
    packaged = open_package(folder)
    names, estimator = [one.name for one in packaged.schema.features], packaged.estimator
    row: Any = create_model("Row", id=(str, ...), **dict.fromkeys(names, (float, ...)))
    body: Any = create_model("Body", rows=(list[row], ...))
    app = FastAPI()

    class Prediction(BaseModel):
        id: str
        label: str
        probabilities: dict[str, float] | None

    def predict(sent: body) -> list[Prediction]:
        frame = pd.DataFrame([one.model_dump(exclude={"id"}) for one in sent.rows], columns=names)
        labels = [packaged.schema.classes[code] for code in estimator.predict(frame)]
        shares = estimator.predict_proba(frame).tolist() if hasattr(estimator, "predict_proba") else [None] * len(labels)
        return [
            Prediction(id=one.id, label=label, probabilities=share and dict(zip(packaged.schema.classes, share, strict=True)))
            for one, label, share in zip(sent.rows, labels, shares, strict=True)
        ]

    predict.__annotations__["sent"] = body
    app.add_api_route("/predict", predict, methods=["POST"], response_model=list[Prediction])
    return app


if __name__ == "__main__":
    uvicorn.run(bare(Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
