"""The words of a message: kept as they are handed over, before they are, and read again by who asks what was said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.reminders.channels.base import Outgoing
from cartera.reminders.content import Attachment, CallTask, Content, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.policy import Channel, Language
from cartera.reminders.render import Templates, text_of
from cartera.warehouse.read import Row, rows


@dataclass(frozen=True)
class AsSent:
    """`words`: recipient, subject, text, html, attachments, as far as the channel has them. `template_hash`: of the
    files that they were made from."""

    template_hash: str
    words: Mapping[str, Any]

    def written(self) -> str:
        return json.dumps(self.words, ensure_ascii=False)


def as_sent(
    templates: Templates,
    template: str,
    channel: Channel,
    language: Language,
    message: Outgoing,
    redirected_to: str | None = None,
) -> AsSent:
    """What is kept of a message that is about to be handed over. `redirected_to`: where it goes in a try."""
    words = {"recipient": message.recipient, **_words(templates, template, language, message.content)}
    if redirected_to:
        words["redirected_to"] = redirected_to
    return AsSent(templates.version(template, channel, language), words)


def _words(templates: Templates, template: str, language: Language, content: Content) -> dict[str, Any]:
    match content:
        case Rendered():
            files = [_file(each) for each in content.attachments]
            return {"subject": content.subject, "text": content.text, "html": content.html, "attachments": files}
        case ShortText():
            return {"text": content.text}
        case TemplateMessage():
            return {
                "text": templates.filled(template, content, language),
                "template": content.name,
                "language": content.language,
                "parameters": list(content.parameters),
            }
        case CallTask():
            return {"subject": content.summary, "text": content.script}
        case Letter():
            letter = Attachment("letter.pdf", "application/pdf", content.pdf)
            return {"text": text_of(content), "lines": list(content.lines), "attachments": [_file(letter)]}


def _file(each: Attachment) -> dict[str, Any]:
    digest = hashlib.sha256(each.content).hexdigest()
    return {"name": each.name, "media_type": each.media_type, "size": len(each.content), "sha256": digest}


def tries(connection: Connection, contact_id: str) -> list[Row]:
    """kept_at, template_hash and words of each time that a contact was made ready, the oldest first. The last of one
    that went out is what went out. Without those that were erased."""
    return rows(connection, _TRIES, {"id": contact_id})


_TRIES = """
select kept_at, template_hash, words from ops.contact_messages
where contact_id = %(id)s::uuid and salt is not null order by message_no
"""


def handed_over(contact_id: str, companies: Collection[str] | None) -> Row | None:
    """The words that a provider was given, with the contact's template; of a contact of these companies, or of any.

    None where nothing was handed over, or no words were kept.
    """
    bound = {"id": contact_id, "companies": None if companies is None else list(companies)}
    with transaction(Role.campaign) as connection:
        found = rows(connection, _HANDED_OVER, bound)
    return found[0] if found else None


# a contact that failed was handed over and refused, unless nothing could be made of its template
_HANDED_OVER = """
select m.kept_at, m.template_hash, m.words, c.template
from ops.contacts as c join ops.contact_messages as m using (contact_id)
where c.contact_id = %(id)s::uuid and m.salt is not null
    and (%(companies)s::text[] is null or c.company_id = any(%(companies)s))
    and (c.handed_at is not null or c.status = 'failed' and c.reason_code is distinct from 'template_failed')
order by m.message_no desc limit 1
"""
