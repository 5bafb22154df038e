"""What is a change to the data worth, with the model held fixed, and a change to the model, with the data held fixed?

The public names load what they need when they are first asked for, so that a stage which imports a room of this package
pays for that room alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "measure_effect": "measuring.measure",
    "measure_model_effect": "measuring.measure",
    "open": "workbench",
    "review": "reviewing.widget",
    "CeterisError": "errors",
    "LeakageError": "errors",
    "NotHeldFixedError": "errors",
    "SealedTestError": "errors",
    "StaleEditError": "errors",
}
__all__ = [
    "measure_effect",
    "measure_model_effect",
    "open",
    "review",
    "CeterisError",
    "LeakageError",
    "NotHeldFixedError",
    "SealedTestError",
    "StaleEditError",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ceteris' has no attribute {name!r}")
    return getattr(import_module(f"ceteris.{_HOME[name]}"), name)
