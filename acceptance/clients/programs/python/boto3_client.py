import boto3
from ask import ask

session = boto3.Session()


def fetch():
    account = session.client("sts").get_caller_identity()["Account"]
    return session.get_credentials().get_frozen_credentials().access_key, account


ask(fetch)
