"""What is offered to be chosen is called as outside calls it, whatever Markdown that would be (law 10)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.view import as_text

NAMES = ("A_B*", "**due** [pay](http://evil.example)", "Cliente :red[9]", "plain")


def _of_few(names: tuple[str, ...]) -> None:
    from dashboards.components.choosers import toggled

    toggled("Of", names, lambda name: name, "few", list(names))


def _of_many(names: tuple[str, ...]) -> None:
    from dashboards.components.choosers import added

    added("Of", names, lambda name: name, "many", "Choose", list(names))


def _of_one(names: tuple[str, ...]) -> None:
    from typing import cast

    from dashboards.components import filters
    from dashboards.components.view import View
    from dashboards.i18n import Words
    from dashboards.queries.session import Reading

    nothing = cast(Reading, None)
    filters.choice(View(nothing, Words("EN"), is_dark=False), "scheme", {name: name for name in names}, names[0])


@pytest.mark.parametrize("draw", [_of_few, _of_many, _of_one])
def test_a_name_reads_as_it_is(draw: Any) -> None:
    app = AppTest.from_function(draw, args=(NAMES,)).run()
    assert not app.exception
    [group] = app.button_group
    shown = [option.content.removesuffix(" ✕") for option in group.proto.options]
    assert shown == [as_text(name) for name in NAMES]
    # which the browser reads as the very name
    assert [re.sub(r"\\(.)", r"\1", text.replace(":small[]", "")) for text in shown] == list(NAMES)


def test_what_was_chosen_is_still_told_apart() -> None:
    app = AppTest.from_function(_of_few, args=(NAMES,)).run()
    app = app.button_group[0].set_value([NAMES[1], NAMES[0]]).run()
    assert app.session_state["few"] == [NAMES[1], NAMES[0]] and not app.exception
