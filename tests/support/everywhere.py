"""Everything that a deployment stores, as text, to check that a person's data are not in it."""

import gzip
from collections.abc import Iterable, Iterator
from typing import Any

import boto3

from chalicelib.core.mysql.connections import connect
from tests.support.stores import Tables


def places_of(words: Iterable[str], tables: Tables, url: str, bucket: str = "") -> list[str]:
    """Return the places in which any of the words is stored, in any case: items, versions of objects, rows."""
    sought = [word.casefold() for word in words]
    return [
        place
        for place, text in _everything(tables, url, bucket)
        if any(word in place.casefold() or word in text.casefold() for word in sought)
    ]


def _everything(tables: Tables, url: str, bucket: str) -> Iterator[tuple[str, str]]:
    yield from _items(tables)
    yield from _rows(url)
    if bucket:
        yield from _objects(tables, bucket)


def _items(tables: Tables) -> Iterator[tuple[str, str]]:
    for service in (*tables.domain.services, "dead-letters"):
        for item in tables.items(service):
            yield f"{service}: {item['id']['S']}", str({name: _readable(value) for name, value in item.items()})


def _readable(value: Any) -> Any:
    """Return an attribute value as text. Bytes are a compressed image."""
    return _text(value["B"]) if "B" in value else value


def _rows(url: str) -> Iterator[tuple[str, str]]:
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM `{table}`")
            for row in cursor.fetchall():
                yield f"{table}: {row[0]}", str(row)
    connection.close()


def _objects(tables: Tables, bucket: str) -> Iterator[tuple[str, str]]:
    s3 = boto3.client("s3", endpoint_url=tables.endpoint)
    for found in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        body = s3.get_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])["Body"].read()
        yield f"s3: {found['Key']} {found['VersionId']}", _text(body)


def _text(body: bytes) -> str:
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    return body.decode(errors="replace")
