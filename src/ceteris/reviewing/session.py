"""One person's review of one queue: rows are dealt, answers become lines on disk, and what they show is counted."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ceteris.editing.blind import answered_by
from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.reviewing.arms import Question
from ceteris.reviewing.fetched import state_of
from ceteris.reviewing.patches import Ledgers, file_of, left_out
from ceteris.reviewing.picture_file import picture
from ceteris.reviewing.queues import Queue, open_queue
from ceteris.reviewing.received import line_of
from ceteris.reviewing.shown import MOST_LETTERS, profile, shown

if TYPE_CHECKING:
    from ceteris.reviewing.meter import Measured, Meter
    from ceteris.reviewing.neighbours import Neighbourhood
    from ceteris.reviewing.shown import Profile, Shown
    from ceteris.reviewing.summary import Summary
    from ceteris.workbench import Workbench

__all__ = ["Receipt", "Session", "name_of", "open_session"]

_NEIGHBOURS, _NEIGHBOURS_IN_WORDS = 4, 2  # of each group: pictures are smaller than words


@dataclass(frozen=True)
class Receipt:
    """What became of answers that were handed in.

    Attributes
    ----------
    saved : uuids whose lines are on disk
    refused : why the others are not, by uuid
    told : what was hidden until the answer, by id
    ids : the rows that were answered
    remarks : what of other people's files cannot be read
    """

    saved: tuple[str, ...]
    refused: Mapping[str, str]
    told: Mapping[str, str]
    ids: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class Session:
    """Use `open_session`.

    Parameters
    ----------
    bench : Workbench
    queue : Queue
        What is asked about.
    reviewer : str
    batch : str, optional
        Default: the queue and the day.
    """

    def __init__(self, bench: Workbench, queue: Queue, reviewer: str, batch: str | None = None) -> None:
        self.bench, self.queue, self.reviewer = bench, queue, reviewer
        self._asked_batch, self.batch = batch or "", batch or f"{queue.name}-{datetime.now().date().isoformat()}"
        self.classes, self._ledgers = bench.classes(), Ledgers(bench)
        self._worth: tuple[tuple[str, ...], Measured | None] | None = None
        self._dealt: dict[str, str] = {}
        split = bench.path("split")
        self._files = (split / "parts.parquet", split / "train.parquet", split / "validation.parquet")
        self._state = state_of(*self._files)
        self._guard = threading.RLock()  # an answer may be handled beside the cell that is running

    @property
    def judging(self) -> bool:
        """Whether the rows judge: their given label is hidden, and none may be dropped."""
        return self.queue.judging

    @property
    def total(self) -> int:
        """How many rows the queue holds."""
        return self.queue.total

    @property
    def title(self) -> str:
        """What is reviewed, and by whom."""
        return f"{self.queue.told}, reviewed by {self.reviewer}"

    @property
    def store(self) -> str:
        """The name under which a browser keeps answers that are not on disk: one a repository, queue, reviewer and batch."""
        where = f"{self.bench.root}\n{self.queue.name}\n{self.reviewer}\n{self._asked_batch}"  # the day is none of it
        return hashlib.sha256(where.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def answered(self) -> int:
        """Return how many rows of the queue are answered, by whomever."""
        return len(self.queue.answers(self._lines(), self.reviewer))

    def deal(self, n: int, without: Collection[str] = ()) -> tuple[list[dict[str, Any]], bool]:
        """Return the next rows as they are shown, and whether none is left after them.

        Parameters
        ----------
        n : int
        without : collection of str
            The ids that are being answered elsewhere.
        """
        with self._guard:
            self._refuse_other_data()
            questions = self.questions(n, without)
            self._dealt |= {question.id: question.shown for question in questions}
            cards = self._shown([question.id for question in questions])
            dealt = [
                asdict(card) | {"given": question.shown or None, "ticket": question.ticket}
                for card, question in zip(cards, questions, strict=True)
            ]
            return dealt, len(questions) < n

    def questions(self, n: int, without: Collection[str] = ()) -> list[Question]:
        """Return the next questions, without what is shown of their rows."""
        return self.queue.deal(self._lines(), self.reviewer, n, without)

    def show(self, id: str) -> Shown:
        """Return a row as it is shown."""
        return self._shown([id])[0]

    def text(self, id: str, column: str, start: int) -> dict[str, Any]:
        """Return the next part of a long text: id, column, start, text, and its length in letters."""
        self._refuse_other_data()
        row = self.queue.fetched.of([id]).loc[id]
        if column not in row.index:
            raise BadInputError(f"There is no column {column!r}.{nearest(column, map(str, row.index))}", "Open the queue anew.")
        whole = str(row[column])
        return {"id": id, "column": column, "start": start, "text": whole[start : start + MOST_LETTERS], "length": len(whole)}

    def neighbours(self, id: str) -> list[dict[str, Any]]:
        """Return the nearest train rows of a train row in groups, each with a title: of its given label, and of others.

        Where this reviewer has answered it, the suggestion is told by now, and those of the suggested label are a group too.
        """
        if self.judging:
            return []
        self._refuse_other_data()
        given = self._dealt.get(id) or self.queue.given(id)  # a flip's neighbours are those of the label that is shown
        titles = {given: f"nearest rows given {given}"}
        suggested = str(self.queue.known["suggested_label"].get(id, given))
        if suggested != given and self._has_answered(id):
            titles[suggested] = f"nearest rows given {suggested}, which the model suggests"
        with self._guard:
            around = self._neighbourhood
            most = _NEIGHBOURS if self._image_shape else _NEIGHBOURS_IN_WORDS
            found = around.nearest(self.queue.fetched.of([id]), list(titles), most)
            cards = [self._drawn(around.rows.loc[ids]) for ids in found]
        return [
            {"title": title, "rows": [_as_neighbour(card, str(around.labels[card.id])) for card in group]}
            for title, group in zip([*titles.values(), "nearest rows given another label"], cards, strict=True)
        ]

    def record(self, answers: Iterable[Mapping[str, Any]]) -> Receipt:
        """Bring answers to disk, each once, and return which are there and why others are not.

        Parameters
        ----------
        answers : iterable of mappings
            answer (a uuid), id, ticket, action, new_label, at (ISO, with a time zone), reverts.
        """
        with self._guard:
            self._refuse_other_data()
            known = self._lines()
            columns = ["answer", "id", "action", "reviewer", "at"]
            there: dict[str, Mapping[Any, Any]] = {line["answer"]: line for line in known[columns].to_dict("records")}
            seen = answered_by(known, self.reviewer)  # what comes in together is blind: nothing is told before it is on disk
            lines: list[dict[str, str]] = []
            saved, refused = [], dict[str, str]()
            for answer in answers:
                name = str(answer.get("answer", ""))
                try:
                    if name not in there:
                        lines.append(self._line(answer, there, seen))
                        there[name] = lines[-1]
                    elif there[name]["id"] != answer.get("id"):
                        raise BadInputError("Another answer bears its uuid.", "Answer the row anew.")
                    saved.append(name)
                except BadInputError as error:
                    refused[name] = str(error)
            written = self._ledgers.append(file_of(self.reviewer, self.batch), lines, who=f"the review of {self.reviewer}")
            answered = [line for line in lines if line["action"] != "revert" and line["answer"] in written.saved]
            told = {line["id"]: self.queue.told_after(line) for line in answered}
            kept = tuple(name for name in saved if name not in written.refused)
            return Receipt(kept, refused | dict(written.refused), told, tuple(told), written.remarks)

    def unreadable(self) -> str:
        """Return what of the ledger cannot be read, in a sentence; "" where all of it can."""
        return left_out(self._ledgers.readable()[1])

    def meter(self) -> Meter | None:
        """Return what the answers have found and what the next ones will; None where rows judge, which are asked for blind."""
        from ceteris.reviewing.meter import meter
        from ceteris.reviewing.summary import seconds_of

        if self.judging or self.queue.settling:
            return None
        lines = self._lines()
        seen = self.queue.dealer.seen(self.queue.answers(lines, self.reviewer))
        beyond = self.queue.total - self.queue.n_dealt  # rows that no order holds
        times = lines.loc[(lines["reviewer"] == self.reviewer) & (lines["batch"] == self.batch), "at"]
        return meter(replace(seen, left=seen.left + beyond), seconds=seconds_of(times), measured=self._measured())

    def summary(self) -> Summary:
        """Return how this batch of answers went, by first answers: false fixes, agreement, the detector's precision, pace."""
        from ceteris.reviewing.summary import summary

        known = self.queue.known
        flagged = frozenset(known.index[known["is_label_issue"].astype(bool)])
        suggested = dict(zip(known.index, known["suggested_label"], strict=True))
        return summary(self._lines(), self.reviewer, suggested=suggested, flagged=flagged, batch=self.batch)

    def _measured(self) -> Measured | None:
        """Return what answers were worth, looked up anew where an experiment was done since."""
        from ceteris.reviewing.running import ended
        from ceteris.reviewing.worth import last_measured

        done = tuple(ended(self.bench.root))
        if self._worth is None or self._worth[0] != done:
            try:
                self._worth = done, last_measured(self.bench)
            except CeterisError:
                self._worth = done, None  # the pipeline has not run, or its results are damaged: nothing is known
        return self._worth[1]

    def _refuse_other_data(self) -> None:
        """Refuse to go on where the rows are others than when the queue was opened: an id might mean another row by now."""
        if state_of(*self._files) != self._state:
            raise BadInputError("The data have changed since this queue was opened.", "Open it anew: run the cell again.")

    def _line(self, answer: Mapping[str, Any], there: Mapping[str, Mapping[Any, Any]], seen: Collection[str]) -> dict[str, str]:
        return line_of(answer, self.queue, self.classes, there, seen, reviewer=self.reviewer, batch=self.batch)

    def _has_answered(self, id: str) -> bool:
        lines = self._lines()
        return bool(((lines["id"] == id) & (lines["reviewer"] == self.reviewer)).any())

    def _lines(self) -> pd.DataFrame:
        return self._ledgers.readable()[0]

    def _shown(self, ids: list[str]) -> list[Shown]:
        return self._drawn(self.queue.fetched.of(ids))

    def _drawn(self, rows: pd.DataFrame) -> list[Shown]:
        return [
            shown(
                str(id), {str(name): value for name, value in record.items()}, self._usual, self._image_shape, self._file_of(id)
            )
            for id, record in zip(rows.index, rows.to_dict("records"), strict=True)
        ]

    @cached_property
    def _image_shape(self) -> tuple[int, ...] | None:
        return self.bench.image_shape()

    @cached_property
    def _usual(self) -> Profile:
        return profile(self.queue.fetched.some(), self._image_shape, self.bench.params.ingest.kinds)

    def _file_of(self, id: str) -> str:
        """Return the picture that a row was read from, where source or batch are folders of pictures; "" where it is none."""
        if self._image_shape is None:
            return ""
        ingest = self.bench.params.ingest
        folders = (self.bench.root / place for place in (ingest.source, *(ingest.batches or ())))
        return next(filter(None, (picture(folder / id, folder) for folder in folders if folder.is_dir())), "")

    @cached_property
    def _neighbourhood(self) -> Neighbourhood:
        from ceteris.reviewing.neighbours import Neighbourhood

        return Neighbourhood(*self.queue.fetched.sample(), self.bench.params.ingest.kinds)


