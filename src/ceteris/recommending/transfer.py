"""Does a fix help other model families too, or only the one that found it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.measuring.verdicts import CANNOT_TELL, HARMS, HELPS
from ceteris.telling.finding import Finding
from ceteris.telling.story import against_given

__all__ = ["Transfer", "transfer_of"]


@dataclass(frozen=True)
class Transfer:
    """What one version is worth to each model, with the model held fixed.

    Attributes
    ----------
    version : str
    by_model : tuple of Finding
        On the best labels that each was scored on, in the order of the models.
    """

    version: str
    by_model: tuple[Finding, ...]

    def judged(self, verdict: str) -> list[str]:
        """Return the models with this verdict."""
        return [one.baseline_model for one in self.by_model if one.verdict == verdict]

    @property
    def told(self) -> str:
        """Return in a sentence whom it helps."""
        helped, harmed, open_ = (self.judged(verdict) for verdict in (HELPS, HARMS, CANNOT_TELL))
        if len(self.by_model) < 2:
            return "trained on one model alone: whether it helps others is not known"
        parts = [f"helps {_of(helped, len(self.by_model))}" if helped else "is shown to help no model"]
        parts += [f"harms {', '.join(harmed)}"] if harmed else []
        parts += [f"cannot tell of {', '.join(open_)}"] if open_ else []
        return "; ".join(parts)


def _of(models: list[str], n_models: int) -> str:
    return f"all {n_models} models" if len(models) == n_models else f"{', '.join(models)} of {n_models} models"


def transfer_of(found: Sequence[Finding], version: str, metric: str) -> Transfer:
    """Return what a version is worth to each model that was trained on it and on `given`.

    Its verdicts are those of the effects table: where a contrast was not planned they are not adjusted for looking at many.
    """
    return Transfer(version, tuple(one for one in against_given(found, metric) if one.candidate_version == version))
