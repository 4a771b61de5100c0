"""Tables as a phone shows them."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage
from support.serve_fixture import publish_items, sample_items

from dashboards.components import page
from dashboards.components.tables import PHONE_NAME


def _shown(app: AppTest, column: str) -> pd.DataFrame:
    """The first table with that column, as it is written on the screen."""
    (found, *_) = [frame for frame in app.dataframe if column in frame.value]
    shown: pd.DataFrame = pa.ipc.open_stream(found.proto.arrow_data.styler.display_values).read_pandas()
    return shown.set_axis(list(found.value.columns), axis=1)


@pytest.mark.parametrize(("is_phone", "open_amount"), [(True, "93,864"), (False, "93,863.54")])
def test_sums_beside_each_other_are_whole_on_a_phone(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, is_phone: bool, open_amount: str
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: is_phone)
    app = open_page("overview")
    assert _shown(app, "customer_name")["open_amount"].iloc[0] == open_amount
    assert ("sums in tables without decimals" in " ".join(each.value for each in app.caption)) is is_phone


def test_documents_are_asked_for_to_the_cent(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: True)
    app = open_page("aging", currency="PEN", customer=sample_items()[0].customer_id)
    assert all("." in amount for amount in _shown(app, "document_number")["open_amount"])


def test_a_pinned_name_leaves_room_beside_it(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(page, "is_phone", lambda: True)
    for name in ("overview", "aging", "segments", "kpis"):
        for frame in open_page(name).dataframe:
            pinned = [each for each in json.loads(frame.proto.columns).values() if each.get("pinned")]
            assert all(each.get("width", 0) <= PHONE_NAME for each in pinned)
