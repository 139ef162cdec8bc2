"""The C libraries of AWS, which have no STS client: they provide credentials and sign."""

import os
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from ask import ask
from awscrt.auth import AwsCredentialsProvider, AwsSigningAlgorithm, AwsSigningConfig, aws_sign_request
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup

STS = os.environ["AWS_ENDPOINT_URL_STS"]
FORM = b"Action=GetCallerIdentity&Version=2011-06-15"

group = EventLoopGroup(1)
provider = AwsCredentialsProvider.new_default_chain(ClientBootstrap(group, DefaultHostResolver(group)))
signing = AwsSigningConfig(
    algorithm=AwsSigningAlgorithm.V4,
    credentials_provider=provider,
    region=os.environ["AWS_REGION"],
    service="sts",
)


def fetch():
    key = provider.get_credentials().result().access_key_id
    headers = HttpHeaders([("host", urlsplit(STS).netloc), ("content-type", "application/x-www-form-urlencoded")])
    signed = aws_sign_request(HttpRequest("POST", "/", headers), signing).result()
    request = urllib.request.Request(STS, data=FORM, headers=dict(signed.headers))
    with urllib.request.urlopen(request) as answer:
        return key, re.search("<Account>(.*)</Account>", answer.read().decode())[1]


ask(fetch)
