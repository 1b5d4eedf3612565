"""Run with .venv-patterns' Python: match records against event patterns, by localstack's copy of EventBridge's rules.

Input: {"patterns": [text], "records": [record]}. Output: for each pattern whether each record matches, [[bool]], or
why AWS would refuse the pattern.
"""

import json
import sys

from localstack.services.events.event_rule_engine import EventPatternCompiler, EventRuleEngine

engine, compiler = EventRuleEngine(), EventPatternCompiler()


def matches(pattern: str, records: list[object]) -> object:
    """Return what the rules say about a pattern."""
    try:
        compiled = compiler.compile_event_pattern(pattern)
    except Exception as error:
        return str(error)
    return [bool(engine.evaluate_pattern_on_event(compiled, record)) for record in records]


given = json.load(sys.stdin)
print(json.dumps([matches(pattern, given["records"]) for pattern in given["patterns"]]))  # noqa: T201