def _as_neighbour(card: Shown, label: str) -> dict[str, str]:
    words = "" if card.image else f"{card.id} cannot be drawn" if card.broken else card.brief()
    return {"label": label, "image": card.image, "brief": words}


def open_session(
    queue: str = "train", *, reviewer: str | None = None, batch: str | None = None, root: str | Path | None = None
) -> Session:
    """Return the review of a queue by a person; parameters as of `ceteris.review`.

    Raises
    ------
    BadInputError
        There is no such queue, or nobody says who answers.
    """
    from ceteris.workbench import Workbench

    bench = Workbench(Path(root) if root is not None else None)
    who = name_of(reviewer, bench.root)
    return Session(bench, open_queue(bench, queue), who, batch)


def name_of(reviewer: str | None, root: Path) -> str:
    """Return who answers: who is named, else git's user.name, else who is logged in.

    Raises
    ------
    BadInputError
        Nobody is any of these.
    """
    who = (reviewer if reviewer is not None else _git_name(root) or _login() or "").strip()
    if not who:
        raise BadInputError("Nobody says who answers.", 'Name yourself: ceteris.review(reviewer="ada"), or --reviewer ada.')
    return who


def _git_name(root: Path) -> str:
    import subprocess

    try:
        command = ["git", "config", "user.name"]
        found = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError:
        return ""
    return found.stdout.strip()


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""  # a container may run under a number that has no name
