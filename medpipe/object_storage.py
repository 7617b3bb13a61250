"""The object store that has the corpus and the artifacts: how it is reached, and what its errors mean.

Two clients use it, obstore for artifacts and delta-rs for the corpus. Both are made of the Rust crate object_store, and
both read the same environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
AWS_REGION and the other names in https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from medpipe.errors import ConfigError, MedpipeError, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client
    from obstore.store import RetryConfig

ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.=-]+)*")
"""What `client` takes: a bucket (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html) and a
prefix of whole names."""

OPTIONS = {"allow_http": "true"}
"""Options of both clients. An endpoint without TLS is used only where AWS_ENDPOINT_URL names one."""

_AT_ONCE: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
"""The first look: whoever waits for it can correct a setting. Later requests are repeated for three minutes."""

_UNCONDITIONAL = (
    "the store of {} cannot write an object only if there is none (If-None-Match: *) or if it is unchanged (If-Match), "
    "so two writers would lose each other's work: use a store, or a release of it, that has conditional writes"
)


def client(address: str, retries: RetryConfig | None = None) -> Client:
    """Return obstore's client of a bucket and prefix. Nothing is asked yet."""
    from obstore.store import from_url

    return from_url(address, client_options={"allow_http": True}, retry_config=retries)


def check(address: str) -> None:
    """Look whether there is such a bucket, may be listed, and writes an object only if there is none, or the same.

    Leaves an empty object, `written-once`, by which a store shows the last. Raises ConfigError, and Unavailable without
    an answer.
    """
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    with plain_errors(address):
        first = client(address, _AT_ONCE)
        next(iter(obstore.list(first, chunk_size=1)), None)
        with suppress(PreconditionError):
            try:
                for _ in range(2):
                    obstore.put(first, "written-once", b"", mode="create")
            except AlreadyExistsError:
                obstore.put(first, "written-once", b"", mode={"e_tag": '"of no object"'})
            raise ConfigError(_UNCONDITIONAL.format(address))


@contextmanager
def plain_errors(address: str) -> Iterator[None]:
    """Turn an error of either client into a MedpipeError with what to do. Other errors are raised on."""
    try:
        yield
    except Exception as error:
        known = _in_words(str(error), address)
        if known is None or isinstance(error, MedpipeError):
            raise
        raise known from error


def _in_words(text: str, address: str) -> MedpipeError | None:
    """Return what a client's message means; None where it is not about a request, or the answer is an ordinary one."""
    if not any(sign in text for sign in ("Error performing", "Generic S3 error")) or "NoSuchKey" in text:
        return None
    bucket = address.removeprefix("s3://").partition("/")[0]
    if "NoSuchBucket" in text:
        return ConfigError(f"there is no bucket {bucket!r}: make it, or correct MEDPIPE_STORAGE={address}")
    if (
        "/latest/api/token" in text or "/latest/meta-data" in text
    ):  # without keys, the cloud's machine is asked for some
        return ConfigError(
            f"no credentials for {address}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"
        )
    if any(sign in text for sign in ("401 Unauthorized", "403 Forbidden")):
        return ConfigError(
            f"{address} refused these credentials: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they "
            f"may list, read, write and delete in the bucket {bucket!r}"
        )
    if "501 Not Implemented" in text:
        return ConfigError(_UNCONDITIONAL.format(address))
    if "redirect" in text.lower():
        return ConfigError(f"the bucket {bucket!r} is in another region: set AWS_REGION to its region")
    if "412 Precondition Failed" in text or "404 Not Found" in text:
        return None
    return Unavailable(
        f"the object store of {address} does not answer: try again later. If it never has, look at AWS_ENDPOINT_URL "
        "and the network. What was written before stays"
    )
