"""Sentences as vectors, with a small model that comes inside its Python package."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import wordllama
from numpy.typing import NDArray

DIMENSION = 256
# wordllama makes every library log each of its steps.
logging.getLogger().setLevel(logging.WARNING)


@cache
def _model() -> wordllama.WordLlama:
    return wordllama.WordLlama.load(
        dim=DIMENSION, cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """One row of 256 numbers for each text. Rows have length 1, so their inner product is the similarity."""
    return np.asarray(_model().embed(list(texts), norm=True), dtype=np.float32)
