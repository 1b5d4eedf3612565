"""Run with .venv-iam's Python: check policies by IAM's definitions in policy_sentry and parliament.

Input: {"policies": {name: policy}, "actions": [action]}.
Output: {"findings": [...], "resources": {action: [ARN format]}}.
"""

import json
import sys

import parliament
from policy_sentry.querying.actions import get_action_data


def findings(name: str, policy: object) -> list[str]:
    """Return parliament's findings, except that a policy is wide: a deployer needs wide rights."""
    found = parliament.analyze_policy_string(json.dumps(policy)).findings
    return [f"{name}: {finding.issue}: {finding.detail} {finding.location}" for finding in found]


def formats(action: str) -> list[str]:
    """Return the ARN formats that an action is allowed on: ["*"] if IAM knows no resource, [] for an unknown action."""
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
