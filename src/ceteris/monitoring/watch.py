"""Judge every exported window of data/windows/: what `ceteris monitor` does, as a stage of DVC."""

from __future__ import annotations

from pathlib import Path

from ceteris.errors import BadInputError
from ceteris.monitoring.commands import check_groups, package_of
from ceteris.monitoring.kept import keep
from ceteris.monitoring.told import headline
from ceteris.monitoring.watched import NEEDED, watch
from ceteris.monitoring.windows import COLUMNS, window_of
from ceteris.release.folder import read_terms
from ceteris.stages import Stage, run
from ceteris.store import read_parquet, sweep

__all__ = ["RESULTS", "WINDOWS", "main"]

WINDOWS, RESULTS = "data/windows", "release/watch/results"
README = "README.md"  # stands in git, so that DVC finds the folder before any window


def main(stage: Stage) -> None:
    """Write release/watch/results/: of each window its JSON and its tests, and the page."""
    settings, packaged = read_terms(stage.root).monitor, package_of(stage.root, Path("release/model"))
    check_groups(settings, packaged.schema)
    paths = sorted((stage.root / WINDOWS).glob("*.parquet"))
    if not paths:
        raise BadInputError(f"{WINDOWS} holds no window.", f"ceteris monitor --log FILE --export {WINDOWS}/NAME.parquet")
    reference, results = packaged.reference(NEEDED), []
    for path in paths:
        raw = read_parquet(path)
        if list(raw.columns) != list(COLUMNS) or raw.empty:
            raise BadInputError(f"{path.relative_to(stage.root)} is no exported window.", "Export it: ceteris monitor --export")
        if set(raw["model"]) != {packaged.fingerprint}:
            stage.tell(f"{path.name} is left out: it is of another model than release/model")
            continue
        results.append(watch(window_of(raw, packaged.schema), reference, packaged.schema, settings))
        stage.tell(f"{path.name}: {headline(results[-1])}")
    sweep(stage.root / RESULTS, {stage.root / RESULTS / README})
    if not results:
        raise BadInputError("No window is of the model in release/model.", "Export one of its log: ceteris monitor --export")
    keep(stage.root / RESULTS, sorted(results, key=lambda one: one["last"]), str(packaged.manifest.get("cell", "")))


if __name__ == "__main__":
    run(main)
