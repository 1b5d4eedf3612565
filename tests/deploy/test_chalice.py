"""`chalice package` and `chalice deploy`: the stage that one command fills, and its result."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import REACTED_TO, SERVICES, SETTINGS
from chalicelib.core.projector.handler import project_event
from chalicelib.core.reactor.handler import react_to_event
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from chalicelib.core.streams.batches import BatchFailed
from chalicelib.core.streams.records import as_record
from deploy import chalice_stage
from deploy.chalice_sample import OUTPUTS, TABLES
from local import aws
from local.template import load_template
from tests.deploy.lambdas import ROOT
from tests.support.domain import NEUTRAL
from tests.support.waiting import COMMAND_SECONDS


def project(folder: Path, requirements: str = "") -> Path:
    """Copy the files that Chalice reads."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "app.py", folder)
    shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.txt").write_text(requirements)
    return folder


def package(folder: Path, stage: str, merge: bool) -> dict[str, Any]:
    """Return the output of `chalice package`."""
    merging = ["--merge-template", f".chalice/merge-{stage}.json"] if merge else []
    command = [Path(sys.executable).with_name("chalice"), "package", "--stage", stage, "--template-format", "json"]
    subprocess.run(
        [*command, *merging, "out"],
        cwd=folder,
        env={**os.environ, **aws.CREDENTIALS, "AWS_DEFAULT_REGION": aws.REGION},
        check=True,
        timeout=COMMAND_SECONDS,
    )
    made: dict[str, Any] = json.loads((folder / "out/sam.json").read_text())
    return made


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the template that `chalice package` makes, without libraries."""
    folder = project(tmp_path_factory.mktemp("chalice") / "project")
    chalice_stage.write("dev", OUTPUTS, folder / ".chalice")
    return package(folder, "dev", merge=True)


def test_the_data_stack_has_what_is_asked_for(data_template: dict[str, Any]) -> None:
    """A stage is filled from outputs that infrastructure/data.yaml has."""
    assert set(OUTPUTS) == set(data_template["Outputs"])


def test_merging_adds_no_resource(packaged: dict[str, Any]) -> None:
    """The merge template adds no resource. A misspelled name would add one without a type."""
    assert [name for name, resource in packaged["Resources"].items() if "Type" not in resource] == []


def test_the_mappings_are_template_yamls(packaged: dict[str, Any]) -> None:
    """With the merge template, every mapping has the options that it has under SAM."""
    resources = load_template(ROOT / "template.yaml")["Resources"]
    expected = [
        (verb, name, mapping)
        for verb, function in (("Project", "ProjectorFunction"), ("React", "ReactorFunction"))
        for name, mapping in resources[function]["Properties"].get("Events", {}).items()
    ]
    for verb, name, mapping in expected:
        function = packaged["Resources"][f"{verb}{name}"]["Properties"]
        assert function["Handler"] == f"app.{verb.lower()}"
        (source,) = function["Events"].values()
        ours = source["Properties"]
        assert set(ours) == set(mapping["Properties"])
        same = set(ours) - {"Stream", "DestinationConfig", "ParallelizationFactor"}
        assert {key: ours[key] for key in same} == {key: mapping["Properties"][key] for key in same}
        assert ours["Stream"] == OUTPUTS[f"{name}StreamArn"]
        assert function["Environment"]["Variables"]["PARTIAL_BATCH"] == "1"


def test_chalice_deploy_knows_no_partial_failures() -> None:
    """`chalice deploy` reads only the stage, which does not set PARTIAL_BATCH."""
    assert "PARTIAL_BATCH" not in json.dumps(chalice_stage.stage_config("dev", OUTPUTS, {}))


def test_sizes_are_template_yamls(packaged: dict[str, Any], functions: dict[str, Any]) -> None:
    """Chalice's functions have the time limits that they have under SAM, and are in the VPC if they are under SAM."""
    for name, roles in chalice_stage.ROLES.items():
        made = packaged["Resources"][chalice_stage.resource_name(name)]["Properties"]
        under_sam = [functions[f"{role}Function"] for role in roles]
        assert made["Timeout"] == max(properties["Timeout"] for properties in under_sam)
        assert ("VpcConfig" in made) is any("VpcConfig" in properties for properties in under_sam)


@pytest.mark.parametrize("handle", [project_event, react_to_event])
@pytest.mark.parametrize("partial", [True, False])
def test_a_failure_is_told_in_the_way_that_the_mapping_understands(
    partial: bool, handle: Callable[..., dict[str, Any]]
) -> None:
    """A function reports failures as a list if its mapping accepts one, and otherwise raises an error."""
    settings = Settings(database_url="mysql://nobody@127.0.0.1:1/none", partial_batch=partial)
    made = Runtime(settings, NEUTRAL.services, NEUTRAL.permissions, lambda _: {})
    stream = "arn:aws:dynamodb:eu-west-1:000000000000:table/tributary-transfers/stream/2026"
    records = {"Records": [as_record({"id": {"S": "tra_1"}, "version": {"N": "1"}}, stream)]}

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 1

    if partial:
        first = records["Records"][0]["dynamodb"]["SequenceNumber"]
        assert handle(records, Context(), made) == {"batchItemFailures": [{"itemIdentifier": first}]}
    else:
        with pytest.raises(BatchFailed):
            handle(records, Context(), made)


