"""YAML configuration read into a pydantic model, with errors that name the line and guess what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cartera.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML was built with it: nine times as fast; the rules of all countries took 0.4 s."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 100
MAX_SHOWN = 5


def load_yaml_model(path: Path, model: type[Model], *, as_text: bool = False) -> Model:
    """The file as `model`. Raises ConfigError: `file:line: key: what is wrong; did you mean ...?`

    The model should set `extra="forbid"`, so that a misspelt key is an error and not silence.
    `as_text` keeps every value as it is written: `No`, `001` and `1_000` are someone's data there.
    """
    node = _compose(path)
    document = _construct(node, path, yaml.BaseLoader if as_text else yaml.SafeLoader)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = [_describe(path, node, model, detail) for detail in _telling(error.errors())]
        more = f"\n  and {len(problems) - MAX_SHOWN} more" if len(problems) > MAX_SHOWN else ""
        raise ConfigError(
            "\n  ".join(dict.fromkeys(problems[:MAX_SHOWN])) + more, f"correct {path.name} and run again"
        ) from None


def line_of(path: Path, location: Location) -> int:
    """The line, from 1, where a key of the file is written; of its nearest parent when it is absent."""
    return _line(_compose(path), location)


def _compose(path: Path) -> yaml.Node:
    text = small_text(path)
    try:
        _refuse_depth(path, text)
        node = yaml.compose(text, Loader=PARSER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {error.problem}", "mind indentation and quotes") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}:1: not YAML: {error}", "mind indentation and quotes") from None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}:1: expected `key: value` lines", "compare with an example in the README")
    _refuse_repeats(path, node)
    return node


def small_text(path: Path, max_bytes: int = MAX_BYTES, name_instead: str = "a configuration file") -> str:
    """The text of a UTF-8 file of at most so many bytes. Raises ConfigError."""
    try:
        if path.stat().st_size > max_bytes:
            raise ConfigError(f"{path}: larger than {max_bytes:,} bytes", f"name {name_instead}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", f"name {name_instead} that can be read") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8", "save the file as UTF-8") from None


def _refuse_depth(path: Path, text: str) -> None:
    """libyaml's composer calls itself for each level, and a file of brackets would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=PARSER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ConfigError(f"{path}:{line}: more than {MAX_DEPTH} levels", "mind indentation and brackets")


def _refuse_repeats(path: Path, root: yaml.Node) -> None:
    """YAML keeps the last of two equal keys in silence; anchors could make a small file huge."""
    seen: set[int] = set()
    for node in _walk(root):
        if isinstance(node, (yaml.MappingNode, yaml.SequenceNode)):
            if id(node) in seen:
                line = node.start_mark.line + 1
                raise ConfigError(f"{path}:{line}: YAML anchors are not supported", "write the values out")
            seen.add(id(node))
        if not isinstance(node, yaml.MappingNode):
            continue
        keys: set[str] = set()
        for key, _value in node.value:
            if str(key.value) in keys:
                raise ConfigError(
                    f"{path}:{key.start_mark.line + 1}: {key.value!r} is written twice", "keep one of them"
                )
            keys.add(str(key.value))


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node; a node met again by an anchor is given once more, but not entered again."""
    pending, entered = [root], set[int]()
    while pending:
        node = pending.pop()
        yield node
        if id(node) in entered:
            continue
        entered.add(id(node))
        if isinstance(node, yaml.MappingNode):
            pending.extend(value for _key, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)


def _construct(node: yaml.Node, path: Path, loader_type: type[yaml.BaseLoader] | type[yaml.SafeLoader]) -> object:
    loader = loader_type("")
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: {error}", "write plain text, numbers, lists and keys") from None
    finally:
        loader.dispose()


def _telling(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Misspelt keys first: a key that is missing often is the same mistake. A mapping that fails as one
    branch of a union is not reported as failing the union's plain words too."""
    kept = [
        detail for detail in details if not (detail["type"] == "literal_error" and isinstance(detail["input"], dict))
    ]
    return sorted(kept or details, key=lambda detail: detail["type"] != "extra_forbidden")


def _describe(path: Path, root: yaml.Node, model: type[BaseModel], detail: ErrorDetails) -> str:
    location = _in_document(root, detail["loc"], keeps_absent=detail["type"] == "missing")
    key = ".".join(str(part) for part in location)
    return f"{path}:{_line(root, location)}: {key + ': ' if key else ''}{_message(model, detail)}"


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        written = str(detail["loc"][-1])
        known = sorted(_fields(model, detail["loc"][:-1]))
        return f"there is no such key; {guess(written, known)}"
    if detail["type"] in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
        return f"{detail['input']!r} is not possible; {guess(str(detail['input']), known)}"
    if detail["type"] == "missing":
        return "this key is missing"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{message} (found {_short(detail['input'])})" if detail["type"] != "value_error" else message


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def guess(written: str, known: Sequence[str]) -> str:
    """The nearest of the known words, or all of them."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(written.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean {lower[close[0]]}?" if close else f"known are: {', '.join(known)}"


def _fields(annotation: object, location: Sequence[int | str]) -> set[str]:
    """The keys that the model knows at a location; steps that name a union's branch narrow nothing."""
    models = list(_models(annotation))
    if not location:
        return {field.alias or name for model in models for name, field in model.model_fields.items()}
    head, rest = location[0], location[1:]
    found: set[str] = set()
    for model in models:
        for name, field in model.model_fields.items():
            if head in (name, field.alias):
                found |= _fields(field.annotation, rest)
    return found or _fields(annotation, rest)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that can stand at an annotation, through lists, dicts, unions and Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models(get_args(annotation)[0])
    elif origin in (Union, UnionType) or (isinstance(origin, type) and issubclass(origin, (Sequence, Mapping, set))):
        for argument in get_args(annotation):
            yield from _models(argument)


def _in_document(root: yaml.Node, location: Sequence[int | str], *, keeps_absent: bool) -> Location:
    """The location without the steps that only name a branch of a union, and are in no document."""
    kept: list[int | str] = []
    node: yaml.Node | None = root
    for position, part in enumerate(location):
        child = _child(node, part)
        is_last = position == len(location) - 1
        if child is None and not (keeps_absent and is_last):
            continue
        kept.append(part)
        node = child or node
    return tuple(kept)


def _line(root: yaml.Node, location: Sequence[int | str]) -> int:
    node, line = root, root.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            line = next((key.start_mark.line + 1 for key, _ in node.value if key.value == str(part)), line)
        child = _child(node, part)
        if child is None:
            return line
        if isinstance(node, yaml.SequenceNode):
            line = child.start_mark.line + 1
        node = child
    return line


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None


__all__ = ["guess", "line_of", "load_yaml_model"]
