"""cleanlab, loaded without what no audit needs."""

from __future__ import annotations

import sys

__all__ = ["load_cleanlab"]


def load_cleanlab() -> None:
    """Load cleanlab without its Datalab, which would bring Hugging Face's datasets with it: a second that no audit needs."""
    if {"cleanlab", "datasets"} & set(sys.modules):
        return
    sys.modules["datasets"] = None  # type: ignore[assignment]
    try:
        import cleanlab  # noqa: F401
    finally:
        del sys.modules["datasets"]
