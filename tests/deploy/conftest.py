"""The functions as Lambda runs them, against a set of tables and a database of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import SERVICES, SETTINGS
from local import aws, keys
from local.lambda_env import SAMPLE_SECRET
from local.ports import wait_until
from local.template import load_template
from tests.deploy.lambdas import EVENTS, ROOT, Function, emulator, event, package_for_tests, tool
from tests.support.functions import a_year
from tests.support.stores import Tables, fresh_database, fresh_tables


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return template.yaml as plain data."""
    return load_template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def data_template() -> dict[str, Any]:
    """Return infrastructure/data.yaml as plain data."""
    return load_template(ROOT / "infrastructure/data.yaml")


@pytest.fixture(scope="session")
def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the properties of every function of the template."""
    resources = template["Resources"].items()
    return {name: r["Properties"] for name, r in resources if r["Type"] == "AWS::Serverless::Function"}


@pytest.fixture(scope="session")
def lambda_tools() -> None:
    """Skip tests if the Runtime Interface Emulator or Lambda's runtime is missing."""
    if not (emulator() and tool("python", ".venv-lambda")):
        pytest.skip("no Runtime Interface Emulator; run `make deploy-tools`")


@pytest.fixture(scope="session")
def packages(functions: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return every function's package, for the Python that runs the tests."""
    folder = tmp_path_factory.mktemp("packages")
    return {name: package_for_tests(name, folder) for name in functions}


@dataclass
class Deployment:
    """All functions on one set of tables and one database.

    Attributes:
        tables: the tables to which they write.
        database_url: the read model.
    """

    tables: Tables
    database_url: str
    packages: dict[str, Path]
    functions: dict[str, dict[str, Any]]
    folder: Path
    running: dict[str, Function]

    def invoke(self, name: str, function: str, **replaced: str) -> Any:
        """Return a function's result for a sample event that is adapted to these tables."""
        return self.start(function)(self.event(name, **replaced))

    def event(self, name: str, **replaced: str) -> Any:
        """Return a sample event whose streams are those of these tables."""
        return event(name, **{"table/tributary-": f"table/{self.tables.prefix}", **replaced})

    def start(self, function: str) -> Function:
        """Return a function, which is started when it is first asked for."""
        if function not in self.running:
            properties = self.functions[function]
            self.running[function] = Function(
                self.packages[function],
                properties["Handler"],
                self.env(function),
                properties["Timeout"],
                self.folder / f"{function}.log",
            )
        return self.running[function]

    def env(self, function: str) -> dict[str, str]:
        """Return the environment that the template gives to a function, as far as its values are known here."""
        values = {
            "TOKEN_SECRET": SAMPLE_SECRET,
            "DATABASE_URL": self.database_url,
            "READ_DATABASE_URL": self.database_url,
            "DEAD_LETTER_TABLE": f"{self.tables.prefix}dead-letters",
            "DEAD_LETTER_BUCKET": f"{self.tables.prefix}dead-letters",
            "DEADLINES": a_year(SERVICES),
            **{setting.name: setting.default for setting in SETTINGS},
            "CORS_ORIGIN": "https://app.example",
            "PARTIAL_BATCH": "1",
            "JWT_ISSUER": keys.ISSUER,
            "JWT_AUDIENCE": keys.AUDIENCE,
            "JWT_JWKS": (EVENTS / "jwks.json").read_text(),
        }
        given = self.functions[function].get("Environment", {}).get("Variables", {})
        return {
            **aws.CREDENTIALS,
            "AWS_REGION": aws.REGION,
            "AWS_DEFAULT_REGION": aws.REGION,
            "AWS_ENDPOINT_URL": self.tables.endpoint,
            "TABLE_PREFIX": self.tables.prefix,
            "PYTHONVERBOSE": "1",
            **{name: value for name, value in values.items() if name in given},
        }


@pytest.fixture(scope="module")
def deployment(
    lambda_tools: None,
    ministack: str,
    mysql_server: str,
    packages: dict[str, Path],
    functions: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """Yield the functions, to be invoked with sample events."""
    folder = tmp_path_factory.mktemp("lambdas")
    with fresh_tables(ministack) as tables, fresh_database(mysql_server) as url:
        aws.create_bucket(ministack, f"{tables.prefix}dead-letters")
        made = Deployment(tables, url, packages, functions, folder, {})
        yield made
        for function in made.running.values():
            function.stop()


__all__ = ["Deployment", "deployment", "wait_until"]
