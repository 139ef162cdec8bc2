"""The AWS CLI is a new process each time. It shows only the end of an access key ID."""

import json
import os
import re
import subprocess
import sys

from ask import ask

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


def run(*words):
    done = subprocess.run([sys.executable, AWS, *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def fetch():
    account = json.loads(run("sts", "get-caller-identity", "--output", "json"))["Account"]
    (key,) = re.findall(r"access_key +(\S+) +(?:iam|container)-role", run("configure", "list"))
    return key, account


ask(fetch)
