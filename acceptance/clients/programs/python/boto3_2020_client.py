import os

import boto3
from ask import ask

session = boto3.Session()
# This version does not read AWS_ENDPOINT_URL_STS.
endpoint = os.environ["AWS_ENDPOINT_URL_STS"]


def fetch():
    account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    return session.get_credentials().get_frozen_credentials().access_key, account


ask(fetch)
