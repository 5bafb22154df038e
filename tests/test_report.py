"""The report: the answer first, every number with its interval, text that stays text, and nothing fetched from anywhere."""

from __future__ import annotations

import base64
import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
import shown

from ceteris import plots
from ceteris.editing.reviewed import Checked, Review
from ceteris.measuring.pairs import Pair
from ceteris.measuring.reviews import reviews_table
from ceteris.telling.report import Picture, Settings, Tables, render

VISIBLE = pd.DataFrame({"discordant_share": [0.02, 0.05], "smallest_visible": [0.021, 0.033]})


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def tables(k: int = 10, *, flagged: bool = True, reviewed: int = 0, **how: Any) -> Tables:
    return Tables(
        effects=shown.effects(**how),
        grid=shown.grid(how.get("scored_on", "true")),
        versions=shown.versions(reviewed),
        issues=shown.issues(k, flagged=flagged),
        visible=VISIBLE,
        metrics={"smallest_visible": 0.025},
    )


def picture() -> Picture:
    svgs = [plots.to_svg(plots.effects_forest(shown.effects(), theme=theme)) for theme in plots.THEMES]
    return Picture(*svgs, *svgs)


def page(k: int = 10, settings: Settings | None = None, **how: Any) -> Page:
    return Page(render(tables(k, **how), {"forest": picture()}, settings or Settings()))


def first_screen(html: str) -> str:
    return Page(html[html.index("<main>") : html.index('id="planned"')]).text


def test_the_first_screen_answers_in_words() -> None:
    told = first_screen(render(tables(), {}, Settings()))
    for part in (
        "Data lever", "+5.9 pp [+3.8, +8.0]", "helps", "Training on reviewed-simulated instead of given",
        "300 labels reviewed by a simulated reviewer", "model logistic held fixed", "95 % interval", "scored on true labels",
        "10 seeds \u00d7 360 rows, 41 discordant", "Model lever", "+3.6 pp [+1.7, +5.5]", "svc instead of logistic",
        "data given held fixed", "Net of its control random-reviewed-simulated: +3.1 pp [+0.8, +5.4]",
    ):  # fmt: skip
        assert part in told


