"""Why nothing was done, and what to do instead, in the reader's language: what people at these pages are refused.

Of a refusal its problem is known by its form, and told anew together with what mends it here: the command line's way of
mending it helps nobody who sits in front of a page.
"""

from __future__ import annotations

import re

from cartera.errors import CarteraError
from dashboards.i18n import Words
from dashboards.i18n.phrases import Phrases, phrased

_ID = r"(?:'.*'|\".*\"|\S+)"

REFUSALS: Phrases = {
    re.compile(pattern, re.DOTALL): f"refusal.{key}"
    for pattern, key in (
        # words, amounts and days of a form at the desk
        (r"the (?P<field>\w+) is empty", "empty"),
        (r"the (?P<field>\w+) is longer than (?P<count>\d+) characters", "too_long"),
        (rf"(?P<text>{_ID}) is not an amount", "not_amount"),
        (r"no day is chosen", "no_day"),
        (r"no company and currency is chosen", "no_place"),
        (r"how the call ended is not chosen", "no_outcome"),
        (r"the channel is not chosen", "no_channel"),
        (r"whether it wants no more or authorises is not chosen", "no_wish"),
        (r"\S+ is no amount to be paid", "no_amount"),
        (r"\w+ \S+ has parts of less than (?P<amount>\S+)", "parts_of_less"),
        (r"\w+ \S+ is more than the (?P<currency>\w+) (?P<amount>\S+) that is open of it", "more_than_open"),
        (r"(?P<date>\S+) is past: today is (?P<date_today>\S+)", "past"),
        (r"\S+ is more than (?P<count>\d+) days ahead", "far_ahead"),
        (rf"{_ID} is no open item of .+", "item_gone"),
        (rf"{_ID} is no address for (?P<channel>call|sms|whatsapp|voice)", "no_number"),
        (rf"{_ID} is no address for (?P<channel>\w+)", "no_address"),
        # what somebody has recorded or ended meanwhile, or may not end
        (r"this form was recorded already at (?P<moment>\S+ \S+ UTC), with something else in it", "recorded_already"),
        (r"this dispute was closed on (?P<date>\S+)", "dispute_closed"),
        (r"this plan is cancelled already", "plan_cancelled"),
        (r"this promise is cancelled already", "promise_cancelled"),
        (r"this promise is a part of a plan", "part_of_plan"),
        (r"its day was (?P<date>\S+): it is kept or broken", "promise_past"),
        (rf"customer {_ID} is on hold already: (?P<hold>\w+)", "held_already"),
        (r"this hold was released by (?P<by>.+)", "hold_released"),
        (r".+ may not release a hold of kind (?P<hold>\w+)", "hold_of_managers"),
        (r"the page had just changed under the pointer", "not_meant"),
        # a message that waits
        (r"nothing of it would be sent now: (?P<skip>\w+)", "not_sent_now"),
        # rights
        (r".+ is (?P<role>\w+) and may not record a .+", "may_not_record"),
        (r".+ is (?P<role>\w+) and may not approve reminders", "may_not_approve"),
        (r".+ may not approve for other companies", "other_companies"),
        (r".+ is (?P<role>\w+) and may not replay", "may_not_replay"),
        (r".+ may not see what the sources delivered", "may_not_see_delivered"),
        (rf".+ has no rights in the company {_ID}", "no_rights"),
        (r".+ is of no company of .+", "no_rights"),
        # rows that a source delivered
        (rf"records of source (?P<source>{_ID}) are in quarantine, but it is not connected any more", "not_connected"),
        # views, reports, schedules, segments
        (r"the name is empty, too long or not printable", "no_name"),
        (r"this address can't be kept", "no_view"),
        (r"you have (?P<count>\d+) views", "many_views"),
        (rf"you have a report called {_ID}", "name_taken"),
        (rf"{_ID} is the name of a ready-made report", "name_taken"),
        (r".+ was changed at (?P<moment>\S+ \S+ UTC), after you had opened it", "report_changed"),
        (r".+ was deleted, after you had opened it", "report_deleted"),
        (rf".+ has no report {_ID}", "not_your_report"),
        (rf".+ has no schedule {_ID}", "not_your_schedule"),
        (rf"{_ID} is no e-mail address", "no_email"),
        (r"reports go to addresses of (?P<domains>.+) alone, and .+ is none", "other_domain"),
        (r".+: (?P<count>\S+) rows, a file of this kind holds at most (?P<count_most>\S+)", "too_large"),
        (r"no \w+ is called (?P<values>.+)", "no_value"),
        (r"no value is chosen to narrow the report to", "no_narrowing"),
        (r".+ may not sign in any more", "may_not_sign_in"),
        (rf"{_ID} is no time zone", "no_zone"),
        (r"a schedule is by days of the week or by a day of the month", "no_days"),
        (rf"{_ID} is no name for a policy", "no_segment_name"),
        (r"a minimum is an amount of 0 or more of one currency", "no_minimum"),
        (rf"{_ID} would be of other companies", "other_segment"),
        (rf"{_ID} is a segment of other companies", "other_segment"),
        (rf"(?P<id>{_ID}) is there already: (?P<by>.+) saved it", "segment_there"),
        (rf"(?P<id>{_ID}) is another by now: (?P<by>.+) replaced it", "segment_replaced"),
    )
}


def told(words: Words, error: CarteraError) -> str:
    """One sentence without its full stop, as some stand within others. What is not known stays as it was written."""
    known = phrased(words, error.problem, REFUSALS)
    if known is not None:
        return known
    text = f"{error.problem}: {error.mend}" if error.mend else error.problem
    return text[:1].upper() + text[1:]
