"""The authorizer's alarm counts errors, and no refusals. The log is that of AWS's own runtime."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import keys
from local.template import load_template
from tests.deploy.lambdas import EVENTS, ROOT, Function, event, package_for_tests
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

Start = Callable[..., Function]


def patterns() -> list[str]:
    """Return the filter patterns of the alarm's metric."""
    resources: dict[str, Any] = load_template(ROOT / "infrastructure/alarms.yaml")["Resources"]
    alarm = resources["AuthorizerFaults"]["Properties"]
    filters = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Logs::MetricFilter"]
    made = [f for f in filters for to in f["MetricTransformations"] if to["MetricName"] == alarm["MetricName"]]
    assert all(f["LogGroupName"] == {"Ref": "AuthorizerLog"} for f in made)
    return [f["FilterPattern"] for f in made]


def matches(pattern: str, text: str) -> bool:
    """Return whether a log event matches a pattern of terms: all of "a", none of -"a", one of ?"a".

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    terms = re.findall(r'([-?]?)"([^"]*)"', pattern)
    assert " ".join(f'{sign}"{term}"' for sign, term in terms) == pattern, "a form that this does not know"
    one_of = [term in text for sign, term in terms if sign == "?"]
    required = [term in text for sign, term in terms if not sign]
    excluded = [term in text for sign, term in terms if sign == "-"]
    assert not (one_of and (required or excluded)), "CloudWatch ignores ?terms beside others"
    return (any(one_of) if one_of else all(required)) and not any(excluded)


@pytest.fixture(scope="module")
def start(lambda_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts the authorizer with a key set."""
    folder = tmp_path_factory.mktemp("authorizer")
    package = package_for_tests("AuthorizerFunction", folder)
    started: list[Function] = []

    def made(jwks: str) -> Function:
        env = {"JWT_ISSUER": keys.ISSUER, "JWT_AUDIENCE": keys.AUDIENCE, "JWT_JWKS": jwks}
        started.append(Function(package, "app.authorize", env, 10, folder / f"{len(started)}.log"))
        return started[-1]

    yield made
    for function in started:
        function.stop()


def log_of(function: Function, log: Path) -> str:
    """Return its log as one event. The runtime writes a raised error as a whole."""
    assert eventually(lambda: "END RequestId" in log.read_text(errors="replace"))
    return log.read_text(errors="replace")


def test_refusals_do_not_count(start: Start) -> None:
    """For an expired token, a forged one and none at all, API Gateway answers 401, and no alarm goes off."""
    function = start((EVENTS / "jwks.json").read_text())
    for token in (event("authorizer-expired")["authorizationToken"], "Bearer forged.token.here", "Basic x"):
        answer = function({**event("authorizer-expired"), "authorizationToken": token})
        assert answer["errorMessage"] == "Unauthorized"
    text = log_of(function, function.log)
    assert "[ERROR] Unauthorized" in text
    assert not [pattern for pattern in patterns() for part in errors(text) if matches(pattern, part)]


def test_faults_count(start: Start) -> None:
    """If the keys cannot be fetched, the deployment is wrong, and API Gateway answers 500."""
    function = start("https://127.0.0.1:1/jwks.json")
    assert "Unauthorized" not in function(event("authorizer-expired"))["errorMessage"]
    text = log_of(function, function.log)
    assert [pattern for pattern in patterns() for part in errors(text) if matches(pattern, part)]


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-25T10:00:00.000Z 8a5b Task timed out after 10.00 seconds",
        "RequestId: 8a5b Error: Runtime exited with error: signal: killed",
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'jwt'",
        '[ERROR] PyJWKClientConnectionError: Fail to fetch data from the url, err: "HTTP Error 401: Unauthorized"',
    ],
)
def test_what_lambda_says_of_its_end_counts(line: str) -> None:
    """The alarm counts a time-out, a lack of memory, a package without a library, and an issuer that refuses."""
    assert [pattern for pattern in patterns() if matches(pattern, line)]


def errors(text: str) -> list[str]:
    """Return the log, split where the runtime begins to write an error: on AWS, each part is an event."""
    return re.split(r"(?=\[ERROR\])", text)
