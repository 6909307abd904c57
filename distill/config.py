"""Frozen configurations from a YAML file and ``--set key=value``.

A configuration is a frozen dataclass of plain values (int, float, bool, str, optional ones and
tuples of them), so it can be printed, saved beside a run and compared on resume. A field made
with `free` may change between the two halves of a resumed run (a length, a device).
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

C = TypeVar("C")


class ConfigError(SystemExit):
    """A setting that cannot be used; the message says which, why and what would do."""


def free(default: Any) -> Any:
    """A field with `default` that does not count when a run looks for its earlier half."""
    return dataclasses.field(default=default, metadata={"free": True})


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """The options every configured verb shares."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML file of settings")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="one setting, stronger than the file; may be repeated",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the settings and what would run, then stop"
    )


def load_config(cls: type[C], args: argparse.Namespace) -> C:
    """Build `cls` from ``args.config`` and ``args.overrides`` (strongest last).

    Raises `ConfigError` for an unknown key, with near matches, or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    if args.config is not None:
        values |= read_yaml(args.config)
    for item in args.overrides:
        key, separator, text = item.partition("=")
        if not separator:
            raise ConfigError(f"--set {item!r}: write it as key=value.")
        values[key.strip()] = yaml.safe_load(text)
    return make_config(cls, values)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; a missing file or another shape is a `ConfigError`."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"--config {path}: there is no such file.") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"--config {path}: expected `key: value` lines.")
    return data


def make_config(cls: type[C], values: dict[str, Any]) -> C:
    """Build the frozen dataclass `cls` from `values`, each checked against its field's type."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    hints = typing.get_type_hints(cls)
    for key in values:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=3)
            hint = f" Did you mean {', '.join(near)}?" if near else ""
            known = "" if near else f" Known: {', '.join(sorted(fields))}."
            raise ConfigError(f"{cls.__name__} has no setting '{key}'.{hint}{known}")
    converted = {key: _convert(key, value, hints[key]) for key, value in values.items()}
    missing = [
        name for name, field in fields.items()
        if name not in converted
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(
            f"{cls.__name__} needs {', '.join(missing)}: give it in --config or "
            f"--set {missing[0]}=…"
        )
    return cls(**converted)


def config_values(config: Any, *, fixed_only: bool = False) -> dict[str, Any]:
    """The settings as plain YAML values; `fixed_only` leaves out the `free` ones."""
    return {
        field.name: _plain(getattr(config, field.name))
        for field in dataclasses.fields(config)
        if not (fixed_only and field.metadata.get("free"))
    }


def config_text(config: Any) -> str:
    """The settings as YAML text, in the order of the fields."""
    return yaml.safe_dump(config_values(config), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _convert(key: str, value: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        return _convert(key, value, next(o for o in options if o is not type(None)))
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            value = [value]
        inner = typing.get_args(hint)[0]
        return tuple(_convert(key, item, inner) for item in value)
    if origin is typing.Literal:
        allowed = typing.get_args(hint)
        if value not in allowed:
            raise ConfigError(f"{key}={value!r}: must be one of {', '.join(map(str, allowed))}.")
        return value
    return _scalar(key, value, hint)


def _scalar(key: str, value: Any, hint: Any) -> Any:
    wrong = ConfigError(f"{key}={value!r}: must be a value of type {hint.__name__}.")
    if hint is bool:
        if not isinstance(value, bool):
            raise wrong
        return value
    if isinstance(value, (bool, dict, list)) or value is None:
        raise wrong
    if hint is int and isinstance(value, float) and not value.is_integer():
        raise wrong
    try:
        # YAML reads 1e-4 as a string, so numbers are parsed from text too.
        return hint(value)
    except (TypeError, ValueError):
        raise wrong from None
