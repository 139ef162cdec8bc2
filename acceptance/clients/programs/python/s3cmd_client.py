"""s3cmd is a new process each time."""

import os
import sys

from ask import ask
from command import S3, identity_in, output_of

S3CMD = os.path.join(os.path.dirname(sys.executable), "s3cmd")
# Without a file it asks for keys; an empty one has it look for a role.
WORDS = [sys.executable, S3CMD, "--config=/dev/null", f"--host={S3}", f"--host-bucket={S3}", "--no-ssl", "--quiet", "--no-progress"]


def fetch():
    return identity_in(output_of(*WORDS, "get", "s3://bucket/identity.csv", "-"))


ask(fetch)
