"""Fill a stage of .chalice from the data stack: `python -m deploy.chalice_stage dev --stack tributary-data`.

If there is no stack yet, `--sample` fills the stage with made-up names, so that you can try `chalice package`.

Writes the stage's environment, subnets and security groups to .chalice/config.json, one policy for each function
(`policy-<stage>-<function>.json`, the rights of infrastructure/roles.yaml), and merge-<stage>.json, which adds
template.yaml's options to the event source mappings of `chalice package`. Other settings in config.json are kept.
Of these files, only config.json is in the repository, with the settings that are made by hand.
"""

# ruff: noqa: T201  # a command line

import argparse
import json
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import REACTED_TO, SERVICES, SETTINGS
from deploy.chalice_sample import OUTPUTS
from deploy.generate.names import logical, stream_variable
from local.template import Template, load_template

ROOT = Path(__file__).parent.parent
APP = "tributary"
ENVIRONMENT_BYTES = 4096
"""The most that Lambda accepts, names and values together. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
# Chalice's functions, and the roles of infrastructure/roles.yaml whose rights each has. One function serves all routes.
ROLES: Mapping[str, tuple[str, ...]] = {
    "api_handler": ("Commands", "Queries", "Operations"),
    "authorize": ("Authorizer",),
    "migrate": ("Migrate",),
    "check": ("Check",),
    "deadlines": ("Deadlines",),
    **{f"project_{service}": ("Projector",) for service in SERVICES},
    **{f"react_{service}": ("Reactor",) for service in REACTED_TO},
}
# Options of template.yaml's event source mappings that Chalice's decorator cannot express.
MAPPING_OPTIONS = (
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "FilterCriteria",
)


def stage_config(stage: str, outputs: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stage for .chalice/config.json. Settings that were made by hand are kept.

    Args:
        stage: its name.
        outputs: the outputs of the data stack.
        before: the stage as it was.
    """
    set_before = before.get("environment_variables", {}).items()
    environment = {
        "JWT_ISSUER": "",
        "JWT_AUDIENCE": "",
        "JWT_JWKS": "",
        "OIDC_CLIENT_ID": "",
        "CORS_ORIGIN": "",
        **{setting.name: setting.default for setting in SETTINGS},
        **{name: value for name, value in set_before if not name.endswith("_STREAM_ARN")},  # its service may be gone
        "TRACING": "1",
        "TABLE_PREFIX": outputs["Prefix"],
        "DEAD_LETTER_TABLE": outputs["DeadLetterTable"],
        "DEAD_LETTER_BUCKET": outputs["DeadLetterBucket"],
        "DATABASE_URL": outputs["DatabaseUrl"],
        "READ_DATABASE_URL": outputs["ReadDatabaseUrl"],
        "TOKEN_SECRET_ARN": outputs["TokenSecretArn"],
        **{stream_variable(name): outputs[f"{logical(name)}StreamArn"] for name in SERVICES},
    }
    return {
        "api_gateway_stage": stage,
        "api_gateway_endpoint_type": "REGIONAL",
        "minimum_compression_size": 1024,
        "autogen_policy": False,
        "xray": True,
        **before,
        "environment_variables": environment,
        "lambda_functions": {
            name: {**_size(name), **before.get("lambda_functions", {}).get(name, {}), **_function(stage, name, outputs)}
            for name in ROLES
        },
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    return Template("")


def _size(name: str) -> dict[str, Any]:
    """Return the most memory and the longest timeout that the function's roles have under SAM."""
    under_sam = [_template().function(f"{role}Function") for role in ROLES[name]]
    return {
        "lambda_memory_size": max(_template().resolve(function["MemorySize"]) for function in under_sam),
        "lambda_timeout": max(function["Timeout"] for function in under_sam),
    }


def _function(stage: str, name: str, outputs: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = {"iam_policy_file": f"policy-{stage}-{name}.json"}
    if any("VpcConfig" in _template().function(f"{role}Function") for role in ROLES[name]):
        config["subnet_ids"] = outputs["FunctionSubnets"].split(",")
        config["security_group_ids"] = outputs["FunctionSecurityGroups"].split(",")
    if name == "migrate":
        config["environment_variables"] = {
            "DATABASE_URL": outputs["MigrateDatabaseUrl"],
            "WRITER_SECRET": outputs["WriterSecretArn"],
            "READER_SECRET": outputs["ReaderSecretArn"],
        }
    return config


def function_name(stage: str, name: str) -> str:
    """Return the function's name in AWS, as `chalice deploy` and the merge template set it."""
    return f"{APP}-{stage}" if name == "api_handler" else f"{APP}-{stage}-{name}"


def resource_name(name: str) -> str:
    """Return the logical id that `chalice package` gives to a function: "api_handler" -> "APIHandler"."""
    return "APIHandler" if name == "api_handler" else logical(name)


def policy(stage: str, name: str, outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy of one of Chalice's functions."""
    _, partition, _, region, account, _ = outputs["DeadLetterTableArn"].split(":", 5)
    log = f"arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function_name(stage, name)}"
    values = {
        **outputs,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "Tables": f"arn:{partition}:dynamodb:{region}:{account}:table/{outputs['Prefix']}",
        **{f"{role}Log.Arn": f"{log}:*" for role in ROLES[name]},
    }
    resources = load_template(ROOT / "infrastructure/roles.yaml")["Resources"]
    statements = [
        resolved(statement, values)
        for role in ROLES[name]
        for policy in resources[f"{role}Role"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    # Under Chalice, nothing creates the log group beforehand.
    statements.append({"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": f"{log}:*"})
    if name == "api_handler":
        token = {"Action": "secretsmanager:GetSecretValue", "Resource": outputs["TokenSecretArn"]}
        statements.append({"Effect": "Allow", **token})
    own = f"{values['Tables']}{name.partition('_')[2]}/stream/*"
    distinct = [s for i, s in enumerate(statements) if s not in statements[:i]]
    return {"Version": "2012-10-17", "Statement": [own_stream(statement, own) for statement in distinct]}


def own_stream(statement: dict[str, Any], own: str) -> dict[str, Any]:
    """Limit a statement about streams to the function's own stream."""
    resources = statement["Resource"]
    streams = isinstance(resources, list) and all("/stream/" in resource for resource in resources)
    return {**statement, "Resource": [own]} if streams else statement


def resolved(value: Any, values: Mapping[str, str]) -> Any:
    """Return a value with CloudFormation's functions resolved."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": name}:
            return values[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], text)
        case dict():
            return {name: resolved(content, values) for name, content in value.items()}
        case list():
            return [resolved(content, values) for content in value]
    return value


def merge_template(stage: str, outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the template that `chalice package --merge-template` merges into Chalice's.

    It names the functions, because their policies for logs need the names. It adds template.yaml's mapping options
    and the reports of partial failures. It keeps SAM from adding another stage to the API.
    """
    template = load_template(ROOT / "template.yaml")
    parallel = template["Parameters"]["Parallelization"]["Default"]
    destination = {"OnFailure": {"Type": "S3", "Destination": outputs["DeadLetterBucketArn"]}}
    merged: dict[str, Any] = {
        resource_name(name): {"Properties": {"FunctionName": function_name(stage, name)}} for name in ROLES
    }
    for function, prefix in (("ProjectorFunction", "Project"), ("ReactorFunction", "React")):
        for event, mapping in template["Resources"][function]["Properties"].get("Events", {}).items():
            options = {name: mapping["Properties"][name] for name in MAPPING_OPTIONS}
            source = {"Properties": {**options, "ParallelizationFactor": parallel, "DestinationConfig": destination}}
            merged[f"{prefix}{event}"]["Properties"] |= {
                "Environment": {"Variables": {"PARTIAL_BATCH": "1"}},
                "Events": {f"{prefix}{event}DynamodbEventSource": source},
            }
    return {"Globals": {"Api": template["Globals"]["Api"]}, "Resources": merged}


def check_size(config: Mapping[str, Any]) -> None:
    """Refuse more than 4 KB of environment variables, which Lambda would refuse only after the packages are built.

    Under Chalice, each function has the variables of all functions.

    Args:
        config: the configuration of a stage.

    Raises:
        SystemExit: there are too many; the message says how large they are, and which are the largest.
    """
    shared = config["environment_variables"]
    for name, function in config["lambda_functions"].items():
        variables = {**shared, **function.get("environment_variables", {})}
        sizes = {key: len(f"{key}{value}".encode()) for key, value in variables.items()}
        if (size := sum(sizes.values())) > ENVIRONMENT_BYTES:
            largest = max(sizes, key=lambda key: sizes[key])
            raise SystemExit(
                f"The environment of {name} has {size} bytes, and Lambda takes {ENVIRONMENT_BYTES}. {largest} alone has"
                f" {sizes[largest]}: for JWT_JWKS give the https URL of the key set in place of the keys."
            )


def write(stage: str, outputs: Mapping[str, str], folder: Path = ROOT / ".chalice") -> None:
    """Write all files of a stage."""
    config_file = folder / "config.json"
    config = json.loads(config_file.read_text()) if config_file.exists() else {}
    config = {"version": "2.0", "app_name": APP, **config}
    stages = config.setdefault("stages", {})
    stages[stage] = stage_config(stage, outputs, stages.get(stage, {}))
    check_size(stages[stage])
    folder.mkdir(exist_ok=True)
    _write(config_file, config)
    for name in ROLES:
        _write(folder / f"policy-{stage}-{name}.json", policy(stage, name, outputs))
    _write(folder / f"merge-{stage}.json", merge_template(stage, outputs))


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def stack_outputs(stack: str, cloudformation: Any) -> dict[str, str]:
    """Return the outputs of a stack."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def main() -> int:
    """Fill a stage, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.chalice_stage", description=__doc__)
    parser.add_argument("stage", help="of .chalice/config.json: dev, prod ...")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stack", help="the name of the stack made of infrastructure/data.yaml")
    source.add_argument("--sample", action="store_true", help="made-up names, where there is no stack yet")
    arguments = parser.parse_args()
    if arguments.sample:
        write(arguments.stage, OUTPUTS)
        print(f".chalice has a sample of stage {arguments.stage}; fill it with --stack before it is deployed.")
        return 0
    import boto3

    try:
        outputs = stack_outputs(arguments.stack, boto3.client("cloudformation"))
        write(arguments.stage, outputs)
    except KeyError as error:
        print(
            f"\nThe stack {arguments.stack} has no output {error}. Is it made of infrastructure/data.yaml?",
            file=sys.stderr,
        )
        return 1
    print(f".chalice/config.json has stage {arguments.stage}; put JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS there.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
