"""The sandbox mailbox: an SMTP server of ours that stores and shows every message, and sends none on.

with Mailbox(home) as mailbox: ...      # in this process, e.g. in tests
ensure_mailbox(home)                    # the standing one, started when it does not run
"""

from cartera.sandbox.mailbox.process import MailboxAddress, ensure_mailbox, running_mailbox, serve
from cartera.sandbox.mailbox.smtp import Mailbox
from cartera.sandbox.mailbox.store import MessageStore, StoredMessage

__all__ = [
    "Mailbox",
    "MailboxAddress",
    "MessageStore",
    "StoredMessage",
    "ensure_mailbox",
    "running_mailbox",
    "serve",
]
