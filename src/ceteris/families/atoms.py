"""The clauses that are searched: of each column its frequent values, ranges, gaps, words and letters. No label is looked at.

Which rows belong to a clause is always told by the clause itself, as `Slice.of` tells it, so that a pattern can be asked again
from its text alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.dataset import LABEL
from ceteris.families.characters import HAS, IS, MISSING, is_so, words_of
from ceteris.families.patterns import META_WORDS
from ceteris.kinds import array_kind, is_number
from ceteris.reviewing.slices import HAS_WORD, LONGER, SHORTER, Slice
from ceteris.tables.dates import said
from ceteris.tables.labels import number_text

__all__ = ["FEWEST", "Atoms", "atoms_of", "unsearched"]

FEWEST = 20  # rows of a pattern
_MOST_BYTES = 500_000_000  # of all clauses, a bit a row
_MOST_VALUES, _MOST_WORDS, _LONGEST = 200, 5_000, 100  # of one column; letters of a value
_WORDY = 50  # different values from which a category is read word by word
_CUTS = np.arange(1, 8) / 8
_ENDS = np.array([0.01, 0.05, 0.95, 0.99])
_SECONDS = 3e8, 5e9  # times in this range are taken for dates, from 1979 to 2128


@dataclass(frozen=True, eq=False)
class Atoms:
    """Clauses, and which rows belong to each.

    Attributes
    ----------
    clauses : list of Slice
    bits : ndarray of uint8, shape (n_clauses, n_bytes)
        `numpy.packbits` of the rows.
    n_rows : int
    """

    clauses: list[Slice]
    bits: np.ndarray
    n_rows: int

    def members(self, which: np.ndarray, rows: slice) -> np.ndarray:
        """Return which of some rows (from a multiple of 8 on) belong to some clauses, shape (n_which, n_rows), float32."""
        stop = min(rows.stop, self.n_rows)
        part = self.bits[which, rows.start // 8 : -(-stop // 8)]
        return np.unpackbits(part, axis=1, count=stop - rows.start).astype(np.float32)

    def of(self, which: int) -> np.ndarray:
        """Return which rows belong to one clause, shape (n_rows,), bool."""
        return np.unpackbits(self.bits[which], count=self.n_rows).astype(bool)


def atoms_of(columns: Mapping[str, pd.Series], kinds: Mapping[str, str]) -> Atoms:
    """Return every clause that at least 20 rows belong to, and that 20 rows do not; of two with the same rows the first.

    Parameters
    ----------
    columns : mapping of str to Series
        From `patterns.columns_of`; the given label is no clause here.
    kinds : mapping of str to str
        Of the features.
    """
    n_rows = len(next(iter(columns.values()))) if columns else 0
    most = max(_MOST_BYTES * 8 // max(n_rows, 1), 100)
    if n_rows < 2 * FEWEST:
        return Atoms([], np.zeros((0, -(-n_rows // 8)), dtype=np.uint8), n_rows)
    clauses, bits, known = list[Slice](), list[np.ndarray](), set[bytes]()
    for name, values in columns.items():
        if name in (LABEL, META_WORDS[LABEL]) and name not in kinds:
            continue
        if unsearched(values):
            continue
        for clause, belongs in _clauses(name, values, kinds.get(name, "")):
            if not FEWEST <= np.count_nonzero(belongs) <= n_rows - FEWEST or len(clauses) >= most:
                continue
            packed = np.packbits(belongs)
            same = hashlib.sha256(packed.tobytes()).digest()
            if same not in known:
                known.add(same)
                clauses.append(clause)
                bits.append(packed)
    return Atoms(clauses, np.stack(bits) if bits else np.zeros((0, -(-n_rows // 8)), dtype=np.uint8), n_rows)


def unsearched(values: pd.Series) -> str:
    """Return why no clause is made of a column: it holds arrays or lists in each row; "" where it is searched."""
    if not len(values) or is_number(values) or _is_people(values):
        return ""
    if kind := array_kind(values):
        return f"a {kind} in each row"
    if pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty"):
        return ""
    others = {type(cell).__name__ for cell in values if not (cell is None or isinstance(cell, str))}
    return f"{' and '.join(sorted(others))} in its rows"


def _is_people(values: pd.Series) -> bool:
    return isinstance(values.iloc[0], frozenset)


def _clauses(name: str, values: pd.Series, kind: str) -> Iterator[tuple[Slice, np.ndarray]]:
    if _is_people(values):
        labelled: dict[str, list[int]] = {}
        for row, people in enumerate(values):
            for person in people:
                labelled.setdefault(person, []).append(row)
        for person in sorted(labelled):
            yield Slice(name, "=", person), np.isin(np.arange(len(values)), labelled[person])
        return
    yield Slice(name, "is", MISSING), values.isna().to_numpy()
    if is_number(values):
        yield from _of_numbers(name, values.to_numpy(dtype=np.float64), kind)
    else:
        yield from _of_texts(name, values, kind)


def _of_numbers(name: str, numbers: np.ndarray, kind: str) -> Iterator[tuple[Slice, np.ndarray]]:
    known = numbers[np.isfinite(numbers)]
    different, counts = np.unique(known, return_counts=True)
    if len(different) < 2:
        return
    if len(different) <= _MOST_VALUES:
        for value in different[counts >= FEWEST]:
            yield Slice(name, "=", _said(value, "")), numbers == value
    is_date = kind == "date" or (name in META_WORDS.values() and _SECONDS[0] < known.min() and known.max() < _SECONDS[1])
    cuts = np.quantile(known, np.sort([*_CUTS, *_ENDS]), method="higher")
    for cut in np.unique(np.floor(cuts) if is_date else _short(cuts)):
        text = _said(cut, "date" if is_date else "")
        yield Slice(name, ">=", text), numbers >= cut
        yield Slice(name, "<", text), numbers < cut


def _short(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of four digits that tell anything: what a person can read."""
    return np.array([float(f"{number:.4g}") for number in numbers])


