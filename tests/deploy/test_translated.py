"""SAM's translation of the templates: the resources that CloudFormation gets."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy import chalice_stage
from deploy.chalice_sample import OUTPUTS
from local.template import load_template
from tests.deploy.lambdas import ROOT, tool
from tests.deploy.test_chalice import package, project
from tests.support.waiting import PATIENT_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
class Policies:
    def load(self): return {}
template = json.load(sys.stdin)
values = {name: p["Default"] for name, p in template.get("Parameters", {}).items() if "Default" in p}
print(json.dumps(transform(template, values, Policies())))
"""


def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return the resources of a SAM template after the transform, by logical id."""
    python = tool("python", ".venv-sam")
    if not python:
        pytest.skip("no .venv-sam; run `make deploy-tools`")
    # CloudFormation knows its own functions by their long names, which `load` gives, and GetAtt in parts.
    text = json.dumps(in_parts(template))
    done = subprocess.run(
        [python, "-c", _TRANSLATE],
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENT_SECONDS,
        check=False,
        env={"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
    )
    assert done.returncode == 0, done.stderr
    resources: dict[str, Any] = json.loads(done.stdout)["Resources"]
    return resources


def in_parts(value: Any) -> Any:
    """Return `GetAtt: A.b` as the translator expects it: ["A", "b"]."""
    match value:
        case {"Fn::GetAtt": str(name)}:
            return {"Fn::GetAtt": name.split(".", 1)}
        case dict():
            return {name: in_parts(content) for name, content in value.items()}
        case list():
            return [in_parts(content) for content in value]
    return value


def stages(resources: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stages of the API."""
    return [r["Properties"] for r in resources.values() if r["Type"] == "AWS::ApiGateway::Stage"]


def test_the_api_has_one_stage() -> None:
    """The API has only the named stage, with its throttle and its log, and not SAM's `Stage`."""
    template = load_template(ROOT / "template.yaml")
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    resources = translated(template)
    (stage,) = stages(resources)
    assert stage["StageName"] in ({"Ref": "Stage"}, "dev")
    assert stage["AccessLogSetting"]
    assert stage["MethodSettings"]
    deployments = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::ApiGateway::Deployment"]
    assert not [d for d in deployments if "StageName" in d]


def test_chalices_api_has_one_stage(tmp_path: Path) -> None:
    """The result of `chalice package` with the merge template has only that stage too."""
    folder = project(tmp_path / "project")
    chalice_stage.write("dev", OUTPUTS, folder / ".chalice")
    made = package(folder, "dev", merge=True)
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    resources = translated(made)
    assert len(stages(resources)) == 1
    deployments = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::ApiGateway::Deployment"]
    assert not [d for d in deployments if "StageName" in d]
