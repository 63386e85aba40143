"""Addresses as values: a path and its parameters in order, a name as often as it likes."""

from urllib.parse import urlencode

Pairs = tuple[tuple[str, str], ...]


def address(path: str, pairs: Pairs) -> str:
    """The path with these parameters behind it."""
    return f"{path}?{urlencode(pairs)}" if pairs else path


def without(pairs: Pairs, *names: str) -> Pairs:
    """All but the parameters of these names."""
    return tuple(pair for pair in pairs if pair[0] not in names)


def without_one(pairs: Pairs, name: str, value: str) -> Pairs:
    """All but this value of this name."""
    return tuple(pair for pair in pairs if pair != (name, value))


def with_one(pairs: Pairs, name: str, value: str) -> Pairs:
    """This value of this name too, said once."""
    return (*without_one(pairs, name, value), (name, value))


def in_place_of(pairs: Pairs, name: str, value: str) -> Pairs:
    """This value as the only one of its name, or none at all when it is empty."""
    return with_one(without(pairs, name), name, value) if value else without(pairs, name)
