"""AWS's script ec2-metadata, which reads metadata with curl and has no use for credentials."""

import os
import subprocess

from ask import ask

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "package/usr/bin/ec2-metadata")


def zone():
    done = subprocess.run([SCRIPT, "--availability-zone"], capture_output=True, text=True)
    name, _, found = done.stdout.strip().partition(": ")
    if done.returncode != 0 or name != "placement" or found == "not available":
        raise RuntimeError((done.stdout + done.stderr).strip())
    return found


def fetch():
    zone()
    return "", ""


ask(fetch, lambda: zone()[:-1])
