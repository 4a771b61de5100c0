"""The gates: Great Expectations in this process, one suite per landed table or mart.

Suites are YAML in `expectations/`: a query, what is expected of its rows, how severe it is and what
to tell the user. `landed_*.yaml` is gate 1 (before dbt), `marts_*.yaml` gate 2 (before publication).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psycopg2
import yaml
from psycopg2.extras import RealDictCursor

from cartera.db import Role, transaction, url
from cartera.errors import ConfigError
from cartera.runs import Check
from cartera.settings import get_settings
from cartera.warehouse import data_docs

Gate = Literal["landed", "marts"]
SEVERITIES = ("critical", "warning")
SHOWN_ROWS = 5


@dataclass(frozen=True)
class Suite:
    """What is expected of the rows of one query; `name` is its file's, `subject` the table it speaks about."""

    name: str
    subject: str
    query: str
    expectations: list[dict[str, Any]]


def load_suites(gate: Gate, slot: str = "a") -> list[Suite]:
    """The suites of one gate; `marts_slot` in a query becomes the schema being built. Raises ConfigError."""
    folder = get_settings().expectations_dir
    return [_load(path, slot) for path in sorted(folder.glob(f"{gate}_*.yaml"))]


def _load(path: Path, slot: str) -> Suite:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        expectations = document["expectations"]
        wrong = [e for e in expectations if e["severity"] not in SEVERITIES or not e["meta"]["message"]]
        if wrong:
            raise KeyError("severity")
        query = str(document["query"]).replace("marts_slot", f"marts_{slot}")
        return Suite(path.stem, str(document["subject"]), query, expectations)
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: {error} is missing or wrong",
            "a suite has subject, query and expectations; each of these type, kwargs,"
            " severity (critical or warning) and meta: {message: what to tell the user}",
        ) from None


def check(gate: Gate, slot: str = "a") -> list[Check]:
    """Run every suite of a gate, write the Data Docs and return one Check per expectation."""
    suites = load_suites(gate, slot)
    context = _context()
    definitions = [_definition(context, suite) for suite in suites]
    checkpoint = _great_expectations().Checkpoint(
        name=f"{gate}-checkpoint",
        validation_definitions=definitions,
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": SHOWN_ROWS},
    )
    outcome = context.checkpoints.add_or_update(checkpoint).run()
    data_docs.write(context, [*outcome.run_results, *map(_suite_key, suites)])
    by_name = {suite.name: suite for suite in suites}
    return [
        _to_check(gate, by_name[validation.suite_name], result)
        for validation in outcome.run_results.values()
        for result in validation.results
    ]


def _suite_key(suite: Suite) -> Any:
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    return ExpectationSuiteIdentifier(suite.name)


def _great_expectations() -> Any:
    import great_expectations  # 5 s to import: only where a gate runs, once per process

    return great_expectations


@cache
def _context() -> Any:
    """One in-memory context per process: nothing of ours, and no password, is written to its files."""
    gx = _great_expectations()
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(data_docs.folder()),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    context.add_data_docs_site(site_name="cartera", site_config=site)
    return context


def _definition(context: Any, suite: Suite) -> Any:
    gx, name = _great_expectations(), suite.name
    source = context.data_sources.add_or_update_postgres(
        name=name, connection_string=url(Role.transformer), create_temp_table=False
    )
    batch = source.add_query_asset(name=suite.subject, query=suite.query).add_batch_definition_whole_table("now")
    expectations = [_expectation(expectation) for expectation in suite.expectations]
    added = context.suites.add_or_update(gx.ExpectationSuite(name=name, expectations=expectations))
    return context.validation_definitions.add_or_update(gx.ValidationDefinition(name=name, data=batch, suite=added))


def _expectation(described: dict[str, Any]) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    return get_expectation_impl(described["type"])(
        **described["kwargs"],
        severity=described["severity"],
        meta=described["meta"],
        description=described["meta"]["message"],
    )


def _to_check(gate: Gate, suite: Suite, result: Any) -> Check:
    config, seen = result.expectation_config, result.result
    name, column = config.meta.get("name") or config.type, config.kwargs.get("column")
    rows = "" if result.success else _sample(suite, config.kwargs.get("unexpected_rows_query"))
    return Check(
        gate=gate,
        subject=suite.subject,
        name=f"{name}({column})" if column else name,
        severity="critical" if config.severity.value == "critical" else "warning",
        passed=bool(result.success),
        observed=str(seen.get("observed_value", seen.get("unexpected_count", ""))),
        message="" if result.success else _message(result) + rows,
    )


def _sample(suite: Suite, unexpected_rows_query: str | None) -> str:
    """The first of the rows that a query expectation found, and how many more: its result holds only their number."""
    if unexpected_rows_query is None:
        return ""
    with transaction(Role.transformer) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        try:
            cursor.execute(unexpected_rows_query.format(batch=f"({suite.query}) as batch"))
        except psycopg2.ProgrammingError:
            return ""  # a query that can't run is told by _message
        rows, more = cursor.fetchmany(SHOWN_ROWS), cursor.rowcount - SHOWN_ROWS
    listed = [", ".join(f"{column} {_shown(value)}" for column, value in row.items()) for row in rows]
    return "".join(f"; {each}" for each in [*listed, *([f"and {more:,} more"] if more > 0 else [])])


def _shown(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _message(result: Any) -> str:
    """What the suite says, or why the expectation itself could not be asked."""
    raised = result.exception_info or {}
    errors = [raised] if "raised_exception" in raised else list(raised.values())
    failed = [str(error["exception_message"]).partition("\n")[0] for error in errors if error["raised_exception"]]
    if failed:
        return f"the check could not be made: {failed[0]}"
    return str(result.expectation_config.meta["message"])
