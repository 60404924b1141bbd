"""What the rules of the house measure, and the list of exceptions that may only become shorter.

Each rule is a function from the sources (file name -> text) to its offences (key -> size). `tests/ratchets.toml` lists the offences
that are still allowed, and `tests/test_house.py` compares. After an improvement, a rename or a merge, from the root of the repository:

    python tests/shared/ratchets.py

writes the list again. It refuses a list that is worse in total than the old one: then the code has to change, not the list.
"""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from exactgeo.losses import LOSSES

TESTS = Path(__file__).resolve().parent.parent
PACKAGE = TESTS.parent / "exactgeo"
LIST = TESTS / "ratchets.toml"

Sources = dict[str, str]
Offences = dict[str, int]

FUNCTION_LINES = 60
CLASS_LINES = 300
LAYER = re.compile(r"\b(?:weights|biases)\[-?\d+\]")
# Words of the first house that mean several things or nothing; classes and constants likewise.
WORDS = re.compile(
    r"settl(e|es|ed|ing)|screen(s|ed|ing|er)?|walk(s|ed|er|ing)?|slots?|seat(s|ed)?|spots?|homes?|keepers?|parcels?|passing|spread(s|ing)?|flood(s|ed|ing)?|places?|shares?|turns?"
)
DOCUMENTED = {"check.py": {"KINDS"}}  # the table of claims, by its name in docs/certificate-v1.md
NAMES = frozenset({"Cells", "Answer", "Group", "Choice", "KINDS", "MOST", "AT_ONCE"})


