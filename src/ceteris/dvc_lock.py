"""What a dvc.lock holds: DVC's own file, in which it notes the params, dependencies and outputs of each stage."""

from __future__ import annotations

from typing import Any

__all__ = ["parse_lock"]


def parse_lock(content: bytes) -> Any:
    """Return the content of a dvc.lock. It is long, and libyaml reads it several times as fast as ruamel.yaml.

    Raises
    ------
    ValueError
        It is not readable as YAML.
    """
    import yaml

    try:
        return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error).split("\n")[0]) from None
