"""What comes back of contacts: delivery reports, bounces, answers, and the wish to hear no more."""
