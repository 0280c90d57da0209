"""One place on an object store, s3://BUCKET/PREFIX: every request by one door, tried again where the store or the way falters.

Credentials and AWS_ENDPOINT_URL come from the environment only. s3fs and botocore would try again too, each by rules of its own;
both are told not to, so that what is written here is all that happens.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from latamgpt.errors import OperatorError

if TYPE_CHECKING:
    from s3fs import S3FileSystem

SECONDS_TO_CONNECT, SECONDS_TO_READ = 5, 60
NUM_TRIES = 10  # of three that fail in ten, one request in 170,000 fails ten times
NUM_TRIES_TO_BEGIN = 3  # a store that is not there, or refuses, is told soon
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 10.0
NUM_CONNECTIONS = 16
PASSING_STATUS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
PASSING_CODES = {"SlowDown", "RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", "OperationAborted"}

T = TypeVar("T")


class StoreError(OperatorError):
    """The object store refuses, lacks the bucket, or stayed away for longer than was waited."""


@dataclass(frozen=True)
class Stored:
    """An object below the place."""

    key: str  # relative to the place
    num_bytes: int


@dataclass(frozen=True)
class ObjectStore:
    """A place on an object store; keys are relative to it. Threads may share one."""

    address: str  # s3://BUCKET/PREFIX
    num_tries: int = NUM_TRIES

    def __post_init__(self) -> None:
        bucket, _, prefix = self.address.removeprefix("s3://").rstrip("/").partition("/")
        if not self.address.startswith("s3://") or not bucket or not prefix:
            raise OperatorError(f"{self.address!r} is not an object store's address. Name one as s3://BUCKET/PREFIX.")

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.address.removeprefix("s3://").partition("/")[0]

    def full_key(self, key: str) -> str:
        """The key as the bucket has it."""
        return f"{self._prefix}{key}"

    def must_answer(self) -> None:
        """Ask for one name.

        Raises:
            StoreError: there is no server, no such bucket, or the keys are refused.
        """
        ObjectStore(self.address, NUM_TRIES_TO_BEGIN).call("list_objects_v2", Prefix=self._prefix, MaxKeys=1)

    def call(self, operation: str, **arguments: object) -> Any:
        """An operation of S3 on this bucket, as botocore names it and its arguments.

        Raises:
            FileNotFoundError: there is no such object, or no such upload.
            StoreError: all else that does not pass.
        """
        return self._try(operation, lambda: self._s3.call_s3(operation, Bucket=self.bucket, **arguments))

    def read(self, key: str, start: int | None = None, end: int | None = None) -> bytes:
        """An object's bytes, or those from `start` to before `end`.

        Raises:
            FileNotFoundError: there is no such object.
            StoreError: as `call`.
        """
        path = f"{self.bucket}/{self.full_key(key)}"
        content: Any = self._try("get_object", lambda: self._s3.cat_file(path, start=start, end=end))
        return bytes(content)

    def put_bytes(self, key: str, content: bytes) -> None:
        """Store a small object in one request."""
        self.call("put_object", Key=self.full_key(key), Body=content)

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is none to remove."""
        self.call("delete_object", Key=self.full_key(key))

    def objects(self, below: str = "") -> list[Stored]:
        """All objects whose keys begin so. Objects, not folders: an emptied folder may be listed for minutes."""
        pages = self.pages("list_objects_v2", {"ContinuationToken": "NextContinuationToken"}, Prefix=self.full_key(below))
        found = (each for page in pages for each in page.get("Contents", ()))
        return [Stored(each["Key"].removeprefix(self._prefix), each["Size"]) for each in found]

    def pages(self, operation: str, following: dict[str, str], **arguments: object) -> Iterator[Any]:
        """The answers to a listing, one after the other; `following` says which field of one is which argument of the next."""
        page = self.call(operation, **arguments)
        yield page
        while page.get("IsTruncated"):
            page = self.call(operation, **arguments, **{name: page[field] for name, field in following.items()})
            yield page

    @property
    def _prefix(self) -> str:
        return self.address.removeprefix("s3://").rstrip("/").partition("/")[2] + "/"

    @cached_property
    def _s3(self) -> "S3FileSystem":
        from s3fs import S3FileSystem  # noqa: PLC0415  (only who names a store pays for it)

        config = {
            "connect_timeout": SECONDS_TO_CONNECT,
            "read_timeout": SECONDS_TO_READ,
            "retries": {"total_max_attempts": 1},
            "max_pool_connections": NUM_CONNECTIONS,
        }
        store = S3FileSystem(config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)
        store.retries = 1
        return store

    def _try(self, operation: str, request: Callable[[], T]) -> T:
        wait = FIRST_WAIT_SECONDS
        for number in range(1, self.num_tries + 1):
            try:
                return request()
            except (OSError, *_errors_of_the_way()) as error:
                if isinstance(error, FileNotFoundError) and _code(error) != "NoSuchBucket":
                    raise
                if number == self.num_tries or not is_passing(error):
                    raise self._explained(operation, error, number) from error
            time.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        raise AssertionError("no tries")

    def _explained(self, operation: str, error: Exception, num_tries: int) -> StoreError:
        what = f"{type(error).__name__}: {error}"
        if _code(error) == "NoSuchBucket":
            return StoreError(f"{self.address}: there is no bucket {self.bucket!r}. Make it, or mend the address. ({what})")
        if isinstance(error, (PermissionError, *_errors_of_settings())):
            return StoreError(
                f"{self.address}: the object store refuses the keys at {operation} ({what}). Set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY to keys that may read, write, list and delete there."
            )
        return StoreError(
            f"{self.address}: the object store did not do {operation} in {num_tries} tries ({what}). Check AWS_ENDPOINT_URL "
            "and the network, and run the command again: what is there already is not sent again."
        )


def is_passing(error: BaseException) -> bool:
    """Whether the same request may go well a moment later: the store is busy or broken, or the connection was cut."""
    response = getattr(error.__cause__, "response", None)
    if response is None:
        return not isinstance(error, (OSError, *_errors_of_settings())) or isinstance(error, (TimeoutError, ConnectionError))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in PASSING_STATUS or _code(error) in PASSING_CODES


def _code(error: BaseException) -> str:
    response = getattr(error.__cause__, "response", None)
    return str(response["Error"].get("Code", "")) if response else ""


def _errors_of_the_way() -> Sequence[type[Exception]]:
    from aiohttp import ClientError  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    return ClientError, BotoCoreError, ResponseParserError


def _errors_of_settings() -> Sequence[type[Exception]]:
    from botocore.exceptions import NoCredentialsError, ParamValidationError, ProfileNotFound  # noqa: PLC0415

    return NoCredentialsError, ParamValidationError, ProfileNotFound
