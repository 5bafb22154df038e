"""Whether what a stage wrote is of the repository as it stands, as dvc.lock tells it: no file is hashed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceteris.dvc_lock import parse_lock
from ceteris.errors import BadInputError
from ceteris.store import parse_yaml

__all__ = ["refuse_stale"]

_UP_TO = ("ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare")


def refuse_stale(root: Path, stage: str, what: str) -> None:
    """Refuse results of other params or rows than those of today; where no dvc.lock tells, nothing is known of them.

    Parameters
    ----------
    stage : str
        Which made the results.
    what : str
        The results, in a sentence.

    Raises
    ------
    BadInputError
        What this stage or an earlier one reads of params.yaml has changed, or one of them has not run since an earlier one.
    """
    try:
        stages: Mapping[str, Any] = parse_lock((root / "dvc.lock").read_bytes())["stages"]
        outs = {out["path"]: out.get("md5") for one in stages.values() for out in one.get("outs", ())}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return
    sections = parse_yaml((root / "params.yaml").read_text(encoding="utf-8"), "params.yaml")
    for name in _UP_TO[: _UP_TO.index(stage) + 1]:
        ran: Mapping[str, Any] = stages.get(name, {})
        changed = [key for key, value in ran.get("params", {}).get("params.yaml", {}).items() if _at(sections, key) != value]
        moved = [dep["path"] for dep in ran.get("deps", ()) if outs.get(dep["path"], dep.get("md5")) != dep.get("md5")]
        if changed or moved or not ran:
            why = f"`{changed[0]}` of params.yaml has changed" if changed else f"the stage {name} has not run"
            raise BadInputError(f"{what} are of another state of this repository: {why} since.", "Make them anew: dvc repro")


def _at(sections: Any, key: str) -> Any:
    return functools.reduce(lambda held, name: held.get(name) if isinstance(held, Mapping) else None, key.split("."), sections)
