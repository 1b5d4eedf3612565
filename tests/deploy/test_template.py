"""The promises of template.yaml and its nested stacks, read from them."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.bootstrap import APIS, INFO, REACTED_TO, SERVICES, SETTINGS
from chalicelib.core import errors
from chalicelib.core.commands.pipeline import store_problem
from chalicelib.core.commands.store import OutcomeUnknown
from chalicelib.core.http.request import MAX_BODY_BYTES
from chalicelib.core.reactor.follow_ups import COMMAND_MARGIN_MS
from deploy.generate.template import function_of
from local.filters import passes
from local.template import Template, load_template
from tests.deploy.lambdas import EVENTS, ROOT

# Actions for which IAM knows no resource. https://docs.aws.amazon.com/service-authorization/latest/reference/
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "dynamodb:ListStreams",
}


def routes_of_template(functions: dict[str, Any]) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return (path, method) -> the function behind it, and whether it has the authorizer."""
    return {
        (event["Properties"]["Path"], event["Properties"]["Method"].upper()): (
            name,
            event["Properties"].get("Auth") != {"Authorizer": "NONE"},
        )
        for name, properties in functions.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "Api"
    }


def test_routes_are_the_apps(functions: dict[str, Any]) -> None:
    """The template and the app have the same routes, with the same path, method, function and authorizer."""
    expected = {
        (endpoint.path, endpoint.method): (
            function_of(endpoint),
            bool(endpoint.name),
        )
        for api in APIS
        for endpoint in api.endpoints
    }
    assert routes_of_template(functions) == expected


def test_routes_are_what_chalice_serves(functions: dict[str, Any]) -> None:
    """The template's routes are those of the table from which Chalice serves."""
    from app import app

    served = {(path, method) for path, methods in app.routes.items() for method in methods}
    assert set(routes_of_template(functions)) == served


def test_handlers_exist(functions: dict[str, Any]) -> None:
    """Every Handler can be called."""
    import app

    for properties in functions.values():
        module, _, name = properties["Handler"].partition(".")
        assert module == "app"
        assert callable(getattr(app, name))


def test_every_service_has_a_table_and_a_mapping() -> None:
    """A service in bootstrap.py has both mappings, and a second mapping if other services react to it."""
    template = Template("x-")
    assert {table["TableName"] for table in template.tables()} == {f"x-{name}" for name in [*SERVICES, "dead-letters"]}
    fed: dict[str, set[str]] = {"ProjectorFunction": set(), "ReactorFunction": set()}
    for source in template.mappings():
        fed[source.function].add(source.table)
    assert fed == {
        "ProjectorFunction": {f"x-{name}" for name in SERVICES},
        "ReactorFunction": {f"x-{name}" for name in REACTED_TO},
    }


