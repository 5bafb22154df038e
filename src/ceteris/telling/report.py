"""The report: tables and figures in, one HTML text out that needs nothing beside it.

The first screen answers which lever moved the score, by how much, how sure, and scored on what. No script, no address;
every label is text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from ceteris.canvas.drawn import Drawing
from ceteris.diagnosis.told import diagnosis_told, families_told, no_families, no_kinds, none_unsure
from ceteris.families.line import unsure_line
from ceteris.measuring.fairness import COLUMNS as OF_GROUPS
from ceteris.measuring.fairness import metric_of
from ceteris.measuring.reviews import reviews_of, reviews_table
from ceteris.metrics import METRICS, NUMBERS
from ceteris.sections import SCORED_ON
from ceteris.telling import story, wording
from ceteris.telling.finding import Finding, findings
from ceteris.telling.groups_told import groups_told
from ceteris.telling.scored_twice import AGREEING_MEANS, given_told, progress_told, scored_twice

__all__ = ["Picture", "Settings", "Tables", "render", "template"]

MOST_ISSUES = 50
FIGURES = ("forest", "grid", "quality", "confused", "predicted", "images")


@dataclass(frozen=True)
class Tables:
    """What the report is made of.

    Attributes
    ----------
    effects, grid : DataFrame
        results/compare/effects.csv and grid.csv.
    versions : DataFrame
        results/fix/versions.csv.
    issues : DataFrame
        data/audit/issues.parquet.
    visible : DataFrame
        results/split/visible.csv: discordant_share, smallest_visible (blank: nothing shows); may be empty.
    metrics : mapping
        results/compare/metrics.json.
    reviews : DataFrame
        results/compare/verified.csv; may be empty.
    people : DataFrame
        results/audit/annotators.csv; empty where one label a row is all there is.
    audit : mapping
        results/audit/summary.json.
    groups : DataFrame
        results/compare/groups.csv; may be empty.
    kinds : DataFrame
        results/diagnose/issues.csv; may be empty.
    families : DataFrame
        results/diagnose/families.csv; may be empty.
    unsure : DataFrame
        results/diagnose/unsure.csv; may be empty.
    """

    effects: pd.DataFrame
    grid: pd.DataFrame
    versions: pd.DataFrame
    issues: pd.DataFrame
    visible: pd.DataFrame
    metrics: Mapping[str, Any]
    reviews: pd.DataFrame = field(default_factory=lambda: reviews_table([]))
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    audit: Mapping[str, Any] = field(default_factory=dict)
    groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(OF_GROUPS)))
    kinds: pd.DataFrame = field(default_factory=no_kinds)
    families: pd.DataFrame = field(default_factory=no_families)
    unsure: pd.DataFrame = field(default_factory=none_unsure)


@dataclass(frozen=True)
class Settings:
    """What params.yaml says about how the tables came about.

    Attributes
    ----------
    region : that of the metric
    comparisons : relative address of the list of comparisons; none where it is empty
    model : the model that is held fixed where the data move
    recipes : the steps of each version
    """

    title: str = "What moved the score?"
    source: str = ""
    metric: str = "accuracy"
    confidence: float = 0.95
    region: float = 0.005
    comparisons: str = ""
    model: str = ""
    recipes: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """One figure as SVG texts: light and dark, and the narrow ones where a small screen needs its own."""

    light: str
    dark: str
    narrow_light: str = ""
    narrow_dark: str = ""

    @property
    def width(self) -> float:
        """Its own width in CSS pixels."""
        found = re.search(r'<svg[^>]* width="([0-9.]+)pt"', self.light)
        return float(found[1]) * 96 / 72 if found else 0.0


def render(tables: Tables, pictures: Mapping[str, Picture], settings: Settings, canvas: Drawing | None = None) -> str:
    """Return the report as one HTML text, the same bytes for the same tables.

    Parameters
    ----------
    tables : Tables
    pictures : mapping of str to Picture
        `forest`, `grid`, `quality`, `confused` (of numbers `predicted`), `images`; those that are absent are left out.
    settings : Settings
    canvas : Drawing, optional
    """
    simulated = story.simulated_versions(tables.versions)
    found = findings(tables.effects, simulated)
    chosen = story.planned(found, settings.metric)
    reviews = reviews_of(tables.reviews)
    models, grid = _grid(tables.grid, settings.metric)
    return template("report.html.j2").render(
        settings=settings,
        canvas=canvas,
        metric=wording.metric_name(settings.metric),
        orientation=wording.orientation(settings.metric),
        pictures={name: pictures.get(name) for name in FIGURES},
        levers=[_lever(axis, chosen) for axis in ("data", "model")],
        chosen=chosen,
        where=" and ".join(dict.fromkeys(finding.labels_text for finding in chosen)),
        doubtful=_doubtful(chosen),
        nothing_reviewed=story.nothing_reviewed(tables.versions),
        twice=scored_twice(found, settings.metric, reviews),
        agreeing_means=AGREEING_MEANS,
        progress={arms: told for arms, review in reviews.items() if (told := progress_told(review))},
        controls=story.control_rows(found, settings.metric),
        ranking=story.ranking(found, settings.metric),
        exploratory=_unadjusted(found, settings.metric),
        models=models,
        grid=grid,
        simulated=simulated,
        versions=tables.versions.fillna("").to_dict("records"),
        issues=_issues(tables.issues),
        people=tables.people.to_dict("records"),
        agreement=_agreement(tables.audit),
        flagged=int(tables.issues["is_label_issue"].astype(bool).sum()),
        n_issues=len(tables.issues),
        groups=groups_told(tables.groups, *_of_groups(settings)),
        families=families_told(tables.families),
        unsure=[unsure_line(one) for one in tables.unsure.itertuples()],
        diagnosis=diagnosis_told(tables.kinds, settings.recipes, found, settings.metric, settings.model),
        plan=tables.metrics.get("plan", ""),
        visible=_visible_effects(chosen, tables, settings),
    )


def _of_groups(settings: Settings) -> tuple[str, float]:
    """Return what groups are scored by, and by how much their gap must grow to be told as wider."""
    numbers = METRICS[settings.metric].labels == NUMBERS
    metric = metric_of(0 if numbers else 2)
    return metric, settings.region if METRICS[metric].region == METRICS[settings.metric].region else 0.005


def _lever(axis: str, chosen: list[Finding]) -> dict[str, Any]:
    """Return what the headline of one axis says."""
    found = story.best(chosen, axis)
    helps = found is not None and found.verdict == "helps"
    return {"axis": axis, "found": found, "helps": helps, "picked": story.picked(chosen, axis)}


def _doubtful(chosen: list[Finding]) -> dict[str, list[Finding]]:
    """Return the verdicts on given labels: those that wrong labels would undo, that none would, and those never counted."""
    given = [finding for finding in chosen if finding.scored_on == "given" and finding.applicable]
    return {
        "tippable": [finding for finding in given if finding.can_tip],
        "firm": [finding for finding in given if not finding.can_tip and finding.undoing],
        "uncounted": [finding for finding in given if not finding.undoing],
    }


def _unadjusted(found: list[Finding], metric: str) -> list[Finding]:
    """Return what stands outside the family of Holm, the primary metric first: contrasts not planned, and other metrics."""
    best = story.on_best_labels(found)
    others = [finding for finding in best if finding.planned and finding.metric != metric]
    return sorted([*others, *story.exploratory(best)], key=lambda finding: finding.metric != metric)


def _grid(grid: pd.DataFrame, metric: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the models, and one line a metric, scored_on and version with the value of each model, primary metric first."""
    models = list(dict.fromkeys(grid["model"].astype(str)))
    lines: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in grid.to_dict("records"):
        key = str(row["metric"]), str(row["scored_on"]), str(row["version"])
        metric_text = wording.metric_name(key[0]) + (", lower is better" if METRICS[key[0]].lower else "")
        names = {"version": key[2], "metric": metric_text, "labels_text": wording.labels_of(key[1])}
        line = lines.setdefault(key, names | {"values": dict.fromkeys(models, "\u2013")})
        line["values"][str(row["model"])] = wording.level(_number(row["value"]), key[0])
        line |= {"n_seeds": row["n_seeds"], "n_rows": row["n_rows"]}
    metrics = list(dict.fromkeys(key[0] for key in lines))
    trust = {name: place for place, name in enumerate(SCORED_ON)}
    order = sorted(lines, key=lambda key: (key[0] != metric, metrics.index(key[0]), trust.get(key[1], len(trust))))
    return models, [lines[key] for key in order]


