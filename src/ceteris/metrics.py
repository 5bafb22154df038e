"""The metrics: what each is called, the unit of its differences, which way is better, and what it is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["CLASSES", "METRICS", "NUMBERS", "Metric", "metrics_of", "typeset"]

CLASSES, NUMBERS = "classes", "numbers"  # what labels are
_SIGNIFICANT = 3  # digits, where the unit is that of the labels and may be of any size


@dataclass(frozen=True)
class Metric:
    """A metric, computed per row in an orientation in which more is better (`ceteris.measuring.scoring`).

    Attributes
    ----------
    name : str
        As `compare.metric` says it.
    title : str
        As prose has it.
    unit, level_unit : str
        Of a difference, and of the metric's own value; empty where it is that of the label.
    factor : float
        What a score is multiplied by to be in this unit.
    decimals : int or None
        Shown; None: as many as three of them say something.
    lower : bool
        The metric's own value is better when lower, and its per-row scores are its negative.
    of_probabilities : bool
        Computed from probabilities, and so not to be had from a model that gives none.
    every_row : bool
        Almost every row moves it, not those alone on which two arms predict another class.
    by_class : bool
        An average over classes.
    labels : {"classes", "numbers"}
    region : str
        The key of params.yaml's `compare` that says which differences are of no practical meaning.
    """

    name: str
    title: str
    unit: str = "pp"
    level_unit: str = "%"
    factor: float = 100.0
    decimals: int | None = 1
    lower: bool = False
    of_probabilities: bool = False
    every_row: bool = False
    by_class: bool = False
    labels: str = CLASSES
    region: str = "region"

    @property
    def orientation(self) -> str:
        """Which way a positive difference points, where the metric's own name would mislead; else empty."""
        return f"positive: lower {self.title}" if self.lower else ""

    @property
    def best(self) -> float:
        """The score of a row that is as right as it can be."""
        return 0.0 if self.lower else 1.0

    @property
    def sign(self) -> float:
        """What the mean of the per-row scores is multiplied by to be the metric's own value."""
        return -1.0 if self.lower else 1.0

    def digits(self, value: float) -> str:
        """Return a value of the scores as a number in this unit: "-2.9", "0.0"."""
        shown = value * self.factor
        if self.decimals is not None:
            return f"{round(shown, self.decimals) + 0.0:.{self.decimals}f}"
        rounded = float(f"{shown:.{_SIGNIFICANT}g}")
        whole = abs(rounded) >= 10 ** (_SIGNIFICANT - 1) or not rounded
        return f"{shown + 0.0:.0f}" if whole else f"{Decimal(repr(rounded)):f}"

    def signed(self, value: float) -> str:
        """Return `digits` with its sign, as people are shown it: "+0.4", "\u22122.9"."""
        digits = self.digits(value)
        return typeset(digits if digits.startswith("-") else f"+{digits}")

    def extent(self, value: float) -> str:
        """Return a size with its unit, as it was set, without digits that it does not have: "0.5 pp"."""
        return f"{value * self.factor:g} {self.unit}".rstrip()


def typeset(number: str) -> str:
    """Return a number with the sign for minus instead of a hyphen."""
    return number.replace("-", "\u2212")


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy"),
        Metric("balanced_accuracy", "balanced accuracy", by_class=True),
        Metric("macro_f1", "macro-F1", by_class=True),
        Metric(
            "log_loss", "log-loss", "nats", "nats", 1.0, 3,
            lower=True, of_probabilities=True, every_row=True, region="region_log_loss",
        ),
        Metric("roc_auc", "ROC-AUC", of_probabilities=True, every_row=True, by_class=True),
        Metric(
            "mae", "mean absolute error", "", "", 1.0, None,
            lower=True, every_row=True, labels=NUMBERS, region="region_error",
        ),
        Metric(
            "rmse", "root mean squared error", "", "", 1.0, None,
            lower=True, every_row=True, labels=NUMBERS, region="region_error",
        ),
        Metric("r2", "R\u00b2", "", "", 1.0, 3, every_row=True, labels=NUMBERS),
    )
}  # fmt: skip


def metrics_of(labels: str) -> tuple[str, ...]:
    """Return the names of the metrics for labels that are "classes" or "numbers"."""
    return tuple(name for name, metric in METRICS.items() if metric.labels == labels)