def test_tables(data_template: dict[str, Any]) -> None:
    """Tables are on demand, streamed, backed up and protected. Nothing that stores data is deleted with the stack."""
    for name, resource in data_template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        properties = resource["Properties"]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert "SSESpecification" not in properties, "a key of KMS takes a fee a request; AWS's own encrypts as well"
        assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
        if name != "DeadLetterTable":
            assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
            assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_data_is_encrypted(data_template: dict[str, Any]) -> None:
    """Database and bucket are encrypted, and accept only encrypted connections. test_tables is about the tables."""
    by_type: dict[str, list[Any]] = {}
    for resource in data_template["Resources"].values():
        by_type.setdefault(resource["Type"], []).append(resource["Properties"])
    assert [cluster["StorageEncrypted"] for cluster in by_type["AWS::RDS::DBCluster"]] == [True]
    assert [proxy["RequireTLS"] for proxy in by_type["AWS::RDS::DBProxy"]] == [True]
    (parameters,) = by_type["AWS::RDS::DBClusterParameterGroup"]
    assert parameters["Parameters"]["require_secure_transport"] == "ON"
    assert all(bucket["BucketEncryption"] for bucket in by_type["AWS::S3::Bucket"])
    (policy,) = by_type["AWS::S3::BucketPolicy"]
    (denied,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
    assert (denied["Action"], denied["Condition"]) == ("s3:*", {"Bool": {"aws:SecureTransport": "false"}})


def mapping_options(functions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the properties of every mapping from a stream."""
    for properties in functions.values():
        for event in properties.get("Events", {}).values():
            if event["Type"] == "DynamoDB":
                yield event["Properties"]


def test_mappings_lose_nothing(functions: dict[str, Any]) -> None:
    """A mapping begins at the oldest record, never gives up by tries or age, bisects batches and reports failures."""
    for mapping in mapping_options(functions):
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["MaximumRetryAttempts"] == mapping["MaximumRecordAgeInSeconds"] == -1
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["ParallelizationFactor"] == {"Ref": "Parallelization"}
        assert mapping["DestinationConfig"]["OnFailure"]["Type"] == "S3"


STREAMS = [*EVENTS.glob("stream-*.json"), *ROOT.glob("chalicelib/*/events/stream-*.json")]
RECORDS = [record for path in STREAMS for record in json.loads(path.read_text())["Records"]]


@pytest.mark.parametrize("function", ["ProjectorFunction", "ReactorFunction"])
def test_filters_drop_what_is_no_aggregate(function: str) -> None:
    """Of all sample records, no claim, no idempotency key and no removal reaches a function."""
    for source in (source for source in Template("tributary-").mappings() if source.function == function):
        records = [record for record in RECORDS if f":table/{source.table}/" in record["eventSourceARN"]]
        passed = {record["dynamodb"]["Keys"]["id"]["S"] for record in records if passes(record, source.filters)}
        assert passed
        assert not [id for id in passed if id.startswith("claim#")]


def test_partial_failures_where_the_mapping_knows_them(functions: dict[str, Any]) -> None:
    """PARTIAL_BATCH is set together with ReportBatchItemFailures. Without the latter, Lambda would ignore the list."""
    for properties in functions.values():
        reported = [
            "ReportBatchItemFailures" in event["Properties"].get("FunctionResponseTypes", [])
            for event in properties.get("Events", {}).values()
            if event["Type"] == "DynamoDB"
        ]
        # Without a policy, the reactor has no mapping, and is ready for one.
        expected = "1" if all(reported) and (reported or properties["Handler"] == "app.react") else None
        assert properties.get("Environment", {}).get("Variables", {}).get("PARTIAL_BATCH") == expected


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every statement of every policy of every role, by the role's name."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def as_list(value: Any) -> list[Any]:
    """Return a list, where IAM allows one value or many."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("file", ["template.yaml", "infrastructure/roles.yaml", "infrastructure/data.yaml"])
def test_roles_hold_the_least(file: str) -> None:
    """No role is allowed a `*` action, nor a `*` resource for an action with resources."""
    for role, statement in statements(load_template(ROOT / file)):
        if statement["Effect"] == "Deny":
            continue
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action], role
        if "*" in as_list(statement["Resource"]):
            assert set(actions) <= WITHOUT_RESOURCE, role


def test_sides_are_apart(functions: dict[str, Any]) -> None:
    """Commands and reactor have no database and no VPC. Queries have no DynamoDB, and a user who can only read."""
    allowed: dict[str, list[str]] = {}
    for role, statement in statements(load_template(ROOT / "infrastructure/roles.yaml")):
        allowed.setdefault(role, []).extend(as_list(statement["Action"]))
    for side in ("Commands", "Reactor"):
        assert not [action for action in allowed[f"{side}Role"] if action.startswith(("rds", "ec2"))]
        assert "VpcConfig" not in functions[f"{side}Function"]
        assert "DATABASE_URL" not in functions[f"{side}Function"]["Environment"]["Variables"]
    assert not [action for action in allowed["QueriesRole"] if action.startswith("dynamodb")]
    assert "VpcConfig" in functions["QueriesFunction"]
    resources = [
        s["Resource"]
        for role, s in statements(load_template(ROOT / "infrastructure/roles.yaml"))
        if role == "QueriesRole"
    ]
    assert {"Fn::Sub": "${DatabaseUserArn}/tributary_reader"} in resources


def test_the_reactor_waits_for_no_database(template: dict[str, Any]) -> None:
    """The saga continues while the schema changes, or while there is no database."""
    assert "DependsOn" not in template["Resources"]["ReactorFunction"]


def test_every_function_is_watched(functions: dict[str, Any]) -> None:
    """Alarms and dashboard watch every function that serves clients or streams, the latter by their age."""
    resources = load_template(ROOT / "infrastructure/alarms.yaml")["Resources"]
    streaming = {source.function for source in Template("x-").mappings()}
    for name in functions.keys() - {"MigrateFunction"}:  # its failure fails the deployment
        short = name.removesuffix("Function")
        dimension = [{"Name": "FunctionName", "Value": {"Ref": short}}]
        errors = "FunctionThrottles" if name == "AuthorizerFunction" else "FunctionErrors"  # see AuthorizerFaults
        for alarm in (errors, *(["IteratorAge"] if name in streaming else [])):
            metrics = resources[alarm]["Properties"]["Metrics"]
            assert dimension in [m["MetricStat"]["Metric"]["Dimensions"] for m in metrics if "MetricStat" in m], alarm
        assert f'"${{{short}}}"' in resources["Board"]["Properties"]["DashboardBody"]["Fn::Sub"]


@pytest.mark.parametrize("alarm", ["ProjectionLag", "DeadLetters"])
def test_every_service_is_watched(alarm: str) -> None:
    """Alarms and dashboard watch the lag and the dead letters of every service, and of nothing else."""
    resources = load_template(ROOT / "infrastructure/alarms.yaml")["Resources"]
    metrics = [m["MetricStat"]["Metric"] for m in resources[alarm]["Properties"]["Metrics"] if "MetricStat" in m]
    assert {name for metric in metrics for name in dimension(metric, "Service")} == set(SERVICES)
    board = resources["Board"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(rf'"{metrics[0]["MetricName"]}",.* "Service", "([^"]+)"', board)) == set(SERVICES)


def test_every_table_is_watched() -> None:
    """Alarms watch the throttles of every service's table, and the dashboard shows its writes."""
    resources = load_template(ROOT / "infrastructure/alarms.yaml")["Resources"]
    metrics = [m["MetricStat"]["Metric"] for m in resources["TableThrottles"]["Properties"]["Metrics"][1:]]
    tables = {f"${{TablePrefix}}{service}" for service in SERVICES}
    assert {name["Fn::Sub"] for metric in metrics for name in dimension(metric, "TableName")} == tables
    board = resources["Board"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r'"TableName", "([^"]+)"', board)) == tables


