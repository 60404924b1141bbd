"""Bytes that are appended and read again: in memory, and what is too much for it in a file without a name."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Indices = npt.NDArray[np.int64]

__all__ = ["Spool", "runs"]

HELD = 2**22
"""Bytes in memory from which on they go to the file."""


def runs(starts: Indices, lengths: Indices) -> Indices:
    """The indices starts[0], starts[0] + 1, ..., then those from starts[1] on, ..., so many each."""
    import numpy as np

    before = np.cumsum(lengths) - lengths
    found: Indices = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return found


class Spool:
    """A sequence of bytes that grows at its end.

    Parameters
    ----------
    folder : str, optional
        Where a file may be made. It has no name, and goes with the process however that ends. Where there is no
        folder, or it cannot be written, or its disk is full, everything stays in memory.

    Examples
    --------
    >>> import numpy as np
    >>> found = Spool()
    >>> found.append(b"abc")
    >>> len(found), found.read(1, 3), found.array("u1").tolist(), found.rows(1, np.array([2, 0])).tolist()
    (3, b'bc', [97, 98, 99], [[99], [97]])
    """

    def __init__(self, folder: str | None = None) -> None:
        # Windows reads and writes at a place by other calls.
        self._folder = folder if hasattr(os, "pwrite") else None
        self._file = -1
        self._written = 0
        self._held = bytearray()

    def __len__(self) -> int:
        return self._written + len(self._held)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has another folder, or none.
        return _held, (self.read(0, len(self)),)

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        self._held += data
        if len(self._held) >= HELD and self._folder is not None:
            self._write()

    def read(self, first: int, end: int) -> bytes:
        """The bytes from ``first`` to ``end``, of those that are there."""
        head = b""
        if self._file >= 0 and first < self._written:
            head = _read(self._file, first, min(end, self._written))
        return head + self._held[max(first - self._written, 0) : max(end - self._written, 0)]

    def gather(self, starts: Indices, lengths: Indices) -> bytes:
        """So many bytes from each start on, one piece after the other."""
        import numpy as np

        if self._file < 0:
            # A view of bytes that may grow must not live on.
            return np.frombuffer(self._held, dtype=np.uint8)[runs(starts, lengths)].tobytes()
        return b"".join([self.read(i, i + n) for i, n in zip(starts.tolist(), lengths.tolist(), strict=True)])

    def rows(self, size: int, numbers: Indices) -> npt.NDArray[np.uint8]:
        """The bytes from ``size * k`` to ``size * (k + 1)`` for each number k, one row each."""
        import numpy as np

        found = self.gather(size * numbers, np.full(len(numbers), size))
        return np.frombuffer(found, dtype=np.uint8).reshape(len(numbers), size)

    def array(self, kind: str) -> npt.NDArray[Any]:
        """All bytes as numbers, read only; what is in the file is mapped. What comes later is not there."""
        import numpy as np

        if self._file < 0 or (self._held and not self._write()) or not self._written:
            return np.frombuffer(self.read(0, len(self)), dtype=kind)
        return np.frombuffer(mmap.mmap(self._file, self._written, access=mmap.ACCESS_READ), dtype=kind)

    def _write(self) -> bool:
        """Move what is held to the file; False where that cannot be."""
        try:
            if self._file < 0:
                with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
                    self._file = os.dup(file.fileno())
                weakref.finalize(self, os.close, self._file)
            view, done = memoryview(self._held), 0
            try:
                while done < len(view):
                    done += os.pwrite(self._file, view[done:], self._written + done)
            finally:
                view.release()
        except OSError:
            self._folder = None
            return False
        self._written += len(self._held)
        self._held = bytearray()
        return True


def _read(file: int, first: int, end: int) -> bytes:
    parts = []
    while first < end:
        part = os.pread(file, end - first, first)
        if not part:
            raise OSError("the end of a file of this process")
        parts.append(part)
        first += len(part)
    return b"".join(parts)


def _held(data: bytes) -> Spool:
    found = Spool()
    found.append(data)
    return found
