"""s3fs gets credentials when it mounts a bucket, so each time it mounts it."""

import os
import subprocess
import tempfile
import time

from ask import ask
from command import PATIENCE_SECONDS, S3, identity_in, output_of

OPTIONS = f"iam_role=auto,url=http://{S3},use_path_request_style,endpoint={os.environ['AWS_REGION']},connect_timeout=5"


def is_mounted(folder):
    """Not by looking at the folder, which would wait for s3fs."""
    with open("/proc/self/mounts") as mounts:
        return any(line.split()[1] == folder for line in mounts)


def fetch():
    with tempfile.TemporaryDirectory() as folder:
        mounting = subprocess.Popen(["s3fs", "bucket", folder, "-f", "-o", OPTIONS], stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + PATIENCE_SECONDS
        try:
            while not is_mounted(folder):
                if mounting.poll() is not None:
                    raise RuntimeError(mounting.stderr.read().strip())
                if time.monotonic() > end:
                    raise TimeoutError(f"is still trying after {PATIENCE_SECONDS} seconds")
                time.sleep(0.02)
            return identity_in(output_of("cat", os.path.join(folder, "identity.csv")))
        finally:
            if is_mounted(folder):
                output_of("umount", "--lazy", folder)
            mounting.kill()
            mounting.wait()


ask(fetch)