def dimension(metric: dict[str, Any], name: str) -> list[Any]:
    """Return the value of a metric's dimension in a list, which is empty if the metric has none."""
    return [each["Value"] for each in metric["Dimensions"] if each["Name"] == name]


def test_roles_are_ours(functions: dict[str, Any]) -> None:
    """Every function has its own role and log, so that SAM attaches none of its broad managed policies."""
    for name, properties in functions.items():
        short = name.removesuffix("Function")
        assert properties["Role"] == {"Fn::GetAtt": f"Roles.Outputs.{short}Role"}
        assert properties["LoggingConfig"] == {"LogGroup": {"Fn::GetAtt": f"Roles.Outputs.{short}Log"}}


def test_gateway_answers_are_problems(template: dict[str, Any]) -> None:
    """API Gateway's own refusals have the type, title and status of the app's problems."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Problem)]
    known = {f"{INFO.problem_types}{kind.code}": kind for kind in kinds}
    known[f"{INFO.problem_types}outcome-unknown"] = errors.Unavailable
    documented = (ROOT / "docs/reference/problems.md").read_text()
    responses = template["Resources"]["Api"]["Properties"]["GatewayResponses"]
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == "404"
    assert f"at most {MAX_BODY_BYTES} bytes" in responses["REQUEST_TOO_LARGE"]["ResponseTemplates"]["application/json"]
    for name, response in responses.items():
        problem = json.loads(response["ResponseTemplates"]["application/json"])
        kind = known[problem["type"]]
        assert problem["title"] == kind.title, name
        assert f"| {problem['type'].rpartition(':')[2]} |" in documented
        assert problem["detail"].startswith("Send ") or re.search("[.:;] ", problem["detail"]), "what to do next?"
        assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
        if not name.startswith("DEFAULT"):
            assert str(problem["status"]) == response["StatusCode"] == str(kind.status)


def test_each_caller_is_limited(template: dict[str, Any]) -> None:
    """By default, callers are limited by token and by address before a function is called. The answer is a 429 problem.

    A token counts in every spelling of "Bearer".
    """
    limits, (stage, *_) = (
        template["Resources"]["CallerLimits"]["Properties"],
        [
            resource["Properties"]["ResourceArn"]["Fn::Sub"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::WAFv2::WebACLAssociation"
        ],
    )
    assert stage.endswith("/restapis/${Api}/stages/${Api.Stage}")
    kept = {}
    for rule in limits["Rules"]:
        _, rule, _ = rule["Fn::If"]
        statement = rule["Statement"]["RateBasedStatement"]
        kept[statement["Limit"]["Ref"]] = statement.get("CustomKeys", statement["AggregateKeyType"])
        response = rule["Action"]["Block"]["CustomResponse"]
        problem = json.loads(limits["CustomResponseBodies"][response["CustomResponseBodyKey"]]["Content"])
        assert problem["type"] == INFO.problem_types + errors.TooManyRequests.code
        assert (problem["title"], problem["status"]) == (errors.TooManyRequests.title, response["ResponseCode"])
        assert {header["Name"] for header in response["ResponseHeaders"]} >= {"Retry-After"}
    token = [{"Header": {"Name": "authorization", "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}]}}]
    assert kept == {"CallerRate": token, "AddressRate": "IP"}
    assert all(template["Parameters"][name]["Default"] >= 10 for name in kept), "AWS takes no lower limit"


@pytest.mark.parametrize("name", ["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"])
def test_a_function_without_an_answer_may_have_written(template: dict[str, Any], name: str) -> None:
    """The client of such an answer learns what happened and how to continue, as if the store gave no certain answer."""
    response = template["Resources"]["Api"]["Properties"]["GatewayResponses"][name]
    problem = json.loads(response["ResponseTemplates"]["application/json"])
    ours = store_problem(OutcomeUnknown())
    assert problem["type"] == INFO.problem(ours)["type"]
    assert response["ResponseParameters"]["Headers"]["Retry-After"] == f"'{ours.headers['Retry-After']}'"
    for said in ("may or may not have happened", "Idempotency-Key", "before you send it again"):
        assert said in problem["detail"]
        assert said.lower() in ours.detail.lower()


def test_cors_lets_our_headers_through(template: dict[str, Any]) -> None:
    """A page may send every header that the app reads."""
    from chalicelib.core.http.chalice_adapter import _CORS_REQUEST

    allowed = template["Resources"]["Api"]["Properties"]["Cors"]["AllowHeaders"].strip("'").split(",")
    assert {*_CORS_REQUEST, "Authorization", "Content-Type"} == set(allowed)


def test_settings_are_documented(functions: dict[str, Any], template: dict[str, Any]) -> None:
    """docs/reference/settings.md has every variable of a function, or a service describes it."""
    text = (ROOT / "docs/reference/settings.md").read_text()
    assert all(setting.description for setting in SETTINGS)
    declared = {setting.name for setting in SETTINGS}
    variables = set(template["Globals"]["Function"]["Environment"]["Variables"]) - {"AWS_ENDPOINT_URL"}
    for properties in functions.values():
        variables |= set(properties.get("Environment", {}).get("Variables", {}))
    assert sorted(name for name in variables - declared if not re.search(rf"\b{name}\b", text)) == []


def test_samconfig(template: dict[str, Any]) -> None:
    """Every parameter that samconfig.toml overrides exists, in the form that SAM reads."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    for command in config.values():
        for override in command["parameters"].get("parameter_overrides", []):
            name, equals, value = override.partition("=")
            assert name in template["Parameters"]
            assert equals
            assert value, "SAM refuses `Name=`; an empty value is written as two quotes"


