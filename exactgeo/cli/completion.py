"""What TAB offers a shell: names of problems and files, and the words that an option knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

__all__ = ["examples", "problems", "words"]


def words(known: Callable[[], Iterable[str]]) -> Complete:
    """Those of some words that begin as what is typed; they are asked for when TAB is pressed."""

    def complete(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in known() if word.startswith(typed)]

    return complete


def _names() -> Iterable[tuple[str, str]]:
    from exactgeo import library

    return library.names()


def problems(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Named problems, each with its line, and files."""
    from click.shell_completion import CompletionItem

    return [*examples(ctx, param, typed), CompletionItem(typed, type="file")]


def examples(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Named problems, each with its line."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=about) for name, about in _names() if name.startswith(typed)]
