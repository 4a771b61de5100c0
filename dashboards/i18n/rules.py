"""What contact rules, and the questions that planning asks, say when they say no, in the reader's language.

Rules of the packs by their id, what was seen by its form; a company's own rules, and what people wrote, as they are.
"""

from __future__ import annotations

import re

from dashboards.i18n import Words, texts
from dashboards.i18n.phrases import parts_phrased, phrased

ASKED = re.compile(r"(?P<text>.+) \[(?P<id>[a-z0-9_]+)(?:, (?P<standing>\w+))?\]")
"""A rule of a pack, as the record has it."""
RULES = {
    re.compile(said): key
    for said, key in {
        r"the law allows a moment of that day": "rule.allowed_that_day",
        r"the figures tie out": "rule.tied",
        r"the source is at most (?P<count>\d+) days old and could be read the last time": "rule.source_age",
        r"the customer is active": "rule.active",
        r"the customer is not on hold": "rule.no_hold",
        r"no item is disputed": "rule.no_dispute",
        r"no item is promised": "rule.no_promise",
        r"the customer has not answered in the last (?P<count>\d+) days": "rule.not_answered",
        r"item (?P<item>.+): open, due (?P<date>[\d-]{10}), reached (?P<step>.+)": "rule.item",
        r"one message per day": "rule.one_a_day",
        r"a step is not told yet": "rule.step_not_told",
        r"(?P<count>\d+) days between messages": "rule.spaced",
        r"at most (?P<count>\d+) messages in (?P<count_days>\d+) days": "rule.capped",
        r"the arm of experiment (?P<name>.+)": "rule.arm",
        r"policy (?P<name>[^:]+): (?P<condition>.+)": "rule.policy",
        r"the ledger holds no such contact": "rule.no_such_contact",
        r"the gateway says that it is still open": "rule.gateway_open",
        r"there is a good e-mail address": "rule.needs_email",
        r"there is a mobile number for SMS": "rule.needs_sms",
        r"there is a mobile number for WhatsApp": "rule.needs_whatsapp",
        r"there is a phone number for a voice call": "rule.needs_voice",
        r"there is a postal address": "rule.needs_letter",
        r"a person may call": "rule.needs_call",
        r"there is a device for push messages": "rule.needs_push",
        r"one message a day at most": "rule.one_a_day_most",
        r"a step comes once by a channel": "rule.step_once",
        r"the tone never goes back": "rule.tone",
        r"no step comes before its day": "rule.no_step_early",
        r"no rule that was asked forbade it": "rule.none_forbade",
        r"rules were asked when planned and when sent": "rule.asked_twice",
        r"only the addresses given were used": "rule.addresses_given",
        r"the language is (?P<language>\w+)": "rule.language",
        r"the amount asked for is what is owed": "rule.amount_owed",
    }.items()
}
MOMENT = r"[\d-]{10} \d\d:\d\d(?: UTC)?"
MOST = r"at most (?P<count_most>\d+)"
THAT_WEEK = r"that week, Monday to Sunday"
SEEN = {
    re.compile(said): key
    for said, key in {
        r"\w{3} [\d-]{10} (?P<time>\d\d:\d\d) in (?P<zone>[^;]+); that day: none": "saw.hours_none",
        r"\w{3} [\d-]{10} (?P<time>\d\d:\d\d) in (?P<zone>[^;]+); that day: (?P<hours>[\d:, -]+)": "saw.hours",
        r"opted out of (?P<channel>\w+)": "saw.opted_out",
        r"the channel is (?P<channel>\w+)": "saw.channel",
        r"it is not known whether the debtor authorised (?P<channel>\w+): taken as no": "saw.not_known_authorised",
        r"(?P<channel>\w+) is not among the authorised channels": "saw.not_authorised",
        **{
            rf"(?P<count>\d+) {unit} in {window}, {MOST}": f"saw.{key}_{span}"
            for unit, key in {"tried": "tried", "delivered": "delivered", "contacts made": "made"}.items()
            for window, span in {
                r"that day": "day",
                THAT_WEEK: "week",
                r"the (?P<count_days>\d+) days up to it": "days",
            }.items()
        },
        rf"(?P<channels>[\w, ]+) used in that day, {MOST}": "saw.used_day",
        rf"(?P<channels>[\w, ]+) used in {THAT_WEEK}, {MOST}": "saw.used_week",
        rf"(?P<channels>[\w, ]+) used in the (?P<count_days>\d+) days up to it, {MOST}": "saw.used_days",
        rf"the last one was at (?P<moment>{MOMENT})": "saw.last_at",
        rf"a conversation at (?P<moment>{MOMENT})": "saw.conversation",
        r"neither is known": "saw.neither_known",
        rf"the next is (?P<moment>{MOMENT})": "saw.next",
        r"none as things stand": "saw.none_as_things_stand",
        r"the country is not known: the strict default applies, which is no law": "saw.note_no_country",
        r"there is no pack of rules for (?P<country>\w+): the strict default applies, which is no law": (
            "saw.note_no_pack"
        ),
        r"no region is given: the rules of every region that has its own are kept to \((?P<packs>.+)\)": (
            "saw.note_no_region"
        ),
        r"the region (?P<region>.+) is not known: the rules of every region that has its own are kept to"
        r" \((?P<packs>.+)\)": "saw.note_region_unknown",
        r"no calendar of public holidays is known: only weekdays count": "saw.note_no_calendar",
        r"the time zone (?P<zone>.+) is not known": "saw.note_zone_unknown",
        r"no time zone is given: it must be allowed in all (?P<count>\d+) of the country": "saw.note_no_zone",
        r"none": "saw.none",
        r"not an e-mail address": "saw.not_email",
        r"a fixed line": "saw.fixed_line",
        r"not a phone number of a known country": "saw.not_phone",
        r"not a phone number of (?P<country>.+)": "saw.not_phone_of",
        r"the mail server refused this address before": "saw.refused_before",
        r"this address failed before": "saw.failed_before",
        r"the customer opted out": "saw.customer_opted_out",
        r"no number is known": "saw.no_number",
        r"no certificate": "saw.no_certificate",
        r"(?P<source>.+) landed on (?P<date>[\d-]{10})": "saw.landed_on",
        r"its source never landed": "saw.never_landed",
        r"(?P<source>.+) was stopped when it was read last": "saw.source_stopped",
        r"inactive": "saw.inactive",
        r"item (?P<item>\S+) is disputed(?P<because>.*)": "saw.disputed",
        r"item (?P<item>\S+) is promised(?P<because>.*)": "saw.promised",
        r"answered on (?P<date>[\d-]{10})": "saw.answered_on",
        r"last message on (?P<date>[\d-]{10})": "saw.last_message",
        r"every step reached has been told": "saw.all_told",
        r"(?P<count>\d+) so far": "saw.so_far",
        r"hold_out: gets no reminder, so that the others can be compared with it": "saw.hold_out",
        r"it holds one": "saw.holds_one",
        r"(?P<invoice>.+): closed there": "saw.closed_there",
        r"(?P<count>\d+) messages": "saw.messages",
        r"smallest gap: (?P<count>\d+)": "saw.smallest_gap",
        r"most: (?P<count>\d+)": "saw.most",
        r"none came twice": "saw.none_twice",
        r"none came early": "saw.none_early",
        r"all allowed": "saw.all_allowed",
        r"(?P<count>\d+) answers": "saw.answers",
        r"no other": "saw.no_other",
        r"in all messages": "saw.in_all",
        r"(?P<hold>[a-z_]+), held by (?P<by>.+?) on (?P<date>[\d-]{10})(?P<because>(?:: .+)?)": "saw.held",
    }.items()
}
OF_CHANNEL = re.compile(r"(?P<channel>email|sms|whatsapp|voice|letter|call|push): (?P<seen>.+)")


def rule(words: Words, text: str) -> str:
    """A rule that was asked, `text [id, standing]` where it is one of a pack."""
    found = ASKED.fullmatch(text)
    if found is None:
        # one for each channel, where any of them would do
        return words("rule.or").join(phrased(words, each, RULES) or each for each in text.split(", or "))
    key, standing = f"rule.{found['id']}", found["standing"]
    told = words(key) if texts("EN").get(key) == found["text"] else found["text"]
    return f"{told} [{found['id']}{', ' + words.named('rule.standing', standing) if standing else ''}]"


def saw(words: Words, text: str) -> str:
    """What it saw. A reason of planning is a code, with words of its own."""
    of_channels = [OF_CHANNEL.fullmatch(each) for each in text.split("; ")]
    if all(of_channels):
        told = [
            f"{words.named('channel', each['channel'])}: {saw(words, each['seen'])}" for each in of_channels if each
        ]
        return "; ".join(told)
    return words.named("campaigns.skip", parts_phrased(words, text, SEEN))
