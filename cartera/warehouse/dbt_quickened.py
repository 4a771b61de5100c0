"""What dbt does over and over in a run, done once or not at all. Importing this imports dbt: only where it runs.

Together about half of dbt's own work in a build of ours. It has no setting for any of it, so each function here takes
the place of one of dbt 1.11's for the time of one invocation, with the same outcome:

- Of an event below `info` nothing is ever written here, but dbt wrote each out for the console and for its log before
  either looked at the level, and made a message of each before that. Thousands in a build.
- Each node is rendered twice, each time with all 700 macros put into a new namespace, one by one.
- Each result of a query has a guesser of types, each with a parser of dates in words.
- Each invocation asks who defined the adapter's flags, by reading the sources of whoever called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from dbt.clients.jinja import MacroGenerator
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients import agate_helper
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

UNHEARD = (EventLevel.DEBUG, EventLevel.TEST)

_fire_event: Any = EventManager.fire_event
_make_message: Any = BaseEvent.__init__
_context_to_dict: Any = super(ManifestContext, ManifestContext).to_dict
_build_type_tester: Any = agate_helper.build_type_tester


def _fire_heard_event(manager: EventManager, e: Any, level: EventLevel | None = None, *more: Any, **named: Any) -> None:
    if (level or e.level_tag()) not in UNHEARD:
        _fire_event(manager, e, level, *more, **named)


def _note_what_is_said(event: BaseEvent, *said: Any, **named: Any) -> None:
    object.__setattr__(event, "said", (said, named))


def _of_message(event: BaseEvent, name: str) -> Any:
    """For what is not found on the event itself: its message is made when something of it is asked for."""
    if name != "pb_msg":
        return getattr(event.pb_msg, name)
    said, named = object.__getattribute__(event, "said")
    _make_message(event, *said, **named)
    return object.__getattribute__(event, "pb_msg")


def _set_in_message(event: BaseEvent, name: str, value: Any) -> None:
    if name == "pb_msg":
        object.__setattr__(event, name, value)
    else:
        setattr(event.pb_msg, name, value)


def _namespace(
    builder: MacroNamespaceBuilder, macros_by_package: Mapping[str, Mapping[str, Any]], context: dict[str, Any]
) -> MacroNamespace:
    """The macros that a node sees: by package, the node's own, the project's, those of dbt and its adapter."""

    def callable_here(macro: Any) -> MacroGenerator:
        made = MacroGenerator.__new__(MacroGenerator)  # its three constructors set just these
        made.context, made.macro, made.node, made.stack = context, macro, builder.node, builder.thread_ctx
        return made

    made = {
        package: {name: callable_here(macro) for name, macro in macros.items()}
        for package, macros in macros_by_package.items()
    }
    packages = {package: macros for package, macros in made.items() if package not in builder.internal_package_names}
    internal: dict[str, MacroGenerator] = {}
    for package in reversed(builder.internal_package_names_order):  # the first wins
        internal.update(made.get(package, {}))
    own, root = (packages.get(name, {}) for name in (builder.search_package, builder.root_package))
    return MacroNamespace({} if own is root else root, own, internal, packages)


def _to_dict(context: ManifestContext) -> Any:
    """The context with its macros: where two have one name, the first that is looked at wins."""
    found = _context_to_dict(context)
    namespace = context.namespace
    if isinstance(namespace, TestMacroNamespace):
        layers = [namespace.local_namespace, namespace.project_namespace]
    else:
        layers = [*namespace._search_order()][::-1]
    for layer in layers:
        found.update(layer)
    return found


@lru_cache(maxsize=1_000)
def _type_tester(text_columns: frozenset[str], null_values: tuple[str, ...]) -> Any:
    return _build_type_tester(text_columns, null_values)


def _kept_type_tester(text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")) -> Any:
    return _type_tester(frozenset(text_columns), tuple(string_null_values or ()))


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (EventManager, "fire_event", _fire_heard_event),
    (BaseEvent, "__init__", _note_what_is_said),
    (BaseEvent, "__getattr__", _of_message),
    (BaseEvent, "__setattr__", _set_in_message),
    (MacroNamespaceBuilder, "build_namespace", _namespace),
    (ManifestContext, "to_dict", _to_dict),
    (agate_helper, "build_type_tester", _kept_type_tester),
    # what a warning about a flag names
    (BehaviorFlagRendered, "_default_source", staticmethod(lambda: "dbt.adapters")),
)


@contextmanager
def quickened() -> Iterator[None]:
    """For one invocation of dbt."""
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in REPLACED]
    for owner, name, ours in REPLACED:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for owner, name, theirs in before:
            setattr(owner, name, theirs)
