"""Who may import whom (see docs/architecture.md), checked over the syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "kms"
LEAVES = {
    "errors", "settings", "language", "thai", "markup", "note_kinds", "province_map",
    "nearness", "places", "gazetteer", "place_reading", "place_mentions",
    "alignment", "note_parts", "merging", "differences",
}  # fmt: skip
EDGES = {"web", "cli", "commands"}
ROOTS = {"__init__", "__main__"}


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts]


def dotted(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(name: str) -> str:
    """The part a dotted module belongs to: ``kms.web.notes`` → ``web``."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@cache
def imports(path: Path) -> frozenset[str]:
    return frozenset(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            # `from kms import notes` takes a module, not what the package's own file defines.
            yield from names if node.module == "kms" else [node.module or "", *names]


def ours(path: Path) -> set[str]:
    return {part(name) for name in imports(path) if name.startswith("kms.")}


def foreign(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def in_part(*names: str) -> list[Path]:
    return [path for path in modules() if part(dotted(path)) in names]


def test_leaves_import_nothing_of_ours_but_leaves() -> None:
    wrong = {dotted(p): ours(p) - LEAVES for p in in_part(*LEAVES) if ours(p) - LEAVES}
    assert not wrong


def test_the_domain_knows_no_web_and_no_search() -> None:
    not_domain = (
        LEAVES | EDGES | ROOTS | {"search", "saving", "exchange", "backup", "doctor", "starter"}
    )
    domain = [path for path in modules() if part(dotted(path)) not in not_domain]
    assert domain
    for path in domain:
        assert not ours(path) & (EDGES | {"search", "saving"}), dotted(path)
        assert not foreign(path) & {"flask", "whoosh", "werkzeug", "flask_login"}, dotted(path)


def test_only_search_knows_the_engine() -> None:
    for path in modules():
        if part(dotted(path)) != "search":
            assert "whoosh" not in foreign(path), dotted(path)


def test_the_web_knows_no_sqlalchemy() -> None:
    for path in in_part("web"):
        assert "sqlalchemy" not in foreign(path), dotted(path)


def test_nobody_imports_the_web_but_the_composition_root() -> None:
    for path in modules():
        if part(dotted(path)) not in {"web"} | ROOTS:
            assert "web" not in ours(path), dotted(path)


def test_no_import_hides_in_a_function() -> None:
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inside = ast.walk(function)
                hidden = [one for one in inside if isinstance(one, ast.Import | ast.ImportFrom)]
                assert not hidden, f"{dotted(path)}.{function.name}"


def test_there_are_no_cycles() -> None:
    names = {dotted(path) for path in modules()}
    graph = {dotted(p): {n for n in imports(p) if n in names} - {dotted(p)} for p in modules()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail, name))
        if name in done:
            return
        for wanted in graph[name]:
            # A package's own __init__ is imported with every module in it.
            visit(wanted, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_functions_stay_readable() -> None:
    """One thing at one level: nothing over sixty lines."""
    long = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                size = node.end_lineno - node.lineno + 1
                if size > 60:
                    long.append(f"{dotted(path)}.{node.name}: {size}")
    assert not long


def test_nothing_is_called_util() -> None:
    assert not [path for path in modules() if "util" in path.stem or "helper" in path.stem]