def test_a_lever_that_was_picked_by_its_result_says_so() -> None:
    told = first_screen(render(tables(), {}, Settings()))
    assert "Data lever, best of 2 planned" in told and "Model lever, best of 2 planned" in told
    assert "its size and interval are not" in told
    known = tables()
    alone = known.effects[known.effects["candidate_version"] == "reviewed-simulated"].head(1)
    told = first_screen(render(Tables(alone, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings()))
    assert "best of" not in told


def test_other_revisions_are_pointed_to_where_there_is_a_list_of_comparisons() -> None:
    assert page().all("a") == []
    assert page(settings=Settings(comparisons="../comparisons/index.html")).all("a") == [{"href": "../comparisons/index.html"}]


def test_nothing_that_helps_is_said_as_such() -> None:
    rows = shown.effects()
    rows = rows[rows["candidate_version"] != "reviewed-simulated"]
    known = tables()
    told = first_screen(render(Tables(rows, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings()))
    assert "No planned change to the data is shown to help." in told


@pytest.mark.parametrize(("reviewed", "said"), [(0, True), (12, False)])
def test_nothing_reviewed_yet_is_said_while_it_holds(reviewed: int, said: bool) -> None:
    assert ("nothing reviewed yet" in first_screen(render(tables(reviewed=reviewed), {}, Settings()))) is said


def test_given_labels_bring_the_warning_the_tipping_count_and_the_command() -> None:
    told = first_screen(render(tables(scored_on="given"), {}, Settings()))
    assert "Scored on given labels." in told
    assert "9 of these 41 disagreement labels wrong would undo this verdict; about 4 minutes to check." in told
    assert "ceteris queue logistic.given.pruned" in told
    assert "Scored on given labels." not in first_screen(render(tables(), {}, Settings()))


def test_a_verdict_that_no_wrong_label_undoes_is_not_sent_to_be_settled() -> None:
    known, rows = tables(), shown.effects(scored_on="given").head(1)
    rows["reason"] = "the interval holds 0. No number of these 41 disagreement labels, if wrong, would undo this verdict."
    rows["tipping"] = float("nan")
    told = first_screen(render(Tables(rows, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings()))
    assert "No number of wrong labels would undo these" in told and "No number of these 41" in told
    assert "would tell" not in told and "ceteris queue" not in told


def test_wrong_labels_are_not_counted_where_every_label_bears() -> None:
    known, rows = (
        tables(),
        shown.effects(scored_on="given").assign(metric="macro_f1", reason="the interval holds 0", tipping=None),
    )
    told = first_screen(
        render(Tables(rows, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings(metric="macro_f1"))
    )
    assert "on macro-F1 every validation label bears" in told
    assert "would tell" not in told and "No number" not in told


def test_what_a_blind_review_found_is_told_and_where_the_labels_part() -> None:
    known = tables()
    given = shown.effects(scored_on="given").assign(verdict="harms")
    given["difference"] = -given["difference"]
    both = pd.concat([given, shown.effects(scored_on="verified (disagreements)")], ignore_index=True)
    pair = Pair("data", ("logistic", "given"), ("logistic", "reviewed-simulated"))
    reviews = reviews_table(
        [(pair, Review(41, Checked(41, 0, 0, 9, 0.1056, 0.3761), Checked(16, 0, 0, 3, 0.0405, 0.4565)), True)]
    )
    page = Page(render(Tables(both, known.grid, known.versions, known.issues, VISIBLE, {}, reviews), {}, Settings())).text
    for words in (
        "On given labels, and on better ones",
        "The given labels turn its sign",
        "A person checked all 41 rows on which the arms differ: 9 had a wrong label (11 to 38 %)",
        "Of 16 checked rows on which the arms agree, 3 had a wrong label (4 to 46 %)",
        "change no difference in accuracy",
    ):
        assert words in page


def test_a_review_on_its_way_is_told_beside_its_warning() -> None:
    known = tables()
    pair = Pair("data", ("logistic", "given"), ("logistic", "pruned"))
    reviews = reviews_table([(pair, Review(41, Checked(41, left=11)), False)])
    given = shown.effects(scored_on="given")
    page = Page(render(Tables(given, known.grid, known.versions, known.issues, VISIBLE, {}, reviews), {}, Settings())).text
    assert "30 of the 41 labels asked for are checked; 11 are left, about 1 minute." in page
    assert "What the blind reviews found" not in page


def test_what_given_labels_would_have_told_stands_beside_better_ones() -> None:
    known = tables()
    both = pd.concat([shown.effects(scored_on="given").assign(verdict="harms"), known.effects], ignore_index=True)
    told = Page(render(Tables(both, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings())).text
    assert "On given labels, and on better ones" in told
    assert "On given labels, and on better ones" not in page().text


def test_every_axis_may_be_without_a_contrast() -> None:
    assert "No contrast of this kind was planned and measured" in page(model=False).text
    known = tables()
    empty = Tables(known.effects.head(0), known.grid.head(0), known.versions, known.issues.head(0), VISIBLE.head(0), {})
    told = Page(render(empty, {}, Settings())).text
    assert told.count("No contrast of this kind was planned and measured") == 2
    assert "No control was measured." in told


def test_an_empty_queue_has_no_table_of_doubted_rows() -> None:
    told = page(flagged=False).text
    assert "0 of 300 training rows are flagged" in told
    assert "most doubted rows" not in told


def test_controls_ranking_and_visible_effects_are_told() -> None:
    told = page().text
    for part in (
        "other seeds, nothing else", "not applicable", "given \u2192 placebo-pruned", "\u22120.3 pp [\u22121.1, +0.5]",
        "random-reviewed-simulated \u2192 reviewed-simulated", "+3.1 pp [+1.4, +4.8]", "\u00b13.3 pp", "\u00b12.5 pp",
    ):  # fmt: skip
        assert part in told


def test_where_too_few_rows_would_differ_nothing_is_said_to_show() -> None:
    known = tables()
    blank = pd.DataFrame({"discordant_share": [0.02, 0.05], "smallest_visible": ["", "0.045"]})
    told = Page(render(Tables(known.effects, known.grid, known.versions, known.issues, blank, {}), {}, Settings())).text
    assert "nothing" in told and "\u00b14.5 pp" in told


@pytest.mark.parametrize("k", [2, 10, 50])
def test_hostile_labels_are_text(k: int) -> None:
    html = render(tables(k), {}, Settings(title="</title><script>1</script>", source="<img src=x onerror=1>"))
    found = Page(html)
    assert not found.all("script") and not found.all("img")
    assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)
    assert "\x1b" not in html and "\u202e" not in html
    for label in shown.HOSTILE[:2]:
        assert label in found.text


def test_long_labels_stand_whole_in_the_table() -> None:
    assert "forty characters long, and not one less." in page(10).text


def test_a_note_cannot_inject() -> None:
    known = tables()
    noted = known.versions.assign(note="<b onclick=x>&")
    found = Page(render(Tables(known.effects, known.grid, noted, known.issues, VISIBLE, {}), {}, Settings()))
    assert not found.all("b")
    assert "<b onclick=x>&" in found.text


def test_nothing_is_fetched() -> None:
    html = render(tables(), {"forest": picture()}, Settings())
    found = Page(html)
    assert not found.all("link") and not found.all("script")
    for tag in ("img", "source"):
        for attrs in found.all(tag):
            assert str(attrs.get("src") or attrs.get("srcset")).startswith("data:image/svg+xml;base64,")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "prefers-color-scheme: dark" in style and "@media print" in style


def test_every_cell_of_a_contrast_keeps_its_name_where_a_small_screen_hides_the_head_of_the_table() -> None:
    html = render(tables(), {}, Settings())
    cells = [
        cell for table in html.split('<table class="findings">')[1:] for cell in table.split("</table>")[0].split("<td")[1:]
    ]
    assert len(cells) > 20
    assert all("data-label=" in cell.split(">")[0] or 'class="verdict' in cell for cell in cells)


def test_pictures_come_in_both_themes_and_a_narrow_form() -> None:
    shots = picture()
    found = Page(render(tables(), {"forest": shots}, Settings()))
    media = [str(attrs["media"]) for attrs in found.all("source")]
    assert sum("prefers-color-scheme: dark" in rule for rule in media) == 2
    assert sum("max-width" in rule for rule in media) == 2
    source = str(found.all("img")[0]["src"]).split(",")[1]
    assert base64.b64decode(source).decode() == shots.light


def test_the_same_tables_give_the_same_bytes() -> None:
    assert render(tables(), {"forest": picture()}, Settings()) == render(tables(), {"forest": picture()}, Settings())


def test_the_page_can_be_read_without_eyes_or_mouse() -> None:
    found = page()
    assert found.all("html")[0]["lang"] == "en"
    assert len(found.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert all(attrs.get("scope") in ("col", "row") for attrs in found.all("th"))
    assert all(attrs.get("alt") for attrs in found.all("img"))
    assert all(
        attrs.get("tabindex") == "0" and attrs.get("aria-label") for attrs in found.all("div") if attrs.get("class") == "scroll"
    )


def test_every_table_and_every_wide_figure_can_be_scrolled() -> None:
    html = render(tables(), {"grid": picture(), "confused": picture()}, Settings())
    assert html.count("<table") == html.count('<div class="scroll"')
    assert html.count('<figure class="scroll') == 2


def test_no_figure_shrinks_until_it_cannot_be_read() -> None:
    shot = picture()
    inches = plots.effects_forest(shown.effects()).get_figwidth()
    assert shot.width == pytest.approx(96 * inches, abs=1)
    html = render(tables(), {"confused": shot}, Settings())
    assert f"--least: {round(0.8 * shot.width)}px" in html


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("accuracy", "candidate minus baseline in accuracy: more is better"),
        ("log_loss", "baseline minus candidate in log-loss, so that a positive one is a lower log-loss"),
        ("mae", "baseline minus candidate in mean absolute error, so that a positive one is a lower mean absolute error"),
    ],
)
def test_which_way_a_difference_is_better_is_said_of_every_metric(metric: str, words: str) -> None:
    known = tables()
    rows = Tables(known.effects.assign(metric=metric), known.grid, known.versions, known.issues, VISIBLE, {})
    assert words in Page(render(rows, {}, Settings(metric=metric))).text


def test_log_loss_is_told_in_nats_and_every_effect_says_that_positive_is_lower() -> None:
    known = tables()
    rows = pd.concat([known.effects.assign(metric="log_loss"), known.effects.assign(metric="log_loss", scored_on="given")])
    html = render(
        Tables(rows, known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings(metric="log_loss", region=0.01)
    )
    told = Page(html).text
    assert "moved log-loss by +0.059 nats (positive: lower log-loss), 95 % interval [+0.038, +0.080]" in told
    assert "\u00b10.01 nats" in told
    assert "41 discordant" not in told
    effects = [row for row in html.split("<tr>") if re.search(r"nats(</strong>)? \[", row)]
    assert len(effects) > 8
    assert all("positive: lower log-loss" in row for row in effects)
    levels = [row for row in html.split("<tr>") if "0.800 nats" in row]
    assert levels and all("lower is better" in row for row in levels)


def test_other_metrics_are_exploratory() -> None:
    known = tables()
    other = known.effects.head(2).assign(metric="macro_f1", p_holm=float("nan"))
    told = Page(
        render(Tables(pd.concat([known.effects, other]), known.grid, known.versions, known.issues, VISIBLE, {}), {}, Settings())
    ).text
    assert "Exploratory effects, 3 of them" in told