def _number(value: Any) -> float:
    return float(pd.to_numeric(value, errors="coerce"))


def _agreement(audit: Mapping[str, Any]) -> dict[str, str]:
    """Return how far people who labelled the same rows agree, in words."""
    alpha, low, high = (audit.get(name) for name in ("alpha", "alpha_low", "alpha_high"))
    span = f" [{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
    return {
        "alpha": "\u2013" if alpha is None else f"{alpha:.2f}{span}",
        "rows": wording.count(audit.get("rows_of_several", 0)),
    }


def _issues(issues: pd.DataFrame) -> list[dict[str, Any]]:
    flagged = issues.loc[issues["is_label_issue"].astype(bool)]
    worst = flagged.sort_values(["label_quality", "id"], kind="stable").head(MOST_ISSUES)
    names = ["id", "given_label", "suggested_label", "label_quality"]
    return [dict(zip(names, row, strict=True)) for row in worst[names].itertuples(index=False)]


def _visible_effects(chosen: list[Finding], tables: Tables, settings: Settings) -> dict[str, Any]:
    """Return the smallest effects that could have been seen: before training, and after the controls ran."""
    rows = int(max((finding.n_rows for finding in chosen if finding.applicable), default=0))
    assumed = tables.visible if rows and settings.metric == "accuracy" else tables.visible.head(0)
    sizes = pd.to_numeric(assumed["smallest_visible"], errors="coerce")  # blank where too few rows differ
    shares = zip(assumed["discordant_share"].tolist(), sizes.tolist(), strict=True)
    before = [(wording.percent(share), "nothing" if pd.isna(size) else _size(size, settings.metric)) for share, size in shares]
    after = _number(tables.metrics.get("smallest_visible"))
    told = "" if pd.isna(after) else _size(after, settings.metric)
    return {"rows": rows, "before": before, "after": told, "k": sum(not pd.isna(finding.p_holm) for finding in chosen)}


def _size(value: float, metric: str) -> str:
    return wording.amount(value, metric).replace("+", "\u00b1")


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")


@cache
def template(name: str) -> Any:
    """Return a page of ceteris, with the words that all of them share; what is put in is text."""
    environment = Environment(
        loader=PackageLoader("ceteris", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": wording.visible,
        "count": wording.count,
        "percent": wording.percent,
        "extent": lambda size, metric: METRICS[metric].extent(size),
        "metric_name": wording.metric_name,
        "data_uri": _data_uri,
        "unbroken": lambda text: text.replace(" ", "\u00a0"),
        "given_told": given_told,
        "upper_first": wording.upper_first,
        "share": lambda value: "\u2013" if pd.isna(value) else f"{value:.2f}",
        "p": lambda value: "\u2013" if pd.isna(value) else "<\u00a00.001" if value < 0.001 else f"{value:.3f}",
    }
    return environment.get_template(name)
