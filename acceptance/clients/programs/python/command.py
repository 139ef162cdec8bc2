"""Runs programs that are used from a command line."""

import csv
import os
import subprocess

# The host and port of the stand-in for S3, under a name that no program reads by itself.
S3 = os.environ.pop("AWS_ENDPOINT_URL_S3")


# Some try for many minutes.
PATIENCE_SECONDS = 30


def output_of(*words, codes=(0,), **variables):
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, env={**os.environ, **variables}, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"is still trying after {PATIENCE_SECONDS} seconds") from None
    if done.returncode not in codes:
        raise RuntimeError((done.stderr or done.stdout).strip()[-600:])
    return done.stdout


def identity_in(text):
    """What the stand-in for S3 says in each of its objects: who reads it."""
    (row,) = csv.DictReader(text.splitlines())
    return row["key"], row["account"]
