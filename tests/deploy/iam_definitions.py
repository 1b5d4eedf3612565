"""Run with .venv-iam's Python: what IAM's definitions, as policy_sentry and parliament have them, say of policies.

In: {"policies": {name: policy}, "actions": [action]}. Out: {"findings": [...], "resources": {action: [ARN format]}}.
"""

import json
import sys

import parliament
from policy_sentry.querying.actions import get_action_data


def findings(name: str, policy: object) -> list[str]:
    """What parliament has to say of a policy; not that it could be wide, which the least rights of a deployer are."""
    found = parliament.analyze_policy_string(json.dumps(policy)).findings
    return [f"{name}: {finding.issue}: {finding.detail} {finding.location}" for finding in found]


def formats(action: str) -> list[str]:
    """The ARN formats that an action is allowed on: ["*"] where IAM knows no resource, [] for no such action."""
    service, _, name = action.partition(":")
    known = get_action_data(service, name)
    return sorted({entry["resource_arn_format"] for entry in known[service]}) if known else []


given = json.load(sys.stdin)
print(  # noqa: T201
    json.dumps(
        {
            "findings": [line for name, policy in given["policies"].items() for line in findings(name, policy)],
            "resources": {action: formats(action) for action in given["actions"]},
        }
    )
)
