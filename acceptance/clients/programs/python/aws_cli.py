"""The AWS CLI has no memory: it is a new process each time."""

import json
import os
import subprocess
import sys

from ask import ask

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


def run(*words):
    done = subprocess.run([sys.executable, AWS, *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def fetch():
    account = run("sts", "get-caller-identity", "--output", "json")["Account"]
    return run("configure", "export-credentials", "--format", "process")["AccessKeyId"], account


ask(fetch)
