"""CleanVision on pictures that stand in the table: which are dark, light, blurred, empty or of an odd form."""

from __future__ import annotations

import contextlib
import importlib.util
import io

import numpy as np

from ceteris.diagnosis.judged import Judged, not_judged, of_rows

__all__ = ["MOST_ALIKE", "pictures_judged"]

CHECKS = ("dark", "light", "blurry", "low_information", "odd_aspect_ratio", "odd_size")
MOST_ALIKE = 0.5  # share of the pictures above which a check tells what these pictures are like


def pictures_judged(pictures: np.ndarray) -> Judged:
    """Return which pictures CleanVision finds wanting, by its own thresholds, which are made for photographs.

    A check that finds more than half of the pictures tells what they are like, and counts for nothing.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n_rows, height, width) or (n_rows, height, width, 3)
    """
    if importlib.util.find_spec("cleanvision") is None:
        return not_judged("picture", "CleanVision is not installed: uv pip install 'ceteris[images]'")
    from cleanvision import Imagelab
    from datasets import Dataset, Features, Image
    from PIL import Image as Picture

    rows = Dataset.from_dict({"image": [Picture.fromarray(one) for one in pictures]}, features=Features({"image": Image()}))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        lab = Imagelab(hf_dataset=rows, image_key="image")
        lab.find_issues({check: {} for check in CHECKS}, n_jobs=1, verbose=False)
    found = lab.issues
    lacking = [check for check in CHECKS if f"{check}_score" not in found]
    if lacking or len(found) != len(pictures):
        return not_judged("picture", f"CleanVision gave no answer on {', '.join(lacking) or 'some pictures'}")
    flags, told = {check: found[f"is_{check}_issue"].to_numpy(dtype=bool) for check in CHECKS}, []
    for check, which in flags.items():
        if which.mean() > MOST_ALIKE:
            told.append(f"{_word(check)}: {int(which.sum()):,} of {len(which):,}, what these pictures are like; not counted")
        elif which.any():
            told.append(f"{_word(check)}: {int(which.sum()):,}")
    counted = [check for check, which in flags.items() if which.mean() <= MOST_ALIKE]
    if not counted:
        return not_judged("picture", "; ".join(told))
    any_of = np.any([flags[check] for check in counted], axis=0)
    scores = np.min([found[f"{check}_score"].to_numpy(dtype=float) for check in counted], axis=0)
    return of_rows("picture", any_of, np.clip(scores, 0.0, 1.0), "; ".join(told))


def _word(check: str) -> str:
    return check.replace("_", " ")
