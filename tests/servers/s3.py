"""A real S3 server (SeaweedFS) on 127.0.0.1, with real keys and checksums, killed when the test ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.servers.ports import free_port

SECONDS_TO_START = 120
ACCESS_KEY, SECRET_KEY = "testkey", "testsecret"


@dataclass(frozen=True)
class S3Server:
    """Where the server listens, and with which keys."""

    endpoint: str
    environment: dict[str, str]

    def make_bucket(self, name: str) -> None:
        """Make a bucket and wait until a put into it succeeds."""
        config = Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=10)
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=config,
        )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                client.create_bucket(Bucket=name)
                client.put_object(Bucket=name, Key="ready", Body=b"x")
                return
            except (BotoCoreError, ClientError):
                if time.monotonic() > deadline:
                    raise


@contextmanager
def s3_server(folder: Path) -> Generator[S3Server]:
    """Start the server over an empty folder; the process group is killed at the end (a graceful stop takes 15 s)."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed"
    config = folder / "s3.json"
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    base = free_port()
    master, volume, filer, s3 = base, base + 1, base + 2, base + 3
    arguments = [
        weed, "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-master.telemetry=false",
        "-master.electionTimeout=1s", f"-master.port={master}", "-master.volumeSizeLimitMB=128", f"-volume.port={volume}",
        "-volume.max=2000", "-volume.preStopSeconds=0", "-filer", f"-filer.port={filer}", f"-filer.localSocket={folder}/f.sock",
        "-s3", f"-s3.port={s3}", "-s3.ip.bind=127.0.0.1", f"-s3.config={config}", f"-s3.localSocket={folder}/s.sock",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false",
    ]  # fmt: skip
    environment = {**os.environ, "GOMAXPROCS": "2", "GOMEMLIMIT": "400MiB", "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, env=environment, start_new_session=True)
    endpoint = f"http://127.0.0.1:{s3}"
    keys = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        yield S3Server(endpoint, keys)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
