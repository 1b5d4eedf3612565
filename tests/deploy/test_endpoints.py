"""The endpoints in the functions' packages: fewer services than botocore lists, each at the same address."""

import json
import shutil
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import Loader

from deploy.package import shorten_endpoints

ALL = Path(botocore.__file__).parent / "data"
SERVICES = {"dynamodb": "dynamodb", "s3": "s3", "secretsmanager": "secretsmanager", "sesv2": "email"}
"""Those of the engine, and one whose endpoints have another name."""
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "eu-south-9")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return botocore's data as a package has them, with the descriptions of these services alone."""
    for path in ALL.glob("*.json"):
        shutil.copy(path, tmp_path)
    for service in SERVICES:
        shutil.copytree(ALL / service, tmp_path / service)
    shorten_endpoints(tmp_path)
    return tmp_path


def test_only_described_services_are_left(data: Path) -> None:
    """All partitions and their regions are still there."""
    before, after = (json.loads((folder / "endpoints.json").read_text())["partitions"] for folder in (ALL, data))
    assert [{**partition, "services": {}} for partition in after] == [{**each, "services": {}} for each in before]
    assert set(after[0]["services"]) == set(SERVICES.values())


def test_clients_have_the_same_endpoints(data: Path) -> None:
    """A client finds its service where it finds it with the whole list, in regions of every partition."""
    assert _endpoints(data) == _endpoints(ALL)


def _endpoints(data: Path) -> list[str]:
    session = botocore.session.Session()
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    clients = [session.create_client(service, region, **keys) for service in SERVICES for region in REGIONS]
    return [str(client.meta.endpoint_url) for client in clients]


def test_a_package_without_the_list(tmp_path: Path) -> None:
    """A function without botocore is packaged too."""
    shorten_endpoints(tmp_path)
    assert list(tmp_path.iterdir()) == []
