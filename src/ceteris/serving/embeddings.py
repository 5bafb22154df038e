"""The embedding models that a packaged model reads texts by: folders beside the package, held to what they were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceteris.errors import BadInputError, IntegrityError
from ceteris.training.models import folder_digest

__all__ = ["EMBEDDINGS", "folders_of", "refuse_other_embeddings"]

EMBEDDINGS = "embeddings"  # in a manifest: the sha256 over all files of each folder and their names


def folders_of(estimator: Any) -> list[str]:
    """Return the folders of the embedding models that a fitted estimator reads texts by, from the working directory."""
    from ceteris.training.embedding import Sentences

    parts = estimator.get_params().values() if hasattr(estimator, "get_params") else ()
    return sorted({part.folder for part in (estimator, *parts) if isinstance(part, Sentences)})


def refuse_other_embeddings(folder: Path, estimator: Any, manifest: Mapping[str, Any]) -> None:
    """Refuse a model whose embedding models are not here, or are others than those that it was made with.

    Raises
    ------
    BadInputError
        There is no such folder.
    IntegrityError
        It holds other files than the manifest says, or the manifest says nothing of it.
    """
    known = manifest.get(EMBEDDINGS)
    for name in folders_of(estimator):
        if not Path(name).is_dir():
            raise BadInputError(
                f"The model in {folder} reads texts by the embedding model {name}, which no package holds, and which is"
                f" not in {Path.cwd()}.",
                f"Run this where {name} is, or copy that folder here.",
            )
        wanted = known.get(name) if isinstance(known, Mapping) else None
        if wanted is None:
            raise IntegrityError(
                f"The model in {folder} reads texts by the embedding model {name}, and its manifest does not say which files"
                " that was made of.",
                "Package the model anew: ceteris accept",
            )
        if folder_digest(Path(name)) != wanted:
            raise IntegrityError(
                f"The embedding model {name} in {Path.cwd()} holds other files than when the model in {folder} was made, and"
                " texts would be read otherwise.",
                f"Bring {name} as it was, with no file more or less, or package the model anew: ceteris accept",
            )
