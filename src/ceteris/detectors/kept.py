"""The door to what the bake-off keeps in results/detectors/: a table, and the choice with the data that it was made on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from ceteris.dataset import Dataset, row_digests
from ceteris.detectors.choice import Choice
from ceteris.detectors.scores import DETECTORS, Detector, own_detector
from ceteris.errors import IntegrityError
from ceteris.measuring.estimates import Estimate
from ceteris.measuring.fingerprint import of_rows, of_values
from ceteris.params import Params
from ceteris.store import STATE, read_json, read_parquet, sha256, write_json, write_table, write_text
from ceteris.training.learners import described
from ceteris.training.models import own_function

__all__ = ["CHOSEN", "FOLDER", "TABLE", "Evidence", "data_of", "detectors_of", "keep", "read_evidence"]

FOLDER, TABLE, CHOSEN = "detectors", "bakeoff.csv", "chosen.json"


@dataclass(frozen=True)
class Evidence:
    """A choice, and what it stands on.

    Attributes
    ----------
    choice : Choice
    rows, draws : int
    rate : float
        The share of rows that errors were planted in.
    data : str
        The digest of the train rows, the audit's model and the user's own detectors.
    """

    choice: Choice
    rows: int
    draws: int
    rate: float
    data: str


def keep(results: Path, table: pd.DataFrame, evidence: Evidence) -> None:
    """Write the table and the choice."""
    write_table(results / FOLDER / TABLE, table)
    choice = asdict(evidence.choice)
    worth = {f"worth_{name}" if name != "value" else "worth": round(end, 6) for name, end in choice.pop("worth").items()}
    told = {"rows": evidence.rows, "draws": evidence.draws, "rate": round(evidence.rate, 6), "data": evidence.data}
    write_json(results / FOLDER / CHOSEN, choice | worth | told)


def read_evidence(results: Path) -> Evidence | None:
    """Return the choice that is kept; None where there is none.

    Raises
    ------
    IntegrityError
        The file is not what `ceteris detectors` wrote.
    """
    path = results / FOLDER / CHOSEN
    if not path.is_file():
        return None
    try:
        said = read_json(path)
        worth = Estimate(*(float(said[name]) for name in ("worth", "worth_low", "worth_high")))
        choice = Choice(str(said["chosen"]), str(said["best"]), str(said["standing"]), worth)
        return Evidence(choice, int(said["rows"]), int(said["draws"]), float(said["rate"]), str(said["data"]))
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(f"{path} is not what `ceteris detectors` wrote.", "Make it anew: ceteris detectors") from None


def data_of(root: Path, params: Params) -> str:
    """Return the digest of what a choice is made on; that of unchanged rows is kept in .ceteris/."""
    from ceteris.layout import read_layout
    from ceteris.reviewing.fetched import state_of

    train = root / read_layout(root)["split"] / "train.parquet"
    kept = root / STATE / "detectors" / f"rows-{state_of(train)}.txt"
    if kept.is_file():
        rows = kept.read_text(encoding="utf-8")
    else:
        data = Dataset.from_frame(read_parquet(train))
        rows = of_rows(data.ids, row_digests(data.features), data.labels)
        write_text(kept, rows)
    own = params.detectors.own or {}
    files = sorted({place.partition(":")[0] for place in own.values()})
    model = described(params.audit.model, root)
    return of_values([rows, model, sorted(own.items()), [sha256(root / name) for name in files if (root / name).is_file()]])


def detectors_of(root: Path, params: Params) -> dict[str, Detector]:
    """Return every detector by name: ceteris' own, then those of the user.

    Raises
    ------
    ParamsError
        A file is not there, cannot be loaded, or holds no such function.
    """
    own = {name: own_detector(name, own_function(place, root)) for name, place in (params.detectors.own or {}).items()}
    return dict(DETECTORS) | own
