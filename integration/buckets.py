"""An S3 server on loopback, with one bucket: moto's, which answers by the real protocol."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer


class Bucket:
    """A bucket, and the variables by which a build reaches it."""

    def __init__(self, endpoint: str) -> None:
        self._name = f"wheels-{os.urandom(4).hex()}"  # all servers of a process have the same buckets
        self.url = f"s3://{self._name}/team"
        self.environ = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="somebody",
            aws_secret_access_key="secret",  # noqa: S106 - the server takes any
        )
        self._client.create_bucket(Bucket=self._name)

    def names(self) -> list[str]:
        """Return the names of all objects."""
        found = self._client.list_objects_v2(Bucket=self._name).get("Contents", [])
        return sorted(entry["Key"] for entry in found)

    def read(self, name: str) -> bytes:
        """Return the content of an object."""
        return bytes(self._client.get_object(Bucket=self._name, Key=name)["Body"].read())

    def write(self, name: str, content: bytes) -> None:
        """Replace an object."""
        self._client.put_object(Bucket=self._name, Key=name, Body=content)


@contextmanager
def serve_bucket() -> Iterator[Bucket]:
    """Serve a bucket until the context ends."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield Bucket(f"http://{host}:{port}")
    finally:
        server.stop()
