"""The controls: as many rows dropped, weighed or reviewed at random as a version does, drawn anew for each seed."""

from __future__ import annotations

import zlib

import numpy as np

from ceteris.fixing.versions import Evidence, Version, no_patch, true_labels

__all__ = ["drop_like", "review_like"]


def drop_like(name: str, version: Version, evidence: Evidence) -> Version:
    """Drop as many rows as the version, from the same strata of given labels, at random, anew for each draw.

    Where votes relabelled rows as many are relabelled, too, from each class to each other one. Where rows have weights the kept
    ones have them in another order: within a stratum, unless there all are equal.
    """
    dropped, strata = ~version.kept[0], _strata(evidence)
    kept = np.ones((evidence.draws, len(evidence.ids)), dtype=bool)
    moved = version.kept[0] & (version.labels[0] != evidence.labels) & version.voted
    labels = np.broadcast_to(evidence.labels, kept.shape)  # no copy of them where none is relabelled
    labels = labels.copy() if moved.any() else labels
    for draw, generator in enumerate(_generators(name, evidence.draws)):
        for stratum in dict.fromkeys(strata):  # in the order of the rows: neither names nor their order change a draw
            members = np.flatnonzero(strata == stratum)
            shuffled, n_dropped = generator.permutation(members), int(dropped[members].sum())
            kept[draw, shuffled[:n_dropped]] = False
            new = np.sort(version.labels[0][members[moved[members]]])
            if len(new):
                labels[draw, shuffled[n_dropped : n_dropped + len(new)]] = new
    weights = _weights_like(name, version, strata, kept)
    alike = "from the same classes" if evidence.classes else "from the same tenths of the labels"
    done = [f"{int(dropped.sum())} rows dropped at random {alike}"] if dropped.any() or not moved.any() else []
    done += [f"{int(moved.sum())} rows relabelled at random, as many from each class to each"] if moved.any() else []
    done = done if dropped.any() or moved.any() or weights is None else []
    done += [] if weights is None else ["the weights in a random order"]
    note = f"control: {', '.join(done)}, anew for each seed"
    return Version(name, labels, kept, no_patch(), redrawn=True, control=True, note=note, weights=weights)


def review_like(name: str, version: Version, evidence: Evidence) -> Version:
    """Review as many rows as the version, chosen at random, anew for each draw, by the same simulated reviewer."""
    true = true_labels(name, evidence)
    labels = np.repeat(evidence.labels[None, :], evidence.draws, axis=0)
    for draw, generator in enumerate(_generators(name, evidence.draws)):
        rows = generator.permutation(len(evidence.ids))[: version.reviewed]
        labels[draw, rows] = true[rows]
    note = f"control, simulated: {version.reviewed} random rows answered from the true label, anew for each seed"
    kept = np.ones(labels.shape, dtype=bool)
    return Version(
        name, labels, kept, no_patch(), redrawn=True, control=True, simulated=True, reviewed=version.reviewed, note=note
    )


def _weights_like(name: str, version: Version, strata: np.ndarray, kept: np.ndarray) -> np.ndarray | None:
    """Return the weights of a version's kept rows, in a random order for each draw, on as many rows that the control keeps."""
    if version.weights is None:
        return None
    own = version.weights[0]
    varied = any(
        np.ptp(own[(strata == stratum) & version.kept[0]]) > 1e-12 for stratum in dict.fromkeys(strata[version.kept[0]])
    )
    within = strata if varied else np.full(len(strata), "", dtype=object)
    found = np.ones(kept.shape)
    for draw, generator in enumerate(_generators(f"{name} weights", len(kept))):
        for stratum in dict.fromkeys(within):
            mine = within == stratum
            found[draw, mine & kept[draw]] = generator.permutation(own[mine & version.kept[0]])
    return found


def _strata(evidence: Evidence) -> np.ndarray:
    """Return what a control draws within, shape (n_rows,): the given class, or the tenth of labels that are numbers."""
    if evidence.classes:
        return evidence.labels
    values = np.asarray(evidence.labels, dtype=np.float64)
    return np.searchsorted(np.quantile(values, np.arange(0.1, 0.95, 0.1)), values)


def _generators(name: str, draws: int) -> list[np.random.Generator]:
    """Return one generator a draw; draw d depends on the control's name and d alone, not on how many there are."""
    return [np.random.default_rng([zlib.crc32(name.encode()), draw]) for draw in range(draws)]
