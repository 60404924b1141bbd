"""What many processes read: written once, to memory that every process of the machine maps.

An executor may be of this machine or of others. A task gets a :class:`Mapped`, which is a few bytes long: where it can
see the memory it reads the object there, arrays without a copy; elsewhere :meth:`Mapped.get` says None, and the task
makes for itself what it needs. The memory has no name in any folder and goes with the process that wrote it, however
that ends.
"""

from __future__ import annotations

import mmap
import os
import pickle
import secrets
import stat
import threading
from collections import OrderedDict
from types import TracebackType
from typing import Any, Self

__all__ = ["Mapped"]

_ALIGNED = 64
_KEPT = 2
_seen: OrderedDict[bytes, Any] = OrderedDict()
_lock = threading.Lock()


class Mapped:
    """An object in memory that other processes map; a context that gives the memory back.

    Parameters
    ----------
    value : picklable object
        Its contiguous arrays are read-only where it is read. Nothing is mapped on systems without ``memfd_create`` and
        ``/proc``: then :meth:`get` says None everywhere.

    Examples
    --------
    >>> with Mapped([1, 2]) as mapped:
    ...     pickle.loads(pickle.dumps(mapped)).get()
    [1, 2]
    """

    def __init__(self, value: Any) -> None:
        self._process, self._file, self._token = os.getpid(), -1, secrets.token_bytes(16)
        self._parts: list[tuple[int, int]] = []
        self._size = 0
        if not hasattr(os, "memfd_create") or not os.path.isdir(f"/proc/{self._process}/fd"):
            return
        buffers: list[pickle.PickleBuffer] = []
        text = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        self._file = os.memfd_create("exactgeo")
        for part in (memoryview(self._token), memoryview(text), *(buffer.raw() for buffer in buffers)):
            self._write(part)

    def _write(self, part: memoryview) -> None:
        self._parts.append((self._size, len(part)))
        padding = bytes(-len(part) % _ALIGNED)
        for view in (part, memoryview(padding)):
            done = 0
            # One call writes at most 2 GiB.
            while done < len(view):
                done += os.write(self._file, view[done:])
        self._size += len(part) + len(padding)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back; who maps it keeps it."""
        if self._file >= 0 and os.getpid() == self._process:
            os.close(self._file)
        self._file = -1

    def get(self) -> Any:
        """The object, None where its memory cannot be seen. Each process reads it once."""
        with _lock:
            if self._token not in _seen:
                view = self._view()
                if view is None:
                    return None
                _, text, *rest = [view[start : start + size] for start, size in self._parts]
                _seen[self._token] = pickle.loads(text, buffers=rest)
                while len(_seen) > _KEPT:
                    _seen.popitem(last=False)
            return _seen[self._token]

    def _view(self) -> memoryview | None:
        """The memory, if it is there and is this."""
        if self._file < 0:
            return None
        try:
            file = os.open(f"/proc/{self._process}/fd/{self._file}", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            status = os.fstat(file)
            # On another machine the number may be that of anything.
            if not stat.S_ISREG(status.st_mode) or status.st_size != self._size:
                return None
            view = memoryview(mmap.mmap(file, self._size, prot=mmap.PROT_READ))
        except (OSError, ValueError):
            return None
        finally:
            os.close(file)
        return view if view[: len(self._token)] == self._token else None
