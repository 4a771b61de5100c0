"""Random numbers that depend only on (seed, stream, id): the same record always draws the same fate.

A counter-based generator (splitmix64's finaliser over hashed keys) in integers: no state to carry, so a
period can be made without the ones before it, and the history before a day does not move when the day does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Dice:
    """Draws by stream name and record id; `ids` are int64 arrays, results have their shape."""

    seed: int

    def below(self, stream: str, ids: Ints, limit: int | Ints) -> Ints:
        """Even integers in [0, limit), limit < 2**31."""
        high = (self._bits(stream, ids) >> np.uint64(33)).astype(np.int64)
        return (high * limit) >> 31

    def between(self, stream: str, ids: Ints, low: int | Ints, high: int | Ints) -> Ints:
        """Even integers in [low, high]."""
        return low + self.below(stream, ids, high - low + 1)

    def chance(self, stream: str, ids: Ints, per_10_000: int | Ints) -> Flags:
        return np.asarray(self.below(stream, ids, 10_000) < per_10_000)

    def pick(self, stream: str, ids: Ints, cumulative_weights: Ints) -> Ints:
        """Indices, each as often as its weight; the last cumulative weight < 2**31."""
        drawn = self.below(stream, ids, int(cumulative_weights[-1]))
        return np.searchsorted(cumulative_weights, drawn, side="right").astype(np.int64)

    def _bits(self, stream: str, ids: Ints) -> npt.NDArray[np.uint64]:
        digest = hashlib.blake2b(f"{self.seed}:{stream}".encode(), digest_size=8).digest()
        mixed = ids.astype(np.uint64) * _STEP + np.uint64(int.from_bytes(digest, "little"))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
        return mixed ^ (mixed >> np.uint64(31))
