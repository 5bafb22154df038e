"""One module a stage, run by DVC as `python -m ceteris.stages.NAME`; this room is how each of them starts and ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError
from ceteris.layout import read_layout
from ceteris.params import Params
from ceteris.store import find_root, read_params, single_writer

__all__ = ["Stage", "Progress", "open_stage", "run"]


@dataclass(frozen=True)
class Stage:
    """What a stage is given: where it stands, what params.yaml says, and where dvc.yaml puts things."""

    name: str
    root: Path
    params: Params
    layout: dict[str, str]

    def path(self, name: str, *parts: str) -> Path:
        """Return the absolute path that dvc.yaml names `name`, or a file below it."""
        return self.root.joinpath(self.layout[name], *parts)

    def tell(self, line: str) -> None:
        """Print one line of progress."""
        print(f"{self.name}: {line}", file=sys.stderr, flush=True)


class Progress:
    """Tells how far long work is, a line every few seconds, with the time that is left at the pace so far."""

    def __init__(self, stage: Stage, unit: str, every: float = 3.0) -> None:
        self._stage, self._unit, self._every = stage, unit, every
        self._started = self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Say that `done` of `total` are finished, where the last word is some seconds old; none yet is no pace."""
        now = time.monotonic()
        if now - self._told >= self._every and 0 < done < total:
            self._told = now
            left = (now - self._started) / done * (total - done)
            self._stage.tell(f"{done:,} of {total:,} {self._unit}, about {left:.0f} s left")


def open_stage(name: str, start: Path | None = None) -> Stage:
    """Return the stage of the repository at or above `start` (default: the working directory)."""
    root = find_root(start)
    return Stage(name=name, root=root, params=read_params(root), layout=read_layout(root))


def run(main: Callable[[Stage], None]) -> None:
    """Run a stage as its own process: one writer, and a refusal as a sentence and an exit code."""
    name = main.__module__ if main.__module__ != "__main__" else Path(sys.argv[0]).stem
    name = name.rsplit(".", 1)[-1]
    try:
        root = find_root()
        with single_writer(root, name):
            main(open_stage(name, root))
    except CeterisError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except SystemExit as error:
        print(f"{name}: something ended the stage from inside ({error.code!r}); it is not done", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print(f"{name}: stopped; what was finished is kept, run again to go on", file=sys.stderr)
        raise SystemExit(130) from None
