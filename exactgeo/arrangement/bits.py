"""Sets of hyperplanes as packed bits: packing, sorting, comparing in bulk.

Hyperplane 0 is the highest bit of word 0, so that word by word the sets are ordered as their sign vectors are. (The
masks of :mod:`exactgeo.basin.batch` are sets of columns, the first one the lowest bit of word 0: numbers to count with,
not to sort.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from exactgeo.errors import InternalError

__all__ = [
    "Bools",
    "Floats",
    "Ints",
    "Words",
    "common",
    "distinct",
    "find_words",
    "lowest",
    "members",
    "pack",
    "sort_words",
    "unpack",
]

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def pack(bits: Bools) -> Words:
    """Rows of booleans as rows of words, column 0 the highest bit of word 0."""
    rows, columns = bits.shape
    words = max(1, -(-columns // 64))
    out = np.zeros((rows, 8 * words), dtype=np.uint8)
    out[:, : (columns + 7) // 8] = np.packbits(bits, axis=1)
    return out.view(">u8").astype(np.uint64)


def unpack(words: Words, columns: int) -> npt.NDArray[np.uint8]:
    """The inverse of :func:`pack`, as 0 and 1."""
    return np.unpackbits(words.astype(">u8", order="C").view(np.uint8), axis=1)[:, :columns]


def members(words: Words) -> tuple[Ints, Ints]:
    """The elements of some bit sets: index of the set, element; sets in order."""
    width = 64 * words.shape[1]
    positions = np.flatnonzero(unpack(words, width).view(np.bool_).reshape(-1))
    return positions // width, positions % width


def distinct(values: Ints) -> Ints:
    """The distinct entries of a vector, ascending: ``np.unique`` loads all masked arrays, whatever it is asked."""
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def sort_words(words: Words) -> Ints:
    """The permutation that sorts bit sets, shape (N, W).

    Word by word from the last one, as numbers or, where a word has few values, as their ranks, which sort by radix. In
    bit sets listed along a line a word has long runs, so the ranks cost little.
    """
    if words.shape[1] == 1:
        return np.asarray(np.argsort(words[:, 0]))
    permutation = np.arange(len(words))
    for column in words.T[::-1]:
        key = _ranks(np.ascontiguousarray(column))
        permutation = permutation[np.argsort(key[permutation], kind="stable")]
    return permutation


def find_words(words: Words, sought: Words) -> Ints:
    """Where bit sets stand in a sorted list without repeats, -1 for those that do not."""
    if not len(words):
        return np.full(len(sought), -1)
    index = np.minimum(np.searchsorted(_comparable(words), _comparable(sought)), len(words) - 1)
    return np.where((words[index] == sought).all(axis=1), index, -1)


def _comparable(words: Words) -> npt.NDArray[Any]:
    if words.shape[1] == 1:
        return words[:, 0]
    # Bytes in big-endian order compare as the bit sets do.
    return words.astype(">u8", order="C").view(f"S{8 * words.shape[1]}")[:, 0]


def _ranks(column: Words) -> npt.NDArray[np.uint16] | Words:
    """Ranks of the values if there are few, else the values."""
    starts = np.concatenate([[0], np.flatnonzero(column[1:] != column[:-1]) + 1])
    if 4 * len(starts) > len(column):
        return column
    values, ranks = np.unique(column[starts], return_inverse=True)
    if len(values) > 1 << 16:
        return column
    return np.repeat(ranks.astype(np.uint16), np.diff(starts, append=len(column)))


def lowest(words: Words) -> Ints:
    """Index of the first hyperplane in each of some nonempty bit sets, shape (N, W)."""
    first = (words != 0).argmax(axis=1)
    part = words[np.arange(len(words)), first]
    for shift in (1, 2, 4, 8, 16, 32):
        part = part | part >> np.uint64(shift)
    return np.asarray(64 * first + 64 - np.bitwise_count(part), dtype=np.int64)


def common(owner: Ints, left: Words, right: Words) -> Ints:
    """Indices i such that (owner[i], left[i]) is among the (owner[j], right[j]); both lists are without repeats.

    Sorted by a hash; equal hashes are compared in full, and a collision means sorting by everything instead.
    """
    owners = np.concatenate([owner, owner])
    words = np.concatenate([left, right])
    key = owners.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for column in words.T:
        key ^= column
        key ^= key >> np.uint64(29)
        key *= np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(32)
    permutation = np.argsort(key)
    same = key[permutation[1:]] == key[permutation[:-1]]
    first, second = permutation[:-1][same], permutation[1:][same]
    if ((owners[first] != owners[second]) | (words[first] != words[second]).any(axis=1)).any() or (
        same[1:] & same[:-1]
    ).any():
        permutation = np.lexsort((*words.T, owners))
        low, high = permutation[:-1], permutation[1:]
        same = (owners[high] == owners[low]) & (words[high] == words[low]).all(axis=1)
        first, second = low[same], high[same]
    found = np.minimum(first, second)
    if (found >= len(owner)).any() or (np.maximum(first, second) < len(owner)).any():
        raise InternalError("a local region has two lowest vertices")
    return np.sort(found)
