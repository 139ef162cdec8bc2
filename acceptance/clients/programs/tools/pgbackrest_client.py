"""pgBackRest, which speaks only TLS to S3, is a new process each time."""

import os

from ask import ask
from command import S3, identity_in, output_of

HOST, PORT = S3.split(":")
OPTIONS = {
    "stanza": "main",
    "log-level-file": "off",
    "repo1-path": "/",
    "repo1-type": "s3",
    "repo1-s3-bucket": "bucket",
    "repo1-s3-endpoint": "s3.amazonaws.com",
    "repo1-s3-region": os.environ["AWS_REGION"],
    "repo1-s3-uri-style": "path",
    "repo1-s3-key-type": "auto",
    "repo1-storage-host": HOST,
    "repo1-storage-port": PORT,
}
WORDS = [f"--{name}={value}" for name, value in OPTIONS.items()]


def fetch():
    return identity_in(output_of("pgbackrest", "--no-config", *WORDS, "--no-repo1-storage-verify-tls", "repo-get", "identity.csv"))


ask(fetch)
