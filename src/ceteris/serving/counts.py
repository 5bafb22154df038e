"""What a server counts of itself, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

__all__ = ["Counts"]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a gauge beside each counter that says since when it counts
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Counts:
    """The counters of one server, in a registry of its own.

    Parameters
    ----------
    waiting : callable
        Returns the rows that are predicted or logged just now.
    """

    CONTENT_TYPE = CONTENT_TYPE_LATEST

    def __init__(self, waiting: Callable[[], int], model: str) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter("ceteris_requests", "Requests", ["path", "status"], registry=registry)
        self.rows = Counter("ceteris_rows", "Rows that were answered", registry=registry)
        self.latency = Histogram(
            "ceteris_predict_seconds", "From a body that is read to an answer", buckets=_BUCKETS, registry=registry
        )
        self.dropped = Counter("ceteris_dropped_rows", "Rows that were answered and not logged (drop)", registry=registry)
        self.unlogged = Counter(
            "ceteris_unlogged",
            "What could not be logged: rows that were refused for it, and refusals",
            ["what"],
            registry=registry,
        )
        queue = Gauge("ceteris_log_queue_rows", "Rows that are predicted or logged just now", registry=registry)
        queue.set_function(waiting)
        Gauge("ceteris_model", "The package that is served", ["fingerprint"], registry=registry).labels(model).set(1)
        for what in ("rows", "refusals"):
            self.unlogged.labels(what)

    def text(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self._registry)
