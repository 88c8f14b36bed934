"""A picture of texts by meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from milvus_demo.embedding import embed


def plot_meaning(texts: Sequence[str], question: str) -> Figure:
    """Draw texts and a question in the two directions in which they differ most."""
    points = _two_dimensions(embed([*texts, question]))
    figure, axes = plt.subplots(figsize=(8, 4.5))
    axes.scatter(*points[:-1].T, s=60, label="sentences")
    axes.scatter(*points[-1:].T, s=140, marker="*", color="crimson", label="question")
    for text, (x, y) in zip([*texts, question], points, strict=True):
        axes.annotate(
            textwrap.fill(text, 30),
            (x, y),
            xytext=(0, 10),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.margins(0.35)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="lower right")
    axes.set_title("The closer, the more alike in meaning")
    figure.tight_layout()
    return figure


def _two_dimensions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Principal components: the projection that keeps most of the distances."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T