def test_outputs_that_sam_can_read(data_template: dict[str, Any]) -> None:
    """No output has the name of a parameter, since `sam build` fails on that."""
    assert not set(data_template["Outputs"]) & set(data_template["Parameters"])


def test_migrations_come_before_their_users(template: dict[str, Any], functions: dict[str, Any]) -> None:
    """Everything that uses the read model is deployed after the schema. A new package runs the migrations."""
    for name, properties in functions.items():
        if {"DATABASE_URL", "READ_DATABASE_URL"} & set(properties["Environment"]["Variables"]) and "migrate" not in str(
            properties["Handler"]
        ):
            assert template["Resources"][name]["DependsOn"] == "Migrations"
    assert template["Resources"]["Migrations"]["Properties"]["Package"] == {"Ref": "MigrateFunction.Version"}


def test_the_reactor_has_time_to_begin(functions: dict[str, Any]) -> None:
    """The function starts no command in its last seconds. Its time-out has to be much longer than these."""
    assert functions["ReactorFunction"]["Timeout"] * 1000 >= 2 * COMMAND_MARGIN_MS


def test_no_page_may_call_unless_its_origin_is_named(template: dict[str, Any]) -> None:
    """CORS is off by default: the allowed origin is one that nobody can have (RFC 2606), or none under Chalice."""
    default = template["Parameters"]["CorsOrigin"]["Default"]
    assert default.startswith("https://")
    assert default.endswith(".invalid")
    stages = json.loads((ROOT / ".chalice/config.json").read_text())["stages"].values()
    assert {stage["environment_variables"]["CORS_ORIGIN"] for stage in stages} == {""}


def test_access_log_holds_nothing_that_a_client_can_write(template: dict[str, Any]) -> None:
    """Logs have ids, times, figures, fixed words and a signed token's claims, but no path, no query and no header."""
    logged = template["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]
    assert set(re.findall(r"\$context\.([\w.]+)", logged)) == {
        "requestId", "requestTimeEpoch", "identity.sourceIp", "httpMethod", "resourcePath", "status", "responseLength",
        "responseLatency", "integrationLatency", "error.responseType", "authorizer.subject", "authorizer.role",
        "xrayTraceId",
    }  # fmt: skip


def test_actions_are_named_by_commit() -> None:
    """Actions are named by commit, since a tag can be moved."""
    for workflow in (ROOT / ".github/workflows").glob("*.yml"):
        for action in re.findall(r"uses: (\S+)", workflow.read_text()):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
