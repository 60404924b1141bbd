"""``--time-limit``, kept whatever the work does: it is done in a process that can be ended, also inside a long call.

The searches of the package look at the clock themselves and answer with what they know. Where one of them cannot, in a
long call of a library or in building its answer, the kernel ends the process a little after the limit; this one, which
only waits, then says what was known last. Without ``fork`` only the searches' own clocks count.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from exactgeo.cli.exits import INTERNAL, INTERRUPTED, UNDECIDED
from exactgeo.errors import failure, interruption

__all__ = ["Commands", "Interrupted", "Limited", "Run", "emit_json", "grace", "json_text"]

PASSED_ON = (signal.SIGINT, signal.SIGTERM)
SELDOM = 0.05
"""Seconds between two reports to the process that waits."""


def grace(seconds: float) -> float:
    """How long after its limit a search may still look for its end before it is ended: below 1 s + 10 %."""
    return 0.65 + 0.08 * seconds


def _begun() -> float:
    """When this process began, by the monotonic clock: to load Python and its modules counts for the limit as well."""
    now = time.monotonic()
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (AttributeError, IndexError, OSError, ValueError):
        return now
    return now - min(max(age, 0.0), 5.0)


@dataclass
class Run:
    """One run of the command: what a refusal has to name, and what is known when the run is ended.

    Attributes
    ----------
    subject : str
        What the run is about: the problem's name, or its file.
    owner : bool
        Whether this process is the command's own, so that it may fork and take signals.
    interrupted : bool
        Whether Ctrl-C was seen, wherever the exception went.
    known : dict or None
        The answer, as far as it is known.
    text : str
        The same for people.
    lines : bool
        Whether stdout is a stream of objects, one a line.
    """

    subject: str = "problem"
    owner: bool = False
    interrupted: bool = False
    known: dict[str, Any] | None = None
    text: str = ""
    lines: bool = False
    _channel: int | None = None
    _told: float = 0.0

    def about(self, subject: str) -> None:
        """Name what the run is about."""
        self.subject = subject
        self._send()

    def tell(self, text: str, known: dict[str, Any], *, seldom: bool = False) -> None:
        """Keep what is known for the case that the run is ended; ``seldom`` where it is told again and again."""
        self.known, self.text = known, text
        now = time.monotonic()
        if not seldom or now - self._told > SELDOM:
            self._told = now
            self._send()

    def line(self, text: str) -> None:
        """Print one line of many: whole, also where the run is about to be ended; its reader's time does not count."""
        left = 0.0 if self._channel is None else signal.setitimer(signal.ITIMER_REAL, 0)[0]
        try:
            click.echo(text)
        finally:
            if left:
                signal.setitimer(signal.ITIMER_REAL, left)

    def answering(self) -> None:
        """The answer is there: from now on only the reader of stdout decides how long it takes."""
        if self._channel is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def leave(self, code: int) -> None:
        """End a process that worked under a limit, or was interrupted, at once.

        What is left to tidy up is its memory; and where Ctrl-C came inside ``exec``, Python ends a process by a signal
        whatever its exit code is.
        """
        if self._channel is not None or self.interrupted:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _send(self) -> None:
        if self._channel is not None:
            message = {"subject": self.subject, "known": self.known, "text": self.text, "lines": self.lines}
            os.write(self._channel, json.dumps(message, default=listed).encode() + b"\n")

    def _take(self, line: bytes) -> None:
        # The last line of a process that was ended may be half a line.
        if line.endswith(b"\n"):
            message = json.loads(line)
            self.subject, self.known, self.text = message["subject"], message["known"], message["text"]
            self.lines = message["lines"]

    def interrupt(self, *_: Any) -> None:
        """The handler of Ctrl-C."""
        self.interrupted = True
        raise KeyboardInterrupt

    def ended(self, reason: str, *, as_json: bool, code: int) -> int:
        """Say what is known of a run that was ended, and why it is no more."""
        if as_json and self.known is None and code == INTERRUPTED:
            emit_json({"error": interruption(self.subject).fields})
        elif as_json:
            emit_json({**(self.known or {}), "complete": False, "reason": reason}, line=self.lines)
        elif self.text:
            click.echo(self.text)
        click.echo(f"exactgeo: {self.subject}: {reason}" if code != INTERRUPTED else f"exactgeo: {reason}", err=True)
        return code

    # -- the process that works, and the one that waits ---------------------------------------------------------

    def within(self, seconds: float, work: Callable[[], int], *, as_json: bool) -> int:
        """Do the work in a process that ends soon after ``seconds``, and wait for it."""
        there, here = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        end = _begun() + seconds + grace(seconds)
        # No signal may come where nobody would pass it on.
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        child = os.fork()
        if not child:
            os.close(there)
            self._channel = here
            # Ctrl-C comes from the process that waits, once: a terminal would send it to both.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGUSR1, self.interrupt)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
            signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), 1e-3))
            return work()
        os.close(here)
        return self._wait(child, there, seconds, as_json)

    def _wait(self, child: int, there: int, seconds: float, as_json: bool) -> int:
        calls = iter([signal.SIGUSR1])
        # The second Ctrl-C is not asked twice.
        signal.signal(signal.SIGINT, lambda *_: os.kill(child, next(calls, signal.SIGKILL)))
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        with open(there, "rb") as channel:
            for line in channel:
                self._take(line)
        _, status = os.waitpid(child, 0)
        # There is nobody to pass it on to.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
        number = os.WTERMSIG(status)
        if number == signal.SIGALRM:
            return self.ended(f"not finished within {seconds:g} s; raise --time-limit", as_json=as_json, code=UNDECIDED)
        if next(calls, None) is None:
            return self.ended("interrupted", as_json=as_json, code=INTERRUPTED)
        if number == signal.SIGTERM:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        if number == signal.SIGKILL:
            return self.ended("killed from outside, perhaps for want of memory", as_json=as_json, code=UNDECIDED)
        if as_json:
            emit_json({"error": failure(self.subject, f"signal {number}").fields})
        click.echo(f"exactgeo: internal error: signal {number}; please report it with the input", err=True)
        return INTERNAL


