"""The figures of a workbench, drawn from its tables when a notebook asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Gallery"]


class Gallery:
    """Each method returns a matplotlib figure, which a notebook shows by itself."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def __repr__(self) -> str:
        return "Gallery(effects, grid, board, label_quality, confused_labels, doubted_images)"

    def effects(self, *, explore: bool = False) -> Any:
        """Return the planned effects with their intervals and controls; with `explore` those that were not planned, too."""
        from ceteris.plots import effects_forest

        compare = self._bench.params.compare
        return effects_forest(
            self._bench.effects(),
            metric=compare.metric,
            region=compare.region_of(compare.metric),
            confidence=compare.confidence,
            simulated=self._bench.simulated(),
            explore=explore,
        )

    def grid(self) -> Any:
        """Return every model on every version."""
        from ceteris.plots import grid_heatmap

        metric = self._bench.params.compare.metric
        return grid_heatmap(self._bench.cells(), metric=metric, simulated=self._bench.simulated())

    def board(self, most: int = 400, *, model: str | None = None) -> Any:
        """Return the exchange-rate board: what labels reviewed and trials of models bought, each by its cost."""
        from ceteris.plots.board import exchange_board

        return exchange_board(self._bench.board(most, model=model), confidence=self._bench.params.compare.confidence)

    def label_quality(self) -> Any:
        """Return how doubted the train labels are, flagged and not."""
        from ceteris.plots import label_quality

        return label_quality(self._bench.issues())

    def confused_labels(self) -> Any:
        """Return which given label is suggested to be which other."""
        from ceteris.plots import confused_labels

        return confused_labels(self._bench.issues())

    def doubted_images(self, most: int = 24) -> Any:
        """Return the most doubted rows as pictures; refused where rows are no images."""
        from ceteris.errors import BadInputError
        from ceteris.kinds import image_pixels
        from ceteris.plots import doubted_images

        shape = self._bench.image_shape()
        if shape is None:
            raise BadInputError("The rows of this data are no images.", "Look at bench.queue() instead.")
        issues = self._bench.issues()
        pixels = image_pixels(self._bench.train_rows().reindex(issues["id"]), shape)
        return doubted_images(issues, issues["id"].to_numpy(), pixels, most=most)
