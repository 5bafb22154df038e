"""The review of one queue in a notebook: `ceteris.review("train")`. It shows; `session` deals and keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ceteris.errors import CeterisError
from ceteris.reviewing.keys import keys_of
from ceteris.reviewing.running import Running, current, run_experiment
from ceteris.reviewing.session import Session, open_session

__all__ = ["ReviewWidget", "review"]

_HERE = Path(__file__).parent


class ReviewWidget(anywidget.AnyWidget):
    """One row at a time, answered by keyboard; every answer is a line on disk before it is called saved.

    Attributes
    ----------
    session : Session
        What deals the rows and keeps the answers; `session.summary()` says how the review went.
    """

    _esm = _HERE / "widget.js"
    _css = _HERE / "widget.css"

    store = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    ranked = traitlets.Unicode().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    signs = traitlets.List(traitlets.Unicode()).tag(sync=True)
    judging = traitlets.Bool().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    meter = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        self.session = session
        self._experiment: Running | None = None
        super().__init__(
            store=session.store,
            title=session.title,
            ranked=session.queue.ranked,
            classes=list(session.classes),
            signs=list(keys_of(session.classes)),
            judging=session.judging,
            total=session.total,
            meter=self._metered(),
        )
        self.on_msg(self._heard)

    def _heard(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        """Answer one message of the browser; what goes wrong is said there, since nobody sees what a handler raises."""
        kind = message.get("kind")
        try:
            if kind == "answers":
                self._record(message)
            elif kind == "deal":
                rows, exhausted = self.session.deal(int(message["n"]), frozenset(map(str, message["without"])))
                self.send({"kind": "rows", "rows": rows, "exhausted": exhausted})
            elif kind == "neighbours":
                id = str(message["id"])
                self.send({"kind": kind, "id": id, "neighbours": self.session.neighbours(id)})
            elif kind == "run":
                self.send({"kind": kind, **self._run(start=bool(message.get("start")))})
            elif kind == "text":
                self.send(
                    {"kind": kind, **self.session.text(str(message["id"]), str(message["column"]), int(message["start"]))}
                )
        except CeterisError as error:
            self.send({"kind": "told", "to": kind, "text": str(error)})
        except (KeyError, TypeError, ValueError, OSError) as error:
            text = f"The kernel could not answer ({type(error).__name__}: {error})."
            self.send({"kind": "told", "to": kind, "text": text})

    def _record(self, message: Mapping[str, Any]) -> None:
        receipt = self.session.record(message["answers"])
        refused = [{"answer": answer, "why": why} for answer, why in receipt.refused.items()]
        self.send(
            {
                "kind": "ack",
                "saved": list(receipt.saved),
                "refused": refused,
                "told": dict(receipt.told),
                "ids": list(receipt.ids),
                "answered": self.session.answered(),
            }
        )
        self.meter = self._metered()

    def _run(self, *, start: bool) -> dict[str, str]:
        """Start an experiment, or look how far the one is that this page or another kernel started, and return what to say."""
        root = self.session.bench.root
        self._experiment = run_experiment(root) if start else self._experiment or current(root)
        found = self._experiment
        return {"state": found.state, "told": found.told} if found is not None else {"state": "", "told": ""}

    def _metered(self) -> dict[str, Any]:
        meter = self.session.meter()
        told, stop = ([], False) if meter is None else (meter.told(), meter.stop)
        return {
            "answered": self.session.answered(),
            "told": told,
            "stop": stop,
            "summary": self.session.summary().told(),
            "unreadable": self.session.unreadable(),
        }


def review(
    queue: str = "train", *, reviewer: str | None = None, batch: str | None = None, root: str | Path | None = None
) -> ReviewWidget:
    """Return the review of a queue, which a notebook shows by itself.

    Parameters
    ----------
    queue : str
        `train`, `random`, `conflicts`, the name of a contrast, `COLUMN=VALUE` for all train rows of a slice, or `test` within a
        look; `ceteris queue` lists the names.
    reviewer : str, optional
        Who answers; default: git's user.name, or the name of the login.
    batch : str, optional
        The name of this batch of answers; default: the queue and the day.
    root : path, optional
        The repository; default: the one at or above the working directory.

    Raises
    ------
    BadInputError
        There is no such queue, or nobody says who answers.
    """
    return ReviewWidget(open_session(queue, reviewer=reviewer, batch=batch, root=root))
