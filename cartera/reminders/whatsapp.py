"""WhatsApp templates: the text that the provider has approved, and what fills its `{{1}}`, `{{2}}` ... in order."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLACEHOLDER = re.compile(r"\{\{(\d+)\}\}")
MAX_BODY = 1024


class WhatsAppTemplate(BaseModel):
    """`templates/whatsapp/<name>.<language>.yaml`. What is written here must be what was approved, to the letter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(_[A-Z]{2})?$")]
    body: Annotated[str, Field(min_length=1, max_length=MAX_BODY)]
    parameters: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...]

    @model_validator(mode="after")
    def _fits(self) -> WhatsAppTemplate:
        found = [int(number) for number in PLACEHOLDER.findall(self.body)]
        if sorted(set(found)) != list(range(1, len(self.parameters) + 1)):
            raise ValueError(
                f"body: it has the places {sorted(set(found))}, but there are {len(self.parameters)} parameters"
            )
        text = self.body.strip()
        if PLACEHOLDER.match(text) or PLACEHOLDER.search(text[-6:]):
            raise ValueError("body: WhatsApp approves none that begins or ends with a place to fill")
        return self

    def filled(self, parameters: tuple[str, ...]) -> str:
        """The message as the debtor reads it."""
        return PLACEHOLDER.sub(lambda match: parameters[int(match[1]) - 1], self.body.strip())
