"""Contact rules: questions answered in a second, beside the naive reader of the same packs, in one run.

    python benchmarks/contact_rules.py [--seconds 3]

The same questions (all packs, all channels, histories of up to nine earlier contacts, moments of two years) are asked
of the engine and of tests/support/naive_rules.py, the reader that the property test holds it against; their answers
must be the same. Claim: at least 50,000 checks in a second of one core's time, each with the answer of every rule.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
CLAIM = 50_000
QUESTIONS = 2_000
ROUNDS = 5


def rate(ask: Callable[[Any], Any], questions: list[Any], seconds: float) -> float:
    """Questions a second of processor time: the best of some rounds, as others use the machine too."""
    best = 0.0
    for _ in range(ROUNDS):
        asked, started = 0, time.process_time()
        while time.process_time() - started < seconds / ROUNDS:
            for question in questions:
                ask(question)
            asked += len(questions)
        best = max(best, asked / (time.process_time() - started))
    return best


def main() -> None:
    sys.path.append(str(TESTS))
    from support.naive_rules import read_packs, refusals
    from support.rule_questions import drawn, special_moments, typed

    from cartera.contact_rules import product_rulebook

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each reader is measured")
    seconds = parser.parse_args().seconds
    rng, special = random.Random(7), special_moments()
    plain = [drawn(rng, special) for _ in range(QUESTIONS)]
    questions = [typed(each) for each in plain]
    book, packs = product_rulebook(), read_packs()
    allowed = 0
    for given, question in zip(plain, questions, strict=True):
        verdict = book.check(question)
        allowed += verdict.is_allowed
        if {answer.rule.id for answer in verdict.refusals} != refusals(packs, given):
            sys.exit(f"the two readers differ: {given}")
    answers = sum(len(book.check(each).answers) for each in questions)
    earlier = sum(len(each.history) for each in questions)
    print(
        f"{QUESTIONS:,} questions, {earlier / QUESTIONS:.1f} earlier contacts and {answers / QUESTIONS:.1f} rules each,"
        f" {allowed:,} allowed"
    )
    naive = rate(lambda question: refusals(packs, question), plain[:200], seconds)
    engine = rate(book.check, questions, seconds)
    following = rate(book.next_allowed, questions[:500], seconds)
    print(f"naive reader {naive:10,.0f} checks a second")
    print(f"engine       {engine:10,.0f} checks a second ({engine / naive:,.0f} times), claim {CLAIM:,}")
    print(f"engine       {following:10,.0f} next moments a second")
    if engine < CLAIM:
        sys.exit(f"slower than claimed: {engine:,.0f} checks a second")


if __name__ == "__main__":
    main()
