"""The rules of dashboards/__init__.py, held by reading the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
WITH_STREAMLIT = {"app.py", "bundle.py", "server.py", "queries/cache.py"}
PAGES = sorted((DASHBOARDS / "app_pages").glob("*.py"))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def _rooms(imports: set[str]) -> set[str]:
    return {name.split(".")[0] for name in imports}


def test_streamlit_is_imported_where_it_is_said() -> None:
    users = {
        path.relative_to(DASHBOARDS).as_posix()
        for path in DASHBOARDS.rglob("*.py")
        if "streamlit" in _rooms(_imports(path)) and path.parent.name not in ("app_pages", "components")
    }
    assert users == WITH_STREAMLIT


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_is_short_and_has_neither_sql_nor_plotly(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    imports = _imports(page)
    assert _rooms(imports).isdisjoint({"plotly", "psycopg2", "pandas", "sqlalchemy"})
    assert not any(name.startswith(("dashboards.charts", "cartera.warehouse", "cartera.db")) for name in imports)
    assert not any(word in text.lower() for word in ("select ", " from serve", " join "))


def test_only_the_session_connects_and_as_reader() -> None:
    users = {p.name for p in DASHBOARDS.rglob("*.py") if any(n.startswith("cartera.db") for n in _imports(p))}
    assert users == {"session.py"}
    assert "Role.reader" in (DASHBOARDS / "queries" / "session.py").read_text(encoding="utf-8")


def test_files_leave_by_the_buttons_that_write_it_down() -> None:
    users = {p.name for p in DASHBOARDS.rglob("*.py") if "download_button(" in p.read_text(encoding="utf-8")}
    assert users == {"export.py"}
    for path in (DASHBOARDS / "components").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "export.py" and "file_button(" in text:
            assert text.count("file_button(\n") == text.count(" logged("), path


def test_nothing_is_written_as_html() -> None:
    for path in DASHBOARDS.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text, path
        # of a table every cell is escaped where it is written
        assert "st.html" not in text or path.name == "still_table.py" and text.count("{escape(text)}") == 2, path
        # a frame shows what boxed() has put into one without rights
        assert "st.iframe" not in text or path.name == "message.py" and text.count("st.iframe(boxed(") == 1, path