def test_policies_hold_the_least(packaged: dict[str, Any], tmp_path: Path) -> None:
    """Each function has the rights of its roles and its own log. A projector or reactor reads one stream."""
    chalice_stage.write("dev", OUTPUTS, tmp_path)
    for name in chalice_stage.ROLES:
        text = (tmp_path / f"policy-dev-{name}.json").read_text()
        assert "${" not in text
        for statement in json.loads(text)["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action]
    for verb, service in [*(("project", name) for name in SERVICES), *(("react", name) for name in REACTED_TO)]:
        statements = json.loads((tmp_path / f"policy-dev-{verb}_{service}.json").read_text())["Statement"]
        streams = [s["Resource"] for s in statements if "dynamodb:GetRecords" in s["Action"]]
        assert streams == [[f"{TABLES}{service}/stream/*"]]


def test_every_function_may_log(packaged: dict[str, Any]) -> None:
    """Each function has the name with which its policy lets it write its log, as `chalice deploy` names it."""
    for name in chalice_stage.ROLES:
        function = packaged["Resources"][chalice_stage.resource_name(name)]["Properties"]
        assert function["FunctionName"] == ("tributary-dev" if name == "api_handler" else f"tributary-dev-{name}")
        role = packaged["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
        statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
        log = f"arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/{function['FunctionName']}:*"
        allowed = {action for s in statements if s["Resource"] == log for action in as_list(s["Action"])}
        assert allowed == {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}


def as_list(value: Any) -> list[Any]:
    """Return a list, where IAM allows one value or many."""
    return value if isinstance(value, list) else [value]


def test_settings_made_by_hand_are_kept(tmp_path: Path) -> None:
    """If a stage is filled again, the issuer, the sizes and other stages stay as they are."""
    projector = f"project_{next(iter(SERVICES))}"
    chalice_stage.write("dev", OUTPUTS, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["stages"]["dev"]["environment_variables"]["JWT_ISSUER"] = "https://id.example"
    own = {setting.name: f"{setting.default}, by hand" for setting in SETTINGS}
    assert {config["stages"]["dev"]["environment_variables"][setting.name] for setting in SETTINGS} == {
        setting.default for setting in SETTINGS
    }
    config["stages"]["dev"]["environment_variables"] |= own
    config["stages"]["dev"]["lambda_functions"][projector]["lambda_memory_size"] = 3008
    config["stages"]["prod"] = {"api_gateway_stage": "live"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    chalice_stage.write("dev", {**OUTPUTS, "DeadLetterTable": "other"}, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    environment = config["stages"]["dev"]["environment_variables"]
    assert (environment["JWT_ISSUER"], environment["DEAD_LETTER_TABLE"]) == ("https://id.example", "other")
    assert {setting.name: environment[setting.name] for setting in SETTINGS} == own
    assert config["stages"]["dev"]["lambda_functions"][projector]["lambda_memory_size"] == 3008
    assert config["stages"]["prod"] == {"api_gateway_stage": "live"}


def test_an_environment_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """A key set that is too large is reported before anything is built, and nothing is written."""
    chalice_stage.write("dev", OUTPUTS, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["stages"]["dev"]["environment_variables"]["JWT_JWKS"] = "k" * 4000
    (tmp_path / "config.json").write_text(json.dumps(config))
    before = (tmp_path / "config.json").read_text()
    with pytest.raises(SystemExit, match=r"api_handler has \d+ bytes, and Lambda takes 4096\. JWT_JWKS alone has 4008"):
        chalice_stage.write("dev", OUTPUTS, tmp_path)
    assert (tmp_path / "config.json").read_text() == before


def test_a_service_that_is_gone_leaves_no_stream(tmp_path: Path) -> None:
    """If a stage is filled again, the streams of services that no longer exist are removed."""
    before = {"environment_variables": {"RETURNS_STREAM_ARN": "arn:gone", "SHOP": "kept"}}
    environment = chalice_stage.stage_config("dev", OUTPUTS, before)["environment_variables"]
    assert "RETURNS_STREAM_ARN" not in environment
    assert environment["SHOP"] == "kept"


def test_the_repository_has_config_json_alone() -> None:
    """Only the settings made by hand are committed of .chalice. A filled and committed stage knows every function."""
    listed = subprocess.run(["git", "ls-files", ".chalice"], cwd=ROOT, capture_output=True, text=True, check=False)
    if not listed.returncode:
        assert listed.stdout.split() == [".chalice/config.json"]
    stages = json.loads((ROOT / ".chalice/config.json").read_text())["stages"]
    for name, stage in stages.items():
        again = f"python -m deploy.chalice_stage {name} --stack STACK"
        assert stage.get("lambda_functions", chalice_stage.ROLES).keys() == chalice_stage.ROLES.keys(), again


def test_no_service_gets_the_stream_of_another_whose_name_ends_alike() -> None:
    """The projector of `cards` reads no stream of `gift_cards`."""
    streams = [f"{TABLES}cards/stream/*", f"{TABLES}gift_cards/stream/*"]
    statement = {"Effect": "Allow", "Action": "dynamodb:GetRecords", "Resource": streams}
    assert chalice_stage.own_stream(statement, streams[0])["Resource"] == streams[:1]
