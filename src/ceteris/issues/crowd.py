"""Several people's votes and a model's: what they come to, and which rows a label would teach most."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ceteris.issues.loading import load_cleanlab
from ceteris.training.pred_probs import check

__all__ = ["Crowd", "consensus", "crowd", "worth_labelling"]


@dataclass(frozen=True)
class Crowd:
    """What the votes of several people and a model come to.

    Attributes
    ----------
    agreed : ndarray of int, shape (n_rows,)
        The most probable of the labels that somebody gave the row.
    posterior : ndarray, shape (n_rows, n_classes)
        Probabilities after all votes.
    quality : ndarray of float in [0, 1], shape (n_people,)
        How far a person's labels are right; NaN of one who shares no row with others.
    """

    agreed: np.ndarray
    posterior: np.ndarray
    quality: np.ndarray


def consensus(votes: np.ndarray, pred_probs: np.ndarray) -> np.ndarray:
    """Return the label of each row that is most probable after all votes, among those that somebody gave it, as codes.

    Parameters are those of `crowd`.
    """
    return crowd(votes, pred_probs).agreed


def crowd(votes: np.ndarray, pred_probs: np.ndarray) -> Crowd:
    """Return what the votes come to.

    A vote weighs as much as its giver agrees with the others where they answered for the same rows; so does the audit model's.

    Parameters
    ----------
    votes : ndarray of float, shape (n_rows, n_people)
        Codes, NaN where a person gave none; every row has one, and so has every person.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.

    Source: Goh, Tkachenko & Mueller (2022), CROWDLAB, by `cleanlab.multiannotator`.
    """
    load_cleanlab()
    from cleanlab.multiannotator import _get_post_pred_probs_and_weights, get_label_quality_multiannotator

    counts = (~np.isnan(votes)).sum(axis=1)
    if (counts == 1).all():  # nobody stands against anybody
        return Crowd(np.nanmax(votes, axis=1, initial=-1).astype(np.int64), pred_probs, np.full(votes.shape[1], np.nan))
    # cleanlab breaks exact ties by numpy's global generator: where no two probabilities are equal nothing is left to draw.
    untied = pred_probs * (1 - 1e-9 * np.arange(pred_probs.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # people who agree on no row are no fault of the data
        warnings.simplefilter("ignore", RuntimeWarning)  # nor are those who share none: their quality is NaN
        found = get_label_quality_multiannotator(votes, untied, verbose=False)
        told = found["label_quality"]
        agreed, agreement = (told[name].to_numpy() for name in ("consensus_label", "annotator_agreement"))
        posterior, *_ = _get_post_pred_probs_and_weights(votes, agreed, untied, counts, agreement, verbose=False)
    quality = found["detailed_label_quality"].to_numpy(dtype=float)
    best = np.where(np.isnan(votes), -np.inf, quality).argmax(axis=1)
    people = found["annotator_stats"]["annotator_quality"].sort_index().to_numpy(dtype=float)
    return Crowd(votes[np.arange(len(votes)), best].astype(np.int64), posterior, people)


def worth_labelling(given: np.ndarray, pred_probs: np.ndarray, unlabelled: np.ndarray) -> np.ndarray:
    """Return ActiveLab's score of rows without a label, in [0, 1]: low = a label teaches most.

    Parameters
    ----------
    given : ndarray of int, shape (n_labelled,)
        Codes of the labels that are known.
    pred_probs : ndarray, shape (n_labelled, n_classes)
        Out of sample, of those rows.
    unlabelled : ndarray, shape (n_rows, n_classes)

    Source: Goh & Mueller (2023), ActiveLab: Active learning with re-labeling by multiple annotators.
    """
    load_cleanlab()
    from cleanlab.multiannotator import get_active_learning_scores

    check(unlabelled, len(unlabelled), pred_probs.shape[1], "The window")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cleanlab remarks on a single annotator
        _, scores = get_active_learning_scores(given.astype(float)[:, None], pred_probs, unlabelled)
    return np.asarray(scores)
