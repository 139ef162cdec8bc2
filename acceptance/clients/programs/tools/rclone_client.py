"""rclone is a new process each time."""

import os
import re

from ask import ask
from command import S3, identity_in, output_of

RCLONE = os.path.join(os.path.dirname(__file__), "client")
REMOTE = f':s3,provider=AWS,env_auth,endpoint="http://{S3}",force_path_style:bucket/identity.csv'


def fetch():
    try:
        return identity_in(output_of(RCLONE, "--config=", "cat", REMOTE))
    except RuntimeError as error:
        # Without the times, its messages are the same in each run.
        raise RuntimeError(re.sub(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "", str(error))) from None


ask(fetch)
