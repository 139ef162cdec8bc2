"""boto 2 has no GetCallerIdentity: it lists the buckets. The stand-in for S3 names a bucket after the caller's account and key."""

import os

import boto
from ask import ask
from boto.s3.connection import OrdinaryCallingFormat, S3Connection
from boto.utils import get_instance_metadata

host, port = os.environ["AWS_ENDPOINT_URL_S3"].split(":")


class Connection:
    made = None


def fetch():
    if Connection.made is None:
        Connection.made = S3Connection(
            host=host, port=int(port), is_secure=False, calling_format=OrdinaryCallingFormat()
        )
    (bucket,) = Connection.made.get_all_buckets()
    account, key = bucket.name.split(".")
    return key.upper(), account


def region():
    zone = get_instance_metadata(data="meta-data/placement/", timeout=1, num_retries=1)["availability-zone"]
    return zone[:-1]


ask(fetch, region)
