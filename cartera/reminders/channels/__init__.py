"""How messages leave. A channel says what became of each message, and never guesses."""
