"""Templates that were tried for a policy and found good are not tried again while a worker lasts.

Each planning tries every template of its policies in every language: a quarter of a second, as a debtor must never get
a broken message. Hundreds of tests plan by the same templates. The same bytes, policy and rules give the same answer;
what was found wrong is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import pytest

from cartera.contact_rules import Rulebook
from cartera.reminders.disclosures import LegalWording
from cartera.reminders.policy import Policy
from cartera.reminders.render import Templates


@contextmanager
def good_templates_kept() -> Iterator[None]:
    check = Templates.check
    good: set[tuple[bytes, str, Rulebook]] = set()

    def with_kept(templates: Templates, policy: Policy) -> None:
        if not isinstance(templates._wording, LegalWording):
            return check(templates, policy)
        tried = (_digest(templates), policy.model_dump_json(), templates._wording._book)
        if tried not in good:
            check(templates, policy)
            good.add(tried)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "check", with_kept)
        yield


def _digest(templates: Templates) -> bytes:
    digest = blake2b()
    for path in sorted(templates.root.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(templates.root)} {len(content)} ".encode() + content)
    return digest.digest()
