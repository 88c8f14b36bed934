"""Quantities of specifications: `500m`, `2`, `0.5Gi`, `10G`."""

from __future__ import annotations

import re

_FACTORS = {"m": 0.001, "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_MEMORY_UNITS = ("M", "Mi", "G", "Gi")
_PATTERN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(m|k|M|G|Ki|Mi|Gi)?")
GIB = 2**30


def cpus(text: str) -> float:
    """Number of CPUs.

    Raises:
        ValueError: the text is not a quantity.
    """
    return _read(text)


def memory(text: str) -> int:
    """A memory size in bytes; the unit M, Mi, G or Gi is required.

    Raises:
        ValueError: the text is not such a size.
    """
    if not text.endswith(_MEMORY_UNITS):
        raise ValueError(text)
    return int(_read(text))


def gibibytes(count: float) -> str:
    return f"{count:g}Gi"


def _read(text: str) -> float:
    match = _PATTERN.fullmatch(text)
    if not match:
        raise ValueError(text)
    return float(match[1]) * _FACTORS[match[2] or ""]
