"""Figures: literal text, the same bytes each time, legible from 2 to 50 classes, and nothing global left changed."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
import shown
from matplotlib.figure import Figure

from ceteris import plots
from ceteris.plots.colors import contrast, ramp, text_on
from ceteris.plots.watch import over_windows, shifts

Draw = Callable[..., Figure]
DIGITS = np.random.default_rng(0).integers(0, 17, (300, 8, 8))


def draws(k: int, flagged: bool = True) -> dict[str, Draw]:
    found = shown.issues(k, flagged=flagged)
    ids = found["id"].to_numpy(dtype=object)
    return {
        "forest": lambda **how: plots.effects_forest(shown.effects(), **how),
        "compact": lambda **how: plots.effects_forest(shown.effects(), compact=True, explore=True, **how),
        "nats": lambda **how: plots.effects_forest(shown.effects().assign(metric="log_loss"), metric="log_loss", **how),
        "grid": lambda **how: plots.grid_heatmap(shown.grid(), **how),
        "grid of numbers": lambda **how: plots.grid_heatmap(shown.grid().assign(metric="mae"), metric="mae", **how),
        "quality": lambda **how: plots.label_quality(found, **how),
        "confused": lambda **how: plots.confused_labels(found, **how),
        "images": lambda **how: plots.doubted_images(found, ids, DIGITS, **how),
    }


def texts(figure: Figure) -> list[str]:
    tree = ET.fromstring(plots.to_svg(figure))
    return ["".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("theme", plots.THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("k", [2, 10, 50])
def test_every_figure_is_valid_and_repeatable(k: int, theme: plots.Theme) -> None:
    for draw in draws(k).values():
        svg = plots.to_svg(draw(theme=theme))
        assert ET.fromstring(svg).tag.endswith("svg")
        assert svg == plots.to_svg(draw(theme=theme))
        assert theme.surface in svg


@pytest.mark.parametrize("k", [2, 10, 50])
def test_no_text_leaves_the_sheet(k: int) -> None:
    for name, draw in draws(k).items():
        figure = draw()
        renderer: Any = figure._get_renderer()  # type: ignore[attr-defined]
        width, height = figure.get_size_inches() * figure.dpi
        for text in figure.axes[0].texts:
            if "\u05e2" not in text.get_text() and "\U0001f600" not in text.get_text() and "\u241b" not in text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1 and box.x1 <= width + 1, (name, text.get_text())
                assert box.y0 >= -1 and box.y1 <= height + 1, (name, text.get_text())


@pytest.mark.parametrize(
    "name", ["W" * 60, "MAXIMUM_NUMBER_OF_MEMBERSHIP_MONTHS_OF_THE_CUSTOMER", "a name of many words, all small " * 3]
)
def test_the_name_of_a_feature_stays_on_the_sheet_whatever_its_letters(name: str) -> None:
    figure = shifts([{"name": name, "shift": 0.3, "alarm": True}], 0.05)
    renderer: Any = figure._get_renderer()  # type: ignore[attr-defined]
    (drawn,) = (text for text in figure.axes[0].texts if "\u2026" in text.get_text())
    assert drawn.get_window_extent(renderer).x0 > 0


def test_labels_are_drawn_literally() -> None:
    found = "\n".join(texts(draws(10)["confused"]()))
    for label in ("$\\frac{$", "<script>alert(1)</script>", "[/x]", "\U0001f600 grin", "=1+1", "a&b\"c'd"):
        assert label in found
    svg = plots.to_svg(draws(10)["confused"]())
    assert "<script" not in svg
    assert "\x1b" not in svg and "\u202e" not in svg


def test_long_labels_keep_both_ends() -> None:
    found = [text for text in texts(draws(50)["confused"]()) if "\u2192" in text and "\u2026" in text]
    assert found
    assert any(re.search(r"(class \d\d|forty).*\u2026", text) for text in found)


def test_every_verdict_control_and_label_stands_in_the_forest() -> None:
    found = texts(plots.effects_forest(shown.effects()))
    for words in ("helps", "harms", "cannot tell", "+5.9 pp [+3.8, +8.0]", "random +2.8 pp [+1.3, +4.3]"):
        assert words in found
    assert any("scored on true labels" in text for text in found)


def test_labels_of_mixed_trust_are_named_row_by_row() -> None:
    mixed = shown.effects()
    mixed.loc[mixed["axis"] == "model", "scored_on"] = "verified (all)"
    found = texts(plots.effects_forest(mixed))
    assert any(text.endswith(", all verified") for text in found)
    assert any(text.endswith("true labels") for text in found)


@pytest.mark.parametrize("compact", [False, True])
def test_what_given_labels_told_is_drawn_beside_what_a_person_verified(compact: bool) -> None:
    given = shown.effects(scored_on="given")
    given["difference"] = -given["difference"]
    found = texts(
        plots.effects_forest(pd.concat([given, shown.effects(scored_on="verified (disagreements)")]), compact=compact)
    )
    assert any("\u00d7 on given labels" in text for text in found)
    beside = "given \u22125.9 pp [+3.8, +8.0] helps"
    assert (beside in found) == (not compact)
    alone = texts(plots.effects_forest(pd.concat([given, shown.effects()]), compact=compact))
    assert not any("on given labels" in text for text in alone)  # true labels are known from the start


def test_exploratory_effects_are_drawn_only_when_asked_for() -> None:
    assert not any(text.startswith("given \u2192 true") for text in texts(plots.effects_forest(shown.effects())))
    asked = texts(plots.effects_forest(shown.effects(), explore=True))
    assert any(text.startswith("given \u2192 true") for text in asked)
    assert any(text.startswith("Exploratory") for text in asked)


def test_the_grid_shows_value_and_difference_to_given() -> None:
    found = texts(plots.grid_heatmap(shown.grid()))
    assert {"80.0 %", "81.0 %", "+1.0 pp", "Accuracy on true labels"} <= set(found)


def test_a_model_without_probabilities_leaves_its_cells_out() -> None:
    assert "svc" not in texts(plots.grid_heatmap(shown.grid(), metric="log_loss"))


def test_a_lower_log_loss_is_a_gain_in_the_grid_as_it_is_in_the_effects() -> None:
    found = texts(plots.grid_heatmap(shown.grid(), metric="log_loss"))
    assert {"0.800 nats", "0.810 nats", "\u22120.010 nats"} <= set(found)
    assert any("gain over given (lower log-loss)" in text for text in found)
    assert "Log-loss on true labels" in found


def test_the_forest_of_log_loss_says_which_way_is_better() -> None:
    assert "nats; positive: lower log-loss" in texts(
        plots.effects_forest(shown.effects().assign(metric="log_loss"), metric="log_loss")
    )


def test_thousands_are_parted_in_every_figure_as_they_are_in_words() -> None:
    found = pd.concat([shown.issues(4)] * 20, ignore_index=True)
    found["suggested_label"] = np.where(found["is_label_issue"], found["given_label"].iloc[0], found["given_label"])
    many = pd.concat([found] * 4, ignore_index=True)
    assert "4,800 rows flagged" in texts(plots.label_quality(many))
    assert any(re.fullmatch("1,[0-9]{3}", text) for text in texts(plots.confused_labels(many)))


@pytest.mark.parametrize("k", [2, 10, 50])
def test_confused_counts_are_those_of_the_flagged_rows(k: int) -> None:
    found = shown.issues(k)
    flagged = found[found["is_label_issue"]]
    told = " ".join(texts(plots.confused_labels(found)))
    assert f"{(flagged['given_label'] != flagged['suggested_label']).sum()} flagged rows" in told


def test_nothing_flagged_is_said_in_words() -> None:
    nothing = draws(10, flagged=False)
    assert texts(nothing["confused"]()) == ["No row is flagged with another label suggested."]
    assert texts(nothing["images"]()) == ["No image is flagged."]
    assert "0 rows flagged" in texts(nothing["quality"]())


def test_an_empty_table_of_effects_is_said_in_words() -> None:
    assert "No contrast was planned and measured." in texts(plots.effects_forest(shown.effects().head(0)))


def test_the_most_doubted_image_comes_first() -> None:
    found = shown.issues(10)
    worst = found[found["is_label_issue"]].nsmallest(1, "label_quality").iloc[0]
    figure = plots.doubted_images(found, found["id"].to_numpy(dtype=object), DIGITS, most=1)
    drawn = np.asarray(figure.axes[0].images[0].get_array())
    pixels = DIGITS[found.index[found["id"] == worst["id"]][0]]
    assert np.allclose(drawn, (pixels - pixels.min()) / (pixels.max() - pixels.min()))


def test_colour_images_and_single_values_are_drawn() -> None:
    found = shown.issues(4, n_rows=20)
    ids = found["id"].to_numpy(dtype=object)
    plots.to_svg(plots.doubted_images(found, ids, np.random.default_rng(0).random((20, 6, 9, 3))))
    plots.to_svg(plots.doubted_images(found, ids, np.zeros((20, 4, 4))))


def test_text_can_be_read_on_every_colour() -> None:
    for theme in plots.THEMES:
        for color in (theme.ink, theme.muted, theme.helps, theme.harms):
            assert contrast(color, theme.surface) >= 4.5
            assert contrast(color, theme.band) >= 4.5
        for share in np.linspace(0, 1, 101):
            color = ramp(theme, float(share))
            assert contrast(text_on(color), color) >= 4.5


def test_the_ramp_runs_one_way_and_ends_where_it_should() -> None:
    for theme in plots.THEMES:
        assert (ramp(theme, 0), ramp(theme, 1)) == (theme.low, theme.high)
        against = [contrast(ramp(theme, share / 20), theme.surface) for share in range(21)]
        assert all(one < other for one, other in itertools.pairwise(against))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_reader_s_settings_change_no_byte_and_are_left_alone() -> None:
    plain = plots.to_svg(plots.effects_forest(shown.effects()))
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path", "text.usetex": False}):
        before = dict(matplotlib.rcParams)
        assert plots.to_svg(plots.effects_forest(shown.effects())) == plain
        assert dict(matplotlib.rcParams) == before


def test_a_notebook_shows_the_bytes_of_the_report() -> None:
    figure: Any = plots.label_quality(shown.issues(2))
    assert figure._repr_svg_() == plots.to_svg(figure)


def test_tables_are_not_changed() -> None:
    found, table = shown.issues(10), shown.effects()
    kept, held = found.copy(), table.copy()
    plots.confused_labels(found)
    plots.label_quality(found)
    plots.effects_forest(table)
    pd.testing.assert_frame_equal(found, kept)
    pd.testing.assert_frame_equal(table, held)


def test_what_is_expected_of_a_single_window_is_a_band_and_no_dot_of_the_measured_kind() -> None:
    expected = {"value": 0.8, "low": 0.75, "high": 0.85}
    accuracy = {"metric": "accuracy", "reference": 0.83, "expected": expected, "real": {"rows": 0}}
    window = {"enough": True, "alarm": False, "last": 300, "tests": [], "accuracy": accuracy, "latency_ms": {}, "gap": {}}
    axes = over_windows([window]).axes[0]
    in_the_first_column = [line for line in axes.lines if line.get_marker() == "o" and min(line.get_xdata()) < 4.6]
    assert in_the_first_column == [] and len(axes.patches) == 1
    assert "validation" not in [text.get_text() for text in axes.texts]  # beside the panel it ran into the next
