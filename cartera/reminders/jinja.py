"""Templates as files: sandboxed, read in one language each, their mistakes told with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cartera.errors import ConfigError
from cartera.reminders import filters
from cartera.reminders.context import VARIABLES
from cartera.reminders.policy import LANGUAGES, Language

FAILURES = (jinja2.TemplateError, TypeError, ValueError, ZeroDivisionError)


@cache
def environment(root: Path, *, is_html: bool) -> ImmutableSandboxedEnvironment:
    """One for each folder while the process lasts: compiling a file takes longer than filling it in, and one that has
    changed is compiled anew."""
    found = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(root),
        autoescape=is_html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    found.filters["paragraphs"] = filters.html_paragraphs if is_html else filters.text_paragraphs
    found.filters["column"] = filters.column
    return found


def path_of(root: Path, name: str, language: Language, suffix: str = "j2") -> Path:
    """The file of a template. Raises ConfigError naming those that exist."""
    path = root / f"{name}.{language}.{suffix}"
    if not path.is_file():
        known = sorted({found.name.split(".")[0] for found in root.glob(f"*.*.{suffix}")} - {"layout"})
        raise ConfigError(
            f"{path}: there is no such template; templates are: {', '.join(known) or 'none'}",
            f"write it; every template is needed in each of {', '.join(LANGUAGES)}",
        )
    return path


def check_source(env: jinja2.Environment, path: Path, blocks: Sequence[str]) -> None:
    """Known variables only, and every block there. Raises ConfigError."""
    try:
        tree = env.parse(path.read_text(encoding="utf-8"), path.name, str(path))
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{path}:{error.lineno}: {error.message}", "correct the template") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "save it as a UTF-8 text that can be read") from None
    unknown = sorted(meta.find_undeclared_variables(tree) - VARIABLES)
    if unknown:
        raise ConfigError(
            f"{path}:{_line_of(tree, unknown[0])}: unknown variable {', '.join(unknown)}",
            f"known are: {', '.join(sorted(VARIABLES))}",
        )
    there = {block.name for block in tree.find_all(jinja2.nodes.Block)}
    missing = [block for block in blocks if block not in there]
    if missing:
        raise ConfigError(
            f"{path}: block {', '.join(missing)} is missing", "compare with the templates that came along"
        )


def check_text(env: jinja2.Environment, path: Path, text: str) -> None:
    """As check_source, for a text that stands in a YAML file. Raises ConfigError."""
    try:
        unknown = sorted(meta.find_undeclared_variables(env.parse(text)) - VARIABLES)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{path}:{_line_with(path, text)}: {text!r}: {error.message}", "correct it") from None
    if unknown:
        raise ConfigError(
            f"{path}:{_line_with(path, text)}: unknown variable {', '.join(unknown)}",
            f"known are: {', '.join(sorted(VARIABLES))}",
        )


def _line_with(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


def _line_of(tree: jinja2.nodes.Template, variable: str) -> int:
    return next((node.lineno for node in tree.find_all(jinja2.nodes.Name) if node.name == variable), 1)


def place_of(error: BaseException) -> str:
    """The template's file and line in a traceback, as Jinja writes it there."""
    place, step = "", error.__traceback__
    while isinstance(step, TracebackType):
        if step.tb_frame.f_code.co_filename.endswith(".j2"):
            place = f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return place
