"""An answer as it comes in, from a browser or a terminal, made the line of the ledger that it means, or refused."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ceteris.editing.blind import judging_source
from ceteris.errors import BadInputError, nearest
from ceteris.tables.labels import is_known, number_text

if TYPE_CHECKING:
    from ceteris.reviewing.queues import Queue

__all__ = ["line_of"]

_AHEAD = timedelta(minutes=5)  # a browser's clock that is further ahead is not believed
_ACTIONS = ("relabel", "confirm", "drop", "unsure", "revert")
_SAID = ("answer", "id", "ticket", "action", "new_label", "at", "reverts")


def line_of(
    answer: Mapping[str, Any],
    queue: Queue,
    classes: tuple[str, ...],
    there: Mapping[str, Mapping[Any, Any]],
    seen: Collection[str],
    *,
    reviewer: str,
    batch: str,
) -> dict[str, str]:
    """Return the line of the ledger that an answer makes.

    Parameters
    ----------
    answer : mapping
        answer (a uuid), id, ticket, action, new_label, at (ISO, with a time zone), reverts.
    there : mapping of uuid to line
        What is written already: an answer is never dated before the same reviewer's last one to the same row.
    seen : collection of str
        The ids of the rows whose given label the reviewer was told before.

    Raises
    ------
    BadInputError
        It is no answer, or one to a question that nobody asks today.
    """
    said = {key: str(answer.get(key) or "") for key in _SAID}
    said["new_label"] = said["new_label"] if classes else number_text(said["new_label"]) or said["new_label"]
    action, id = said["action"], said["id"]
    try:
        uuid.UUID(said["answer"])
        at = min(datetime.fromisoformat(said["at"]).astimezone(UTC), datetime.now(UTC) + _AHEAD)
    except (ValueError, OverflowError):
        raise BadInputError("It is no answer: its uuid or time cannot be read.", "Answer the row anew.") from None
    if action not in _ACTIONS:
        raise BadInputError(f"{action!r} is no answer.{nearest(action, _ACTIONS)}", "Answer the row anew.")
    question = queue.match(id, said["ticket"])
    if question is None:
        raise BadInputError(
            "The row is gone from this queue, or its label has changed since it was shown.",
            "Answer it anew where it is asked again.",
        )
    _refuse(said, queue.judging, classes, there)
    given = question.shown or queue.given(id)
    if action == "relabel" and said["new_label"] == given:
        action = "confirm"
    before = [line["at"] for line in there.values() if line["id"] == id and line["reviewer"] == reviewer]
    at = max([at, *(datetime.fromisoformat(moment) + timedelta(milliseconds=1) for moment in before)])
    source = judging_source(id, seen) if queue.judging and action != "revert" else question.source
    return {
        "answer": said["answer"], "id": id, "action": action, "given_label": given,
        "new_label": said["new_label"] if action == "relabel" else "", "reverts": said["reverts"] if action == "revert" else "",
        "reviewer": reviewer, "batch": batch, "at": at.isoformat(timespec="milliseconds"),
        "source": source, "reason": question.reason,
    }  # fmt: skip


def _refuse(said: Mapping[str, str], judging: bool, classes: tuple[str, ...], there: Mapping[str, Mapping[Any, Any]]) -> None:
    if said["action"] == "revert":
        back = there.get(said["reverts"])
        if back is None or back["action"] == "revert" or back["id"] != said["id"]:
            raise BadInputError("The answer that it takes back was never written.", "Nothing is left to do.")
    if said["action"] == "relabel" and not is_known(said["new_label"], classes):
        what = f"no class now.{nearest(said['new_label'], classes)}" if classes else "no number."
        raise BadInputError(f"{said['new_label'][:60]!r} is {what}", "Answer the row anew.")
    if said["action"] == "drop" and judging:
        raise BadInputError("A row that judges cannot be dropped.", "Answer `unsure`.")
