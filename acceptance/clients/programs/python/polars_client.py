"""Polars, with object_store of Apache Arrow."""

import polars
from ask import ask
from command import S3

OPTIONS = {"aws_endpoint_url": f"http://{S3}", "aws_allow_http": "true"}


def fetch():
    table = polars.scan_csv("s3://bucket/identity.csv", storage_options=OPTIONS, infer_schema=False).collect()
    return table["key"][0], table["account"][0]


ask(fetch)
