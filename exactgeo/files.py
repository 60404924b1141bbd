"""Files that are written whole or not at all, and refused before the work where they cannot be.

What is written stands in a temporary file of the same folder, ``.NAME.xxxxxxxx.partial``, until it is complete; then
it is renamed. Whatever ends the writing, Ctrl-C included, the temporary file goes; ``kill -9`` alone leaves it. Only
a regular file is ever replaced: a link stays and its target is replaced, a device or a pipe is written through.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

from exactgeo.errors import InputError

__all__ = ["replacing", "replacing_text", "writable"]

Path = str | os.PathLike[str]

WRITE = "another path"


def writable(path: Path, suffixes: tuple[str, ...] = (), option: str = "file") -> None:
    """Find out, before the work, whether a file can be written; nothing is made or changed.

    Parameters
    ----------
    path : str or path
    suffixes : tuple of str
        What its name may end in, in small letters; empty: anything.
    option : str
        What the refusal of a name calls it.

    Raises
    ------
    InputError
        Another suffix; a folder; no such folder; no permission, or a disk that is read only.

    Examples
    --------
    >>> writable("tree.jpg", (".svg", ".png"), "--plot")
    Traceback (most recent call last):
        ...
    exactgeo.errors.InputError: --plot: got tree.jpg, expected a file name ending in .svg or .png; write --plot FILE.svg
    """
    name = os.fspath(path)
    if suffixes and not name.lower().endswith(suffixes):
        ending = " or ".join(filter(None, (", ".join(suffixes[:-1]), suffixes[-1])))
        raise InputError(option, name, f"a file name ending in {ending}", f"{option} FILE{suffixes[0]}")
    with _refusing(name):
        target = _target(name)
        there = name if target is None else target
        if os.path.exists(there) and not os.access(there, os.W_OK):
            raise InputError(name, "a file that must not be written", "a file that can be written", WRITE)
        if target is not None:
            # Without a name where the system can do that: not even a kill leaves it behind.
            with tempfile.TemporaryFile(dir=os.path.dirname(target)):
                pass


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream for the whole new content of a file, which takes its place when the block ends well.

    An existing file keeps its mode, a new one has that of the umask. Through a device or a pipe the content goes at the
    end, so that nothing half-written goes there either.

    Raises
    ------
    InputError
        The file cannot be written; so also for every OSError of the block.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/answer.txt") as stream:
    ...         _ = stream.write(b"14")
    ...     os.listdir(folder)
    ['answer.txt']
    """
    name = os.fspath(path)
    with _refusing(name):
        target = _target(name)
        if target is None:
            with tempfile.TemporaryFile() as kept:
                yield kept
                kept.seek(0)
                # At the end: standard output may be a file that has lines already.
                with open(os.open(name, os.O_WRONLY | os.O_APPEND), "wb") as through:
                    shutil.copyfileobj(kept, through)
            return
        mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else None
        folder, last = os.path.split(target)
        temporary = os.path.join(folder, f".{last[:50]}.{secrets.token_hex(4)}.partial")
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
                yield stream
                stream.flush()
                # Else a crash of the machine may leave the new name with no content.
                os.fsync(stream.fileno())
            if mode is not None:
                os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise


@contextmanager
def replacing_text(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """As :func:`replacing`, for text; line ends are as they are written."""
    with replacing(path) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="", write_through=True)
        try:
            yield text
        finally:
            # The stream is closed by whoever opened it.
            text.detach()


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        folder = os.path.dirname(os.path.realpath(name))
        raise InputError(name, f"no folder {folder}", "a folder that is there", WRITE) from None
    except OSError as error:
        raise InputError(name, error.strerror or str(error), "a file that can be written", WRITE) from None


def _target(name: str) -> str | None:
    """The regular file that is to be replaced or made, links followed; None where what is there is written through."""
    try:
        kind = os.stat(name).st_mode
    except FileNotFoundError:
        kind = None
    except ValueError as error:
        raise InputError(ascii(name), str(error), "a file name", WRITE) from None
    if name in ("", "-") or name.endswith(os.sep) or (kind is not None and stat.S_ISDIR(kind)):
        raise InputError(name or '""', "a folder" if name not in ("", "-") else "no name", "a file name", WRITE)
    if kind is not None and not stat.S_ISREG(kind):
        return None
    step = name
    while kind is not None and os.path.islink(step):
        folder = os.path.realpath(os.path.dirname(step))
        if folder.startswith("/proc/"):
            # /dev/stdout and its like: a file that somebody has open, and would not find again.
            return None
        step = os.path.join(folder, os.readlink(step))
    return os.path.realpath(name)