def package_sources() -> Sources:
    return {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


# -- Imports -------------------------------------------------------------------------------------------------


def imports(sources: Sources, package: str = "exactgeo") -> dict[str, set[str]]:
    """The files each file imports itself, inside functions too; what only the type checker sees does not count.

    ``from exactgeo.basin import table`` is the file ``basin/table.py`` if there is one and ``basin/__init__.py`` if not;
    that importing a submodule runs the ``__init__`` above it does not count.
    """
    files = {module_name(path, package): path for path in sources}
    graph: dict[str, set[str]] = {}
    for path, text in sources.items():
        module = module_name(path, package)
        names: set[str] = set()
        for node in without_type_checking(parsed(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    here = module.split(".") if path.endswith("__init__.py") else module.split(".")[:-1]
                    above = here[: len(here) - node.level + 1]
                    base = ".".join([*above, *([node.module] if node.module else [])])
                for alias in node.names:
                    submodule = f"{base}.{alias.name}"
                    names.add(submodule if submodule in files else base)
        graph[path] = {files[name] for name in names if name in files} - {path}
    return graph


def module_name(path: str, package: str) -> str:
    parts = [package, *path.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def without_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield other
                yield from without_type_checking(other)
            continue
        yield child
        yield from without_type_checking(child)


def circles(sources: Sources) -> Offences:
    """The groups of files of which each reaches each other by imports, and how many files they have."""
    graph = imports(sources)
    reached = {path: reachable(graph, path) for path in graph}
    groups = {
        tuple(sorted({path, *(other for other in reached[path] if path in reached[other])}))
        for path in graph
        if path in reached[path]
    }
    return {", ".join(group): len(group) for group in sorted(groups)}


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += graph[path]
    return seen


def one_circle(sources: Sources, group: str) -> list[str]:
    """A shortest chain of imports from the first file of the group back to it, for the message."""
    graph, start = imports(sources), group.split(", ")[0]
    chains = [[start]]
    seen = {start}
    while chains:
        chain = chains.pop(0)
        for path in sorted(graph[chain[-1]]):
            if path == start:
                return [*chain, start]
            if path not in seen:
                seen.add(path)
                chains.append([*chain, path])
    return []


# -- Size ----------------------------------------------------------------------------------------------------


def long_functions(sources: Sources) -> Offences:
    return too_long(sources, (ast.FunctionDef, ast.AsyncFunctionDef), FUNCTION_LINES)


def long_classes(sources: Sources) -> Offences:
    return too_long(sources, (ast.ClassDef,), CLASS_LINES)


def too_long(sources: Sources, kinds: tuple[type[ast.AST], ...], most: int) -> Offences:
    found: Offences = {}
    for path, text in sources.items():
        lines = code_lines(text)
        for name, node in definitions(parsed(text)):
            if isinstance(node, kinds):
                count = bisect_right(lines, node.end_lineno or 0) - bisect_left(lines, node.lineno)
                if count > most:
                    found[f"{path} {name}"] = count
    return found


def definitions(
    node: ast.AST, above: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield f"{above}{child.name}", child
            yield from definitions(child, f"{above}{child.name}.")
        else:
            yield from definitions(child, above)


@cache
def code_lines(text: str) -> list[int]:
    """The lines that hold code: no blank line, comment or docstring."""
    lines = {number for number, line in enumerate(text.splitlines(), 1) if line.strip() and line.strip()[0] != "#"}
    for string in docstrings(parsed(text)):
        lines -= set(range(string.lineno, (string.end_lineno or 0) + 1))
    return sorted(lines)


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def docstrings(tree: ast.AST) -> list[ast.Constant]:
    """Strings that are statements of their own: docstrings, and the notes below a field."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


# -- One home for each idea ----------------------------------------------------------------------------------


def loss_names(sources: Sources) -> Offences:
    """How often a file compares with a loss's name, or lists such names: a branch on a loss, whatever its form."""
    free = ("losses/", "formats/", "check")
    return counted(sources, free, lambda text: sum(_loss_names_below(node) for node in ast.walk(parsed(text))))


def _loss_names_below(node: ast.AST) -> int:
    if isinstance(node, ast.Compare):
        strings = [node.left, *node.comparators]
    elif isinstance(node, ast.Dict):
        strings = [key for key in node.keys if key]
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        strings = node.elts
    elif isinstance(node, ast.MatchValue):
        strings = [node.value]
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("startswith", "endswith")
    ):
        strings = node.args
    else:
        return 0
    return sum(isinstance(string, ast.Constant) and string.value in LOSSES for string in strings)


def layers_by_number(sources: Sources) -> Offences:
    """How often a file reads ``weights[1]`` or ``biases[-1]``: a point gives its neurons and its layers itself."""

    def count(text: str) -> int:
        # Text first: writing a file again without its docstrings takes long.
        return len(LAYER.findall(code_only(text))) if LAYER.search(text) else 0

    return counted(sources, ("problem/", "check"), count)


def balls(sources: Sources) -> Offences:
    """How often a file takes ``arb`` or ``acb`` from flint: proved enclosures have one room."""

    def count(text: str) -> int:
        found = 0
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "flint":
                found += sum(alias.name.startswith(("arb", "acb")) for alias in node.names)
            elif isinstance(node, ast.Attribute) and node.attr.startswith(("arb", "acb")):
                found += isinstance(node.value, ast.Name) and node.value.id == "flint"
        return found

    return counted(sources, ("exact/interval.py", "exact/krawczyk.py", "exact/spherical.py"), count)


def counted(sources: Sources, free: tuple[str, ...], count: Callable[[str], int]) -> Offences:
    return {path: n for path, text in sources.items() if not path.startswith(free) and (n := count(text))}


def code_only(text: str) -> str:
    """The source without docstrings and comments, where words are free."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:] or [ast.Pass()]
    return ast.unparse(tree)


# -- Names ---------------------------------------------------------------------------------------------------


def old_names(sources: Sources) -> Offences:
    """The definitions (file, class, function, argument, field, constant) that carry a word of the first house."""
    found: Offences = {}
    for path, text in sources.items():
        names = {*re.split(r"[/.]", path.removesuffix(".py")), *defined(parsed(text))}
        for name in sorted(names - DOCUMENTED.get(path, set())):
            if name in NAMES or any(WORDS.fullmatch(word) for word in words_of(name)):
                found[f"{path} {name}"] = 1
    return found


def words_of(name: str) -> list[str]:
    """``_WalkerOf_spots`` -> walker, of, spots; ``__slots__`` is Python's and has none."""
    if name.startswith("__") and name.endswith("__"):
        return []
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        if isinstance(node, (ast.Module, ast.ClassDef)):
            for statement in node.body:
                if isinstance(statement, (ast.Assign, ast.AnnAssign)):
                    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                    yield from (
                        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                    )


# -- The list ------------------------------------------------------------------------------------------------

RATCHETS: dict[str, Callable[[Sources], Offences]] = {
    "circles": circles,
    "functions": long_functions,
    "classes": long_classes,
    "loss_names": loss_names,
    "layers_by_number": layers_by_number,
    "balls": balls,
    "old_names": old_names,
}
HEADS = {
    "circles": "files that import each other in a circle = how many they are",
    "functions": f"functions of more than {FUNCTION_LINES} lines of code = lines",
    "classes": f"classes of more than {CLASS_LINES} lines of code = lines",
    "loss_names": "comparisons with a loss's name outside losses/, formats/ and the checker",
    "layers_by_number": "weights[0], biases[-1] and their like outside problem/",
    "balls": "flint's balls outside exact/interval.py and exact/krawczyk.py",
    "old_names": "definitions with a word that is to go",
}


def read_list(text: str) -> dict[str, Offences]:
    """Read by lines, so that what a merge left behind (a line twice, a mark of conflict) does not matter."""
    allowed: dict[str, Offences] = {name: {} for name in RATCHETS}
    section = ""
    for line in text.splitlines():
        if head := re.fullmatch(r"\[(\w+)\].*", line):
            section = head.group(1)
        elif entry := re.fullmatch(r'"(.+)" = (\d+)', line):
            key, size = entry.group(1), int(entry.group(2))
            allowed[section][key] = max(size, allowed[section].get(key, 0))
    return allowed


def write_list(allowed: dict[str, Offences]) -> str:
    lines = [
        "# What the rules of the house still allow; may only become shorter. Written by `python tests/shared/ratchets.py`."
    ]
    for name, offences in allowed.items():
        lines += ["", f"[{name}]  # {HEADS[name]}", *(f'"{key}" = {offences[key]}' for key in sorted(offences))]
    return "\n".join(lines) + "\n"


def worse(now: Offences, allowed: Offences) -> list[str]:
    return [
        f"{key} = {size} (allowed: {allowed.get(key, 'none')})"
        for key, size in now.items()
        if size > allowed.get(key, 0)
    ]


def gone(now: Offences, allowed: Offences) -> list[str]:
    return [key for key in allowed if key not in now]


def main() -> int:
    sources = package_sources()
    now = {name: measure(sources) for name, measure in RATCHETS.items()}
    old = read_list(LIST.read_text(encoding="utf-8")) if LIST.exists() else now
    for name, offences in now.items():
        if sum(offences.values()) > sum(old[name].values()):
            print(
                f"{name}: worse than the list, which is left alone; change the code:",
                *worse(offences, old[name]),
                sep="\n  ",
            )
            return 1
    LIST.write_text(write_list(now), encoding="utf-8")
    print(*(f"{name}: {len(offences)} entries (were {len(old[name])})" for name, offences in now.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
