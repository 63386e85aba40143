"""Every script that ships runs in a browser of 2017: its syntax, and what it calls."""

from collections.abc import Iterator
from pathlib import Path

import esprima
import pytest

from kms.settings import PROJECT

SCRIPTS = sorted((PROJECT / "static").rglob("*.js"))

# Came to browsers after 2017. A script may call one when it also asks whether it is there,
# that is: mentions it without calling it.
NEW_NAMES = """
    allSettled any at flat flatMap fromEntries finally findLast findLastIndex groupBy hasOwn
    matchAll queueMicrotask randomUUID replaceAll replaceChildren requestIdleCallback
    requestSubmit showModal structuredClone toggleAttribute toReversed toSorted toSpliced
    trimEnd trimStart AbortController AbortSignal BigInt OffscreenCanvas ResizeObserver WeakRef
    checkVisibility createImageBitmap isWellFormed withResolvers
"""
TOO_NEW = frozenset(NEW_NAMES.split())
# Names that are never looked up on something of ours, so that even a mention is too much.
NEW_GLOBALS = frozenset({"globalThis"})


def read(script: str) -> object:
    """The syntax tree; esprima knows exactly ES2017 but for the few things refused here."""
    tree = esprima.parseScript(script)
    for node in nodes(tree):
        kind = node.type
        if kind in ("ObjectExpression", "ObjectPattern"):
            spread = [
                one for one in node.properties if one.type in ("SpreadElement", "RestElement")
            ]
            if spread:
                raise SyntaxError("rest or spread in an object")
        if kind == "Import":
            raise SyntaxError("import()")
        if kind == "Literal" and getattr(node, "regex", None):
            flags, pattern = node.regex.flags, node.regex.pattern
            if set(flags) - set("gimuy") or "(?<" in pattern or r"\p{" in pattern.lower():
                raise SyntaxError(f"a newer regular expression: {pattern}")
    return tree


def nodes(tree: object) -> Iterator[object]:
    """Every node of a syntax tree."""
    if isinstance(tree, list):
        for one in tree:
            yield from nodes(one)
    elif hasattr(tree, "type"):
        yield tree
        for part in vars(tree).values():
            if isinstance(part, list) or hasattr(part, "type"):
                yield from nodes(part)


def too_new(tree: object) -> set[str]:
    """What the script calls without asking whether the browser has it."""
    called, mentioned = set(), set()
    callees = {
        id(node.callee) for node in nodes(tree) if node.type in ("CallExpression", "NewExpression")
    }
    names_called = {
        id(node.callee.property if node.callee.type == "MemberExpression" else node.callee)
        for node in nodes(tree)
        if id(getattr(node, "callee", None)) in callees
    }
    for node in nodes(tree):
        if node.type == "Identifier":
            (called if id(node) in names_called else mentioned).add(node.name)
        elif node.type == "Literal" and isinstance(node.value, str):
            mentioned.add(node.value)
    return (called & TOO_NEW) - mentioned | mentioned & NEW_GLOBALS


@pytest.mark.parametrize(
    "newer",
    [
        "a?.b",
        "a ?? b",
        "a ||= b",
        "const {b, ...rest} = a",
        "f({...a})",
        "try { f() } catch { g() }",
        "async function* f() {}",
        "async () => { for await (const one of all) f(one) }",
        "1_000",
        "10n",
        "class A { #own = 1 }",
        "import('./a.js')",
        "/a.b/s",
        "/(?<=a)b/",
        r"/\p{L}/u",
        "export const a = 1",
    ],
)
def test_the_reader_refuses_what_es2017_does_not_know(newer: str) -> None:
    with pytest.raises((SyntaxError, esprima.Error)):
        read(newer)


@pytest.mark.parametrize(
    "known",
    [
        "async function f() { await g(1, 2,) }",
        "const [first, ...rest] = a; f(...rest); 2 ** 3",
        "for (const [name, value] of Object.entries(a)) f(`${name}: ${value}`.padStart(3))",
        "try { f() } catch (_problem) { g() }",
    ],
)
def test_the_reader_takes_what_es2017_knows(known: str) -> None:
    assert not too_new(read(known))


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("'ก'.replaceAll('a', 'b')", {"replaceAll"}),
        ("all.flat().at(-1)", {"flat", "at"}),
        ("fetch('/').finally(f)", {"finally"}),
        ("self.crypto.randomUUID()", {"randomUUID"}),
        ("new AbortController()", {"AbortController"}),
        ("globalThis.f()", {"globalThis"}),
        ("window.AbortController ? new AbortController() : null", set()),
        ("if ('randomUUID' in crypto) crypto.randomUUID()", set()),
        ("try { f() } finally { g() }", set()),
        ("const at = 1; f(at)", set()),
    ],
)
def test_a_newer_call_is_found_unless_the_script_asks_first(script: str, found: set[str]) -> None:
    assert too_new(read(script)) == found


@pytest.mark.parametrize(
    "path", SCRIPTS, ids=lambda path: str(path.relative_to(PROJECT / "static"))
)
def test_every_script_runs_in_a_browser_of_2017(path: Path) -> None:
    assert not too_new(read(path.read_text(encoding="utf-8")))


def test_the_scripts_are_found() -> None:
    assert PROJECT / "static" / "js" / "steps.js" in SCRIPTS
