"""The fields of a form at the desk: what is typed is kept in its draft at once, and read back exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import streamlit as st

from cartera.desk import Actor, drafts
from cartera.desk.checked import MOST_AMOUNT
from cartera.errors import ConfigError, Conflict
from cartera.money import minor_units
from cartera.warehouse.read import Row
from dashboards.components import states
from dashboards.components.clicks import answers
from dashboards.components.view import as_text
from dashboards.i18n import LOCALES, Words

RECORDED, NEXT, REFUSED, CONFLICT = "desk_recorded", "desk_next", "desk_refused", "desk_conflict"
ALREADY = "desk_already"
"""When the form was recorded that what is typed was typed in; by the action id it has now."""
AGREED = "desk_agreed"
"""The id of the promise, plan or dispute that was recorded last."""
REDRAW = "desk_redraw"
"""Subjects of what clicks at the desk did; the last one where all of the page is of an earlier moment by now."""

LONGEST_NOTE, LONGEST_AMOUNT, LONGEST_ADDRESS = 2_000, 30, 300
CHANNELS = ("email", "sms", "whatsapp", "voice", "letter", "call")
BETWEEN = "\x1f"
IN, NAMED = "amount_in", "items_named"
BESIDE = (IN, NAMED)
"""Kept beside what is typed, and no fields: the language of the amount, and what the invoices chosen are called."""
MONTH = "month"
PAUSE = "300ms"
"""After so long without a key what was typed is in the database; a reload loses what came after."""


@dataclass(frozen=True)
class Owing:
    """Of whom a form is. `today`: where it is; `places`: company and currency in which it owes, that of the list first;
    `items`: what; `reasons`: why invoices were contested so far, which may be clicked instead of typed."""

    customer_id: str
    today: dt.date
    places: tuple[tuple[str, str], ...]
    items: tuple[Row, ...]
    reasons: tuple[str, ...] = ()

    def items_at(self, place: str) -> list[Row]:
        return [row for row in self.items if f"{row['company_id']}/{row['currency_code']}" == place]


@dataclass(frozen=True)
class Form:
    """One open form with its draft; the widgets' keys hold its action id, so that a new form begins empty.

    `told`: what clicks did (clicks.py); `begun`: the drafts of this session, by form.
    """

    words: Words
    actor: Actor
    owing: Owing
    name: str
    draft: drafts.Draft
    told: dict[str, Any]
    begun: dict[tuple[str, str, str], drafts.Draft]

    @classmethod
    def opened(cls, words: Words, actor: Actor, owing: Owing, name: str) -> Form:
        """With what was typed before; else empty, under an action id that lasts until it is recorded.

        What was typed after that, in another window, is found under an id of its own: the old one records nothing more.
        """
        begun: dict[tuple[str, str, str], drafts.Draft] = st.session_state.setdefault("drafts", {})
        place = (actor.user, owing.customer_id, name)
        for other in [each for each in begun if each[:2] != place[:2]]:
            # who comes back to a customer sees what others did meanwhile: an empty form is of that moment
            del begun[other]
        kept, mine = drafts.found(actor, owing.customer_id, name), begun.get(place)
        draft = kept or mine or drafts.begun(owing.customer_id)
        form = cls(words, actor, owing, name, draft, answers(), begun)
        if draft.recorded_at and (mine is None or mine.action_id != draft.action_id):
            # in the window where it is typed not before it is recorded: its fields would lose what is typed meanwhile
            return form.anew(draft.recorded_at, draft.fields)
        begun[place] = draft
        return form

    def anew(self, recorded_at: dt.datetime, fields: Mapping[str, str]) -> Form:
        """With what is typed, under another action id: this one was recorded already. The page says so, and is drawn
        with what was recorded; so that has been seen."""
        draft = replace(drafts.begun(self.owing.customer_id), fields=fields)
        drafts.keep(self.actor, self.owing.customer_id, self.name, draft, fields)
        self.begun[self._place] = draft
        self.told[ALREADY] = {"action_id": draft.action_id, "at": recorded_at}
        return replace(self, draft=draft)

    def end(self) -> None:
        """It was recorded, or is not wanted: the next one begins empty."""
        drafts.drop(self.actor, self.owing.customer_id, self.name, self.draft.action_id)
        self.begun.pop(self._place, None)

    def with_seen(self, version: int) -> Form:
        """Having looked at what others did up to this version."""
        draft = replace(self.draft, seen=version)
        self.begun[self._place] = draft
        form = replace(self, draft=draft)
        form.keep()
        return form

    @property
    def _place(self) -> tuple[str, str, str]:
        return (self.actor.user, self.owing.customer_id, self.name)

    def key(self, field: str) -> str:
        return f"desk_{self.draft.action_id}_{field}"

    def text(self, field: str, *, needed: bool = False, longest: int = LONGEST_NOTE) -> None:
        """A line of text, kept while it is typed."""
        self._begin(field, str)
        st.text_input(
            self.label(field, needed), key=self.key(field), max_chars=longest, live=PAUSE, on_change=self.keep
        )

    def suggested(self, field: str, offered: Sequence[str], *, label: str = "desk.suggested") -> None:
        """Below a line of text: what it often says, to be clicked instead of typed."""
        key, text = f"suggested_{self.draft.action_id}_{field}", st.session_state.get(self.key(field))
        st.session_state[key] = text if text in offered else None
        st.pills(self.words(label), offered, key=key, on_change=self._take, args=(field, key),
                 label_visibility="collapsed", format_func=as_text)  # fmt: skip

    def _take(self, field: str, key: str) -> None:
        st.session_state[self.key(field)] = st.session_state[key] or ""
        self.keep()

    def amount(self, field: str, *, needed: bool = False) -> None:
        """Typed as the reader's language writes numbers; never a float. In another language it is written anew: 1,234
        would be one there, and 234 thousandths."""
        key, language = self.key(field), self.key(IN)
        if key not in st.session_state:
            st.session_state[language] = self.draft.fields.get(IN, self.words.language)
        self._begin(field, str)
        typed_in = st.session_state.get(language)
        if typed_in != self.words.language and typed_in in LOCALES:
            # with all its decimals: whether the currency has so many is asked when it is recorded
            amount = Words(typed_in).read_amount(st.session_state.get(key) or "", LONGEST_AMOUNT)
            if amount is not None and abs(amount) < MOST_AMOUNT:
                st.session_state[key] = self.words.typed(amount)
        st.session_state[language] = self.words.language
        st.text_input(self.label(field, needed), key=key, max_chars=LONGEST_AMOUNT, live=PAUSE,
                      on_change=self.keep, width=180, autocomplete="off")  # fmt: skip

    def date(self, field: str, today: dt.date, *, needed: bool = False) -> None:
        """A day that has passed since it was typed stays what the form says until another is chosen, or none."""
        self._begin(field, _date)
        key, passed = self.key(field), self._passed(field)
        kept = st.session_state.get(key)
        if isinstance(kept, dt.date):
            st.session_state.pop(passed, None)
            if kept < today:
                # the widget takes no day that has passed
                st.session_state[passed], kept = kept, None
        # in another language, where days are typed otherwise, it is another widget for Streamlit, and would begin empty
        st.session_state[key] = kept
        st.date_input(self.label(field, needed), value=None, min_value=today, key=key, format=self.words.typed_date,
                      on_change=self._choose, args=(field,), width=180)  # fmt: skip
        if passed in st.session_state:
            date = self.words.date(st.session_state[passed])
            st.warning(self.words("desk.day_passed", date=date), icon=":material/event_busy:")
            if not needed:
                st.button(self.words("desk.no_day"), key=f"no_day_{passed}", on_click=self._choose, args=(field,))

    def _choose(self, field: str) -> None:
        """What is in the field now is meant, whatever it said before."""
        st.session_state.pop(self._passed(field), None)
        self.keep()

    def _passed(self, field: str) -> str:
        return f"passed_{self.draft.action_id}_{field}"

    def where(self, offered: Mapping[str, str]) -> str | None:
        """Company and currency. One that was kept and in which nothing is owed any more stays what the form says until
        another is chosen: the amount is not of the first of the others."""
        self._begin("where", str)
        key, passed = self.key("where"), self._passed("where")
        kept = st.session_state.pop(passed, None) or st.session_state.get(key)
        is_gone = bool(kept and kept not in offered and self.draft.fields)
        if is_gone:
            st.session_state[passed] = kept
        st.session_state[key] = kept if kept in offered else None
        chosen = self.choice("where", offered, default=None if is_gone else next(iter(offered), None))
        if is_gone:
            gone = self.words("desk.place_gone", place=as_text(kept.replace("/", " · ")))
            st.warning(gone, icon=":material/domain_disabled:")
        return chosen

    def choice(self, field: str, offered: Mapping[str, str], *, default: str | None = None) -> str | None:
        """One of several by its word."""
        self._begin(field, str)
        key = self.key(field)
        if st.session_state.get(key) not in offered:
            st.session_state[key] = default
        chosen: str | None = st.selectbox(self.label(field), list(offered), index=None, key=key,
                                          on_change=self._choose, args=(field,),
                                          format_func=lambda word: offered[word],
                                          placeholder=self.words("desk.choose"))  # fmt: skip
        return chosen

    def items(self, offered: Mapping[str, str]) -> bool:
        """Which invoices; none are all that is owed there. So those that were kept and are not open any more stay what
        the form says until it is said anew what it is about: True while they do."""
        self._begin("items", _parted)
        key, passed = self.key("items"), self._passed("items")
        kept = st.session_state.pop(passed, None) or st.session_state.get(key) or []
        # of another place, which was chosen since, they are open still
        open_ids = {row["item_id"] for row in self.owing.items}
        gone = [each for each in kept if each not in open_ids]
        if gone:
            st.session_state[passed] = kept
        st.session_state[key] = [each for each in kept if each in offered]
        st.multiselect(
            self.label("items"),
            list(offered),
            key=key,
            on_change=self._choose,
            args=("items",),
            placeholder=self.words("desk.all"),
            format_func=lambda word: offered[word],
        )
        if gone:
            names = as_text(", ".join(self.documents(gone)))
            st.warning(self.words("desk.items_gone", names=names), icon=":material/receipt_long_off:")
            meant = self.words("desk.items_rest" if st.session_state[key] else "desk.all")
            st.button(meant, key=f"anew_{passed}", on_click=self._choose, args=("items",))
        return bool(gone)

    def documents(self, item_ids: Sequence[str]) -> list[str]:
        """What invoices are called; one that is not open any more as it was called when it was chosen."""
        kept = zip(*(_parted(self.draft.fields.get(field, "")) for field in ("items", NAMED)), strict=False)
        found = {row["item_id"]: row["document_number"] for row in self.owing.items if row["document_number"]}
        called = dict(kept) | found
        return [called.get(each, each) for each in item_ids]

    def label(self, field: str, needed: bool = False) -> str:
        return self.words(f"desk.field_{field}") + (" *" if needed else "")

    def _begin(self, field: str, read: Callable[[str], Any]) -> None:
        key = self.key(field)
        if key not in st.session_state and field in self.draft.fields:
            st.session_state[key] = read(self.draft.fields[field])
            # what a draft says is looked at anew
            st.session_state.pop(self._passed(field), None)

    def fields(self) -> dict[str, str]:
        """What is in the form now, as text."""
        found = self._typed(self.key("")) | self._typed(self._passed(""))
        if not found.get("amount"):
            found.pop(IN, None)
        if items := found.get("items"):
            found[NAMED] = [name.replace(BETWEEN, " ") for name in self.documents(items)]
        return {field: _as_text(value) for field, value in found.items() if value not in (None, "", [])}

    def _typed(self, start: str) -> dict[str, object]:
        """Of the session, by field."""
        return {str(key)[len(start) :]: value for key, value in st.session_state.items() if str(key).startswith(start)}

    def keep(self) -> None:
        """Write what is typed down."""
        with states.refusing(self.refused):
            drafts.keep(self.actor, self.owing.customer_id, self.name, self.draft, self.fields())

    def refused(self, refusal: states.Refusal) -> None:
        """Why a click did nothing, to be shown with the form."""
        error = refusal.error
        if isinstance(error, Conflict):
            self.told[CONFLICT] = {
                "action_id": self.draft.action_id, "theirs": error.theirs, "version": error.version
            }  # fmt: skip
            self.told[REDRAW] = True
        else:
            self.told[REFUSED] = {"action_id": self.draft.action_id, "refusal": refusal}

    # reading: what a form is recorded with

    def given(self, field: str) -> str:
        return self.fields().get(field, "").strip()

    def given_amount(self, field: str, *, needed: bool = True) -> Decimal | None:
        """Raises ConfigError where it is none."""
        text = self.given(field)
        if not text and not needed:
            return None
        _, _, currency = self.given("where").rpartition("/")
        amount = self.words.read_amount(text, *([minor_units(currency)] if currency else []))
        # what is no number, or has more digits than can be divided into parts
        if amount is None or abs(amount) >= MOST_AMOUNT:
            raise ConfigError(f"{text!r} is not an amount", "write it like 1,234.50")
        return amount

    def given_date(self, field: str, *, needed: bool = True) -> dt.date | None:
        """Raises ConfigError where there is none."""
        text = self.given(field)
        if needed and not text:
            raise ConfigError("no day is chosen", "choose one")
        return _date(text) if text else None

    def given_place(self) -> tuple[str, str]:
        """Company and currency. Raises ConfigError where none is chosen."""
        company, _, currency = self.given("where").rpartition("/")
        if not company or self._passed("where") in st.session_state:
            raise ConfigError("no company and currency is chosen", "choose where it owes")
        return company, currency

    def given_items(self) -> Sequence[str]:
        """Also those that are not open any more, of which nothing can be recorded."""
        return _parted(self.given("items"))


def every(words: Words, step: str) -> str:
    """How far the parts of a plan are apart."""
    return words("desk.every_month") if step == MONTH else words("desk.every_days", days=step)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _parted(text: str) -> list[str]:
    return [each for each in text.split(BETWEEN) if each]


def _as_text(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return BETWEEN.join(value) if isinstance(value, list) else str(value)
