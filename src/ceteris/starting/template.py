"""The files that a project starts with: those of ceteris's own repository, which the wheel carries along."""

from __future__ import annotations

from ceteris.closure import PACKAGE
from ceteris.errors import IntegrityError

__all__ = ["COPIED", "REINSTALL", "template"]

REINSTALL = "Install it anew: pip install --force-reinstall ceteris"

# Taken over as they are; pyproject.toml names the same files for the wheel.
COPIED = (
    ".gitattributes",
    "data/edits/README.md",
    "data/source/README.md",
    "data/windows/README.md",
    "estimators/README.md",
    "notebooks/01-same-data-other-models.ipynb",
    "notebooks/02-same-model-other-data.ipynb",
    "notebooks/03-review-labels.ipynb",
    "notebooks/04-what-moved-the-score.ipynb",
    "predictions/README.md",
    "release/.gitignore",
    "release/candidate/README.md",
    "release/edits/README.md",
    "release/judged/README.md",
    "release/watch/results/README.md",
)


def template(name: str) -> str:
    """Return the text of one of our own files: from the wheel, or from the repository that this code stands in."""
    for place in (PACKAGE / "starter" / name, PACKAGE.parents[1] / name):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise IntegrityError(f"The installed ceteris lacks {name}.", REINSTALL)
