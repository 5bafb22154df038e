"""Can someone else read it in a minute? One HTML file, and its figures beside it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import pandas as pd

from ceteris import plots
from ceteris.canvas.drawn import Drawing, drawing
from ceteris.canvas.reading import checked, read_canvas
from ceteris.canvas.terms import FILE as CANVAS
from ceteris.canvas.told import together_later
from ceteris.dataset import ID, META
from ceteris.diagnosis.told import no_families, no_kinds, none_unsure
from ceteris.errors import ParamsError
from ceteris.kinds import image_pixels
from ceteris.layout import COMPARISONS
from ceteris.metrics import METRICS, NUMBERS
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, read_table, sweep, write_text
from ceteris.telling.finding import findings
from ceteris.telling.report import Picture, Settings, Tables, render
from ceteris.telling.story import simulated_versions

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write reports/report.html and reports/figures/."""
    manifest = read_json(stage.path("raw", "manifest.json"))
    tables, settings = _tables(stage), _settings(stage, str(manifest["source"]))
    canvas = _canvas(stage, tables)
    drawings = _drawings(tables, settings) | _images(stage, tables.issues, manifest.get("image_shape"))
    pictures = {name: _picture(draw, narrow=name == "forest") for name, draw in drawings.items()}
    folder, kept = stage.path("reports", "figures"), set()
    for name, picture in pictures.items():
        for theme in plots.THEMES:
            kept.add(folder / f"{name}-{theme.name}.svg")
            write_text(folder / f"{name}-{theme.name}.svg", getattr(picture, theme.name))
    page = stage.path("reports", "report.html")
    write_text(page, render(tables, pictures, settings, canvas))
    sweep(folder, kept)
    stage.tell(f"open {page.relative_to(stage.root)} in a browser")


def _canvas(stage: Stage, tables: Tables) -> Drawing | None:
    """Return the canvas as it is drawn, and tell or refuse where it parts from what is run; None where there is none."""
    canvas = read_canvas(stage.root)
    if canvas is None:
        return None
    found = checked(stage.root, canvas, stage.params, tables.grid)
    if found and stage.params.report.canvas == "refuse":
        listed = "".join(f"\n  {one.told}" for one in found)
        raise ParamsError(
            f"{CANVAS} and what is run part:{listed}\n", "Bring them together, or write `report.canvas: tell` in params.yaml."
        )
    for one in found:
        stage.tell(one.told)
    effects = findings(tables.effects, simulated_versions(tables.versions))
    return drawing(canvas, found, effects, stage.params, together_later(canvas))


def _tables(stage: Stage) -> Tables:
    compare, people = stage.path("results", "compare"), stage.path("results", "audit", "annotators.csv")
    kinds, families, unsure = (stage.path("results", "diagnose", f"{name}.csv") for name in ("issues", "families", "unsure"))
    texts = ("baseline_model", "baseline_version", "candidate_model", "candidate_version", "control", "reason", "queue")
    return Tables(
        effects=read_table(compare / "effects.csv", text=texts),
        grid=read_table(compare / "grid.csv", text=("model", "version")),
        versions=read_table(stage.path("results", "fix", "versions.csv"), text=("version", "note")),
        issues=read_parquet(stage.path("audit", "issues.parquet")),
        visible=read_table(stage.path("results", "split", "visible.csv")),
        metrics=read_json(compare / "metrics.json"),
        reviews=read_table(compare / "verified.csv", text=texts),
        people=read_table(people, text=("annotator", "least_on")) if people.is_file() else pd.DataFrame(),
        audit=read_json(stage.path("results", "audit", "summary.json")),
        kinds=read_table(kinds, text=("kind", "status", "about", "why", "examples")) if kinds.is_file() else no_kinds(),
        families=read_table(families, text=("pattern", "given_label", "examples")) if families.is_file() else no_families(),
        unsure=read_table(unsure, text=("pattern",)) if unsure.is_file() else none_unsure(),
        groups=read_table(compare / "groups.csv", text=("model", "version", "column", "group", "scored_on", "state")),
    )


def _settings(stage: Stage, source: str) -> Settings:
    compare = stage.params.compare
    comparisons = os.path.relpath(stage.root / COMPARISONS / "index.html", stage.path("reports"))
    return Settings(
        stage.params.report.title,
        source,
        compare.metric,
        compare.confidence,
        compare.region_of(compare.metric),
        comparisons,
        stage.params.held_model,
        stage.params.fix.steps(),
    )


def _drawings(tables: Tables, settings: Settings) -> dict[str, Callable[..., Any]]:
    """Return how each figure is drawn, in a theme still to be named."""
    simulated = simulated_versions(tables.versions)
    return {
        "forest": functools.partial(
            plots.effects_forest,
            tables.effects,
            metric=settings.metric,
            region=settings.region,
            confidence=settings.confidence,
            simulated=simulated,
        ),
        "grid": functools.partial(plots.grid_heatmap, tables.grid, metric=settings.metric, simulated=simulated),
        "quality": functools.partial(plots.label_quality, tables.issues),
    } | _labels(tables, settings)


def _labels(tables: Tables, settings: Settings) -> dict[str, Callable[..., Any]]:
    """Return how it is drawn which labels are taken for which, or, where they are numbers, for how much."""
    if METRICS[settings.metric].labels == NUMBERS:
        return {"predicted": functools.partial(plots.predicted_numbers, tables.issues)}
    return {"confused": functools.partial(plots.confused_labels, tables.issues)}


def _images(stage: Stage, issues: pd.DataFrame, shape: list[int] | None) -> dict[str, Callable[..., Any]]:
    """Return how the most doubted images are drawn; nothing where the rows are no images."""
    if shape is None:
        return {}
    train = read_parquet(stage.path("split", "train.parquet"))
    images = image_pixels(train[sorted(name for name in train.columns if name not in META)], shape)
    return {"images": functools.partial(plots.doubted_images, issues, train[ID].to_numpy(dtype=object), images)}


def _picture(draw: Callable[..., Any], narrow: bool) -> Picture:
    themes = {theme.name: plots.to_svg(draw(theme=theme)) for theme in plots.THEMES}
    if narrow:
        themes |= {f"narrow_{theme.name}": plots.to_svg(draw(theme=theme, compact=True)) for theme in plots.THEMES}
    return Picture(**themes)


if __name__ == "__main__":
    run(main)
