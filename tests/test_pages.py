"""Pages of comparisons: each under a name of its own, listed, and out of the way of git and DVC."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from shown import HOSTILE
from test_comparison import side_by_side

from ceteris.experiments.comparison import Comparison
from ceteris.experiments.pages import keep_page


def named(one: str, other: str) -> Comparison:
    found = side_by_side()
    return replace(found, baseline=replace(found.baseline, name=one), candidate=replace(found.candidate, name=other))


def test_a_page_is_kept_listed_and_ignored_by_git(repo: Path) -> None:
    paths = [keep_page(repo, named("main", name), "accuracy") for name in ("softer", "more-labels")]
    assert [path.relative_to(repo).as_posix() for path in paths] == [
        "comparisons/main...softer.html", "comparisons/main...more-labels.html"
    ]  # fmt: skip
    assert (repo / "comparisons/.gitignore").read_text() == "*\n"
    listed = (repo / "comparisons/index.html").read_text(encoding="utf-8")
    assert '<a href="main...softer.html"><bdi>main → softer</bdi></a>' in listed
    assert "data: logistic/given → logistic/reviewed, +30.0 pp" in listed and ": helps" in listed
    assert listed.index("more-labels") < listed.index("softer")
    for page in (listed, paths[0].read_text(encoding="utf-8")):
        assert '<a href="../reports/report.html">The report</a>' in page
    before = {path: path.read_bytes() for path in paths}
    assert keep_page(repo, named("main", "softer"), "accuracy") == paths[0]
    assert before == {path: path.read_bytes() for path in paths}
    assert (repo / "comparisons/index.html").read_text(encoding="utf-8") == listed


def test_cells_that_were_chosen_by_name_have_a_page_of_their_own(repo: Path) -> None:
    path = keep_page(repo, named("main", "main"), "accuracy", arms=True)
    assert path.name == "main~logistic-given...main~logistic-reviewed.html"


@pytest.mark.parametrize("name", [*HOSTILE, "feature/a", "x" * 300, "\u05e2" * 100, "..", "a\nb"])
def test_a_page_stays_in_its_folder_whatever_the_revision_is_called(name: str, repo: Path) -> None:
    path = keep_page(repo, named("main", name), "accuracy")
    assert path.parent == repo / "comparisons" and path.is_file()
    assert path != keep_page(repo, named("main", name + "_"), "accuracy")
    listed = (repo / "comparisons/index.html").read_text(encoding="utf-8")
    assert listed.count('<tr><th scope="row">') == 2
    assert "<script>" not in listed and "\u202e" not in listed
