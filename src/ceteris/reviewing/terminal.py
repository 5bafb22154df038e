"""The review of one queue in a terminal: a row, an answer on disk, the next row; from a keyboard or from a pipe."""

from __future__ import annotations

import io
import os
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from ceteris.errors import CeterisError
from ceteris.reviewing.card_shown import card, classes_shown, legend_shown, lines_of
from ceteris.reviewing.patches import file_of
from ceteris.reviewing.typed import MORE, Typed, typed
from ceteris.telling.wording import literal

if TYPE_CHECKING:
    from rich.console import Console

    from ceteris.reviewing.arms import Question
    from ceteris.reviewing.session import Session
    from ceteris.reviewing.shown import Shown

__all__ = ["Conversation", "converse"]

_FEW, _HUMAN = 3, 0.1  # answers that tell a pace; seconds a row: a pipe is faster, and its pace tells nothing
_EVERY = 10  # answers after which the meter is read out
_SAID = {"relabel": "relabelled", "confirm": "kept", "drop": "dropped", "unsure": "unsure"}


@dataclass(frozen=True)
class _Given:
    """An answer that is on disk: its question, its uuid, and what it said."""

    question: Question
    answer: str
    action: str


class Conversation:
    """One person's review in a terminal.

    Parameters
    ----------
    session : Session
        What deals the rows and keeps the answers.
    console : Console
    lines : iterator of str
        What is typed, a line each.
    most : int, optional
        How many rows to ask for; default: until nobody answers or none is left.
    """

    def __init__(self, session: Session, console: Console, lines: Iterator[str], most: int | None = None) -> None:
        self.session, self._console, self._lines, self._most = session, console, lines, most
        self._given: list[_Given] = []
        self._again: list[Question] = []  # taken back, to be asked next
        self._left_out: set[str] = set()  # refused, so that another deal would only ask them once more
        self._paces: list[float] = []
        self._told: set[str] = set()

    def run(self) -> None:
        """Ask row after row, until the queue is empty, `most` rows are answered, or nobody answers any more."""
        self._say(literal(self.session.title), "bold")
        if self.session.queue.ranked:
            self._say(literal(f"Rows in doubt are {self.session.queue.ranked}."), "dim")
        self._console.print(legend_shown(self.session.classes, judging=self.session.judging))
        while self._most is None or len(self._given) < self._most:
            question = self._next()
            if question is None:
                self._say("No row is left to ask for.")
                return
            if not self._asked(question):
                return

    def closing(self) -> None:
        """Say how the session went, where its answers are, and what to do next."""
        counts = Counter(one.action for one in self._given)
        told = ", ".join(f"{counts[action]:,} {said}" for action, said in _SAID.items() if counts[action])
        n = len(self._given)
        self._say(f"{n:,} answer{'s' * (n != 1)} on disk{f': {told}' if told else ''}.{self._pace()}", "bold")
        if n:
            for told in (*self.session.summary().told(), *self._metered()):
                self._say(literal(told))
            name = file_of(self.session.reviewer, self.session.batch)
            self._say(f"They stand in {name}: ceteris edits list --reviewer {self.session.reviewer!r}")

    def _next(self) -> Question | None:
        if self._again:
            return self._again.pop()
        found = self.session.questions(1, self._left_out)
        return found[0] if found else None

    def _asked(self, question: Question) -> bool:
        """Show a row and bring the answer to disk; return whether the review goes on."""
        row = self.session.show(question.id)
        console = self._console
        console.print()
        self._say(self._progress(), "dim")
        if self._given and len(self._given) % _EVERY == 0:
            for told in self._metered():
                self._say(literal(told), "dim")
        console.print(card(row, question.shown, console.width, colours=console.color_system is not None))
        console.print(classes_shown(self.session.classes))
        started = time.monotonic()
        while (line := self._typed()) is not None:
            meant = typed(line, self.session.classes, judging=self.session.judging)
            if meant.why:
                self._say(literal(meant.why), "yellow")
            elif meant.action == "quit":
                return False
            elif meant.action == MORE:
                self._all_of(row)
            elif meant.action == "undo":
                if self._undone(question):
                    return True
            else:
                self._paces.append(time.monotonic() - started)
                self._kept(question, meant)
                return True
        return False

    def _kept(self, question: Question, meant: Typed) -> None:
        """Bring an answer to disk, and tell what was hidden until then."""
        said = {"action": meant.action, "new_label": meant.label, "reverts": ""}
        answer, told = self._recorded(question, said)
        if answer:
            action = "confirm" if meant.label and meant.label == question.shown else meant.action
            self._given.append(_Given(question, answer, action))
        else:
            self._left_out.add(question.id)
        self._say(literal(told), "green" if answer else "red")

    def _undone(self, question: Question) -> bool:
        """Take the last answer of this session back, and return whether it was: its row is asked next, then this one."""
        if not self._given:
            self._say("Nothing to take back in this session. Earlier answers: ceteris edits revert", "yellow")
            return False
        last = self._given[-1]
        answer, told = self._recorded(last.question, {"action": "revert", "new_label": "", "reverts": last.answer})
        if not answer:
            self._say(literal(told), "red")
            return False
        self._given.pop()
        self._say(f"{literal(last.question.id)}: your answer is taken back.", "green")
        self._again += [question, last.question]
        return True

    def _recorded(self, question: Question, said: dict[str, str]) -> tuple[str, str]:
        """Return the uuid of an answer that is on disk, and what was hidden until then; "" and why, where it is refused."""
        answer = str(uuid.uuid4())
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"answer": answer, "id": question.id, "ticket": question.ticket, "at": at, **said}
        while True:
            try:
                receipt = self.session.record([line])
            except CeterisError as error:
                self._say(literal(" ".join(str(error).split())), "red")
                self._say("This answer is not on disk. Enter: try again; q: leave without it.", "red")
                if self._typed() != "":
                    raise
                continue
            for remark in receipt.remarks:
                if remark not in self._told:
                    self._say(literal(remark), "yellow")
                self._told.add(remark)
            if answer not in receipt.saved:
                return "", f"Not taken: {receipt.refused.get(answer, '')}"
            return answer, " ".join(receipt.told.values())

    def _typed(self) -> str | None:
        """Return the next line that is typed, without its end; None where there is none."""
        self._console.print(Text("> "), end="")
        line = next(self._lines, None)
        if line is None:
            self._console.print()
        return None if line is None else line.rstrip("\r\n")

    def _all_of(self, row: Shown) -> None:
        """Show every value of a row, and its texts to their ends."""
        for cell in row.values:
            self._say(f"{literal(cell.column)}: {literal(cell.value)}")
        for text in row.texts:
            self._say(literal(text.column), "dim")
            shown = 0
            while shown < text.length:
                part = self.session.text(row.id, text.column, shown)["text"]
                self._console.print(lines_of(part))
                shown += len(part)

    def _metered(self) -> list[str]:
        """Return what the answers have found and what the next ones will, in sentences."""
        meter = self.session.meter()
        return [] if meter is None else meter.told()

    def _progress(self) -> str:
        return f"{self.session.answered():,} of {self.session.total:,} answered.{self._pace()}"

    def _pace(self) -> str:
        """Return how long a row takes, once a few tell."""
        seconds = statistics.median(self._paces) if len(self._paces) >= _FEW else 0.0
        return f" {seconds:.1f} s a row, {3600 / seconds:,.0f} an hour." if seconds >= _HUMAN else ""

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))


def converse(session: Session, most: int | None = None) -> None:
    """Review in this terminal, or from a pipe, and say at the end how it went, however it ends."""
    from rich.console import Console

    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    conversation = Conversation(session, Console(highlight=False), iter(sys.stdin.readline, ""), most)
    try:
        try:
            conversation.run()
        finally:
            conversation.closing()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Nobody reads any more; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