class Limited(click.Command):
    """A command whose ``--time-limit`` is kept."""

    def invoke(self, ctx: click.Context) -> Any:
        run, seconds = ctx.ensure_object(Run), ctx.params.get("time_limit")
        if seconds is None or not run.owner or not hasattr(os, "fork"):
            return super().invoke(ctx)
        return run.within(seconds, lambda: super(Limited, self).invoke(ctx), as_json=bool(ctx.params.get("as_json")))


def _listen(ctx: click.Context, _: click.Parameter, times: int) -> None:
    """Print what is logged on stderr, as long as the command runs."""
    if not times:
        return
    import logging

    from exactgeo.logs import ROOT

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("exactgeo: %(relativeCreated)7.0f ms  %(name)s: %(message)s"))
    level = ROOT.level
    ROOT.addHandler(handler)
    ROOT.setLevel(logging.INFO if times == 1 else logging.DEBUG)

    def quiet() -> None:
        ROOT.removeHandler(handler)
        ROOT.setLevel(level)

    ctx.call_on_close(quiet)


VERBOSE = click.Option(
    ["-v", "--verbose"],
    count=True,
    expose_value=False,
    callback=_listen,
    help="Say on stderr what is being done; twice: in detail.",
)


class Commands(click.Group):
    """The group of all commands, each of which may be asked to say what it does."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None and VERBOSE not in command.params:
            command.params.append(VERBOSE)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # click would write an empty line.
            raise Interrupted from None


class Interrupted(BaseException):
    """Ctrl-C, on its way out of a command."""


def emit_json(answer: dict[str, Any], *, line: bool = False) -> None:
    """Print a refusal as one JSON object."""
    click.echo(json_text(answer, line=line))


def listed(part: Any) -> list[Any]:
    """What is read only where it is printed."""
    if isinstance(part, Sequence):
        return list(part)
    raise TypeError(f"a {type(part).__name__} in an answer")


def json_text(answer: dict[str, Any], *, line: bool = False) -> str:
    """An answer as JSON for programs and people; as one ``line`` for programs alone."""
    return json.dumps(answer, indent=None if line else 2, ensure_ascii=False, default=listed)