def _said(value: float, kind: str) -> str:
    return said(value) if kind == "date" else str(number_text(repr(float(value))))


def _of_texts(name: str, values: pd.Series, kind: str) -> Iterator[tuple[Slice, np.ndarray]]:
    place, different = pd.factorize(values)  # what is asked of a text is asked once
    texts = np.array([str(text) for text in different], dtype=object)
    counts = np.bincount(place[place >= 0], minlength=len(texts))

    def rows(belongs: np.ndarray) -> np.ndarray:
        return np.append(belongs, False)[place]  # the last place, -1, is that of missing texts

    frequent = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    for at in frequent[counts[frequent] >= FEWEST]:
        if len(texts[at]) <= _LONGEST and texts[at].strip():
            yield Slice(name, "=", texts[at]), place == at
    for sign, known in (("is", IS), ("has", HAS)):
        for told in known:
            yield Slice(name, sign, told), rows(np.array([is_so(text, sign, told) for text in texts], dtype=bool))
    lengths = np.array([len(text) for text in texts])
    if len(np.unique(lengths)) > 1:
        for cut in np.unique(np.quantile(lengths[place[place >= 0]], [*_CUTS, *_ENDS], method="higher")):
            yield Slice(name, LONGER, str(cut)), rows(lengths > cut)
            yield Slice(name, SHORTER, str(cut)), rows(lengths < cut)
    if kind == "text" or len(texts) > _WORDY:
        yield from _of_words(name, texts, counts, rows)


def _of_words(
    name: str, texts: np.ndarray, counts: np.ndarray, rows: Callable[[np.ndarray], np.ndarray]
) -> Iterator[tuple[Slice, np.ndarray]]:
    holding: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        for word in words_of(text):
            holding.setdefault(word, []).append(at)
    n_rows = {word: int(counts[held].sum()) for word, held in holding.items()}
    frequent = sorted((word for word in holding if n_rows[word] >= FEWEST), key=lambda word: (-n_rows[word], word))
    for word in frequent[:_MOST_WORDS]:
        belongs = np.zeros(len(texts), dtype=bool)
        belongs[holding[word]] = True
        yield Slice(name, HAS_WORD, word), rows(belongs)
