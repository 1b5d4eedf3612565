"""`python -m deploy.use_deployer [STACK]`: make `sam deploy` use the role and the boundary of deploy/deployer.yaml.

Writes both into samconfig.toml, in the section of each stack that is deployed.
"""

# ruff: noqa: T201  # a command line

import argparse
import re
import sys
from pathlib import Path

from deploy.chalice_stage import stack_outputs

CONFIG = Path(__file__).parent.parent / "samconfig.toml"
_ROLE = re.compile(r"^(?:# *)?role_arn = .*$", re.MULTILINE)
_BOUNDARY = re.compile(r"""^( +)['"]PermissionsBoundary=.*['"],$""", re.MULTILINE)


def with_deployer(text: str, role: str, boundary: str) -> str:
    """Return samconfig.toml with this role and this boundary.

    Args:
        text: the file's text.
        role: the service role's ARN.
        boundary: the ARN of the policy that bounds the functions' roles.

    Raises:
        ValueError: a section lacks the line for the role or the boundary.
    """
    sections = len(re.findall(r"^\[\w+\.deploy\.parameters\]$", text, re.MULTILINE))
    text, roles = _ROLE.subn(f'role_arn = "{role}"', text)
    text, boundaries = _BOUNDARY.subn(rf'\1"PermissionsBoundary={boundary}",', text)
    if not sections == roles == boundaries:
        raise ValueError(
            f"samconfig.toml has {sections} sections of deployments, {roles} lines `role_arn` and {boundaries} lines"
            " `PermissionsBoundary`; each section needs one of both, as in the repository's file."
        )
    return text


def main() -> int:
    """Write the file, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.use_deployer", description=__doc__)
    parser.add_argument("stack", nargs="?", default="tributary-deployer", help="made of deploy/deployer.yaml")
    stack = parser.parse_args().stack

    import boto3

    outputs = stack_outputs(stack, boto3.client("cloudformation"))
    text = with_deployer(CONFIG.read_text(encoding="utf-8"), outputs["ServiceRoleArn"], outputs["BoundaryArn"])
    CONFIG.write_text(text, encoding="utf-8")
    print(f"samconfig.toml: role_arn is {outputs['ServiceRoleArn']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
