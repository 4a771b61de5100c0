"""WhatsApp by Meta's Cloud API. Only templates that Meta has approved go out; Meta itself is asked which they are.

The Cloud API has no idempotency keys and can't be asked for a message; its reports carry our contact back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cartera.errors import SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere, one_line
from cartera.reminders.channels.http import Answer, Caller, Lost, OneCaller
from cartera.reminders.content import TemplateMessage

API = "https://graph.facebook.com/v23.0"
BAD_NUMBER = frozenset({131026, 131030, 133010})
"""Not a WhatsApp number that can be written to, not on the list of a test account, not registered."""
LATER = frozenset({2, 4, 80007, 130429, 131016, 131048, 131056, 133016})
"""Said before the message was accepted: limits of rate, service down for now."""
LOGIN = frozenset({0, 3, 10, 190})
"""Our token is not valid, has expired or lacks the right."""
MOST_PAGES = 20


@dataclass
class MetaChannel(OneCaller):
    """`phone_number_id`: from which; `business_account_id`: whose templates. `languages`: ours -> Meta's code."""

    phone_number_id: str
    business_account_id: str
    access_token: str = field(repr=False)
    redirect_to: str | None = None
    languages: Mapping[str, str] = field(default_factory=dict)
    base_url: str = API
    timeout: float = 30.0
    name: str = "whatsapp"
    _approved: frozenset[tuple[str, str]] | None = None

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=None, look_up=False, delivery_reports=True)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = message.content
        if not isinstance(content, TemplateMessage):
            return Outcome("refused", f"WhatsApp opens a talk with an approved template, not {type(content).__name__}")
        language = self.languages.get(content.language, content.language)
        if (content.name, language) not in self.approved():
            return Outcome("refused", f"Meta has not approved the template {content.name} ({language})")
        parameters = [{"type": "text", "text": text} for text in content.parameters]
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": (self.redirect_to or message.recipient).removeprefix("+"),
            "type": "template",
            "template": {
                "name": content.name,
                "language": {"code": language},
                "components": [{"type": "body", "parameters": parameters}] if parameters else [],
            },
            "biz_opaque_callback_data": message.contact_id,
        }
        try:
            answer = self.caller.post(f"/{self.phone_number_id}/messages", json=body, at=at)
        except Lost as lost:
            return Outcome("unknown", str(lost))
        return self._outcome(answer)

    def _outcome(self, answer: Answer) -> Outcome:
        if answer.status == 200 and isinstance(answer.get("messages"), list) and answer.json["messages"]:
            first = answer.json["messages"][0]
            provider_id = first.get("id") if isinstance(first, dict) else None
            return Outcome("sent", "200 accepted", provider_id if isinstance(provider_id, str) else None)
        code = answer.get("error", "code")
        said = one_line(f"{answer.status} {code or ''} {self.caller.clean(str(answer.get('error', 'message') or ''))}")
        if answer.status == 401 or code in LOGIN:
            raise self.caller.refused_login(answer)
        if code in BAD_NUMBER:
            return Outcome("bad_address", said)
        if answer.status == 429 or code in LATER:
            return Outcome("later", said)
        if 400 <= answer.status < 500:
            return Outcome("refused", said)
        return self.caller.unclear(answer)

    def approved(self) -> frozenset[tuple[str, str]]:
        """The approved templates, as (name, language); Meta is asked once. Raises SendError."""
        if self._approved is None:
            self._approved = frozenset(self._ask_templates())
        return self._approved

    def _ask_templates(self) -> set[tuple[str, str]]:
        path = f"/{self.business_account_id}/message_templates"
        params: dict[str, str] | None = {"fields": "name,language,status", "limit": "200"}
        found: set[tuple[str, str]] = set()
        for _ in range(MOST_PAGES):
            try:
                answer = self.caller.get(path, params)
            except Lost as lost:
                raise SendError(f"Meta: the list of templates did not come ({lost})", "send again later") from None
            listed = answer.get("data")
            if answer.status == 401 or answer.get("error", "code") in LOGIN:
                raise self.caller.refused_login(answer)
            if answer.status != 200 or not isinstance(listed, list):
                raise SendError(
                    f"Meta: the list of templates did not come: {answer.status} {self.caller.said(answer)}",
                    "see business_account_id in channels.yaml, and whether its token may manage WhatsApp",
                )
            found |= {
                (str(each.get("name")), str(each.get("language")))
                for each in listed
                if isinstance(each, dict) and each.get("status") == "APPROVED"
            }
            following = answer.get("paging", "next")
            if not following:
                break
            path, params = str(following), None
        return found

    def look_up(self, key: str) -> bool | None:
        return None

    def new_caller(self) -> Caller:
        return Caller(
            "Meta (whatsapp)",
            self.base_url,
            headers={"Authorization": f"Bearer {self.access_token}"},
            secrets=(self.access_token,),
            timeout=self.timeout,
        )
