"""A synthetic company to try everything on, and a mailbox that catches every message."""
