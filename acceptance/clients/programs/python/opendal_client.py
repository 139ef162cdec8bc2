"""OpenDAL, with reqsign."""

import os

import opendal
from ask import ask
from command import S3, identity_in

bucket = opendal.Operator("s3", bucket="bucket", endpoint=f"http://{S3}", region=os.environ["AWS_REGION"])


def fetch():
    return identity_in(bytes(bucket.read("identity.csv")).decode())


ask(fetch)
