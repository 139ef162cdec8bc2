"""Requests credentials once with boto3's defaults, and writes the result as one JSON object to the container's termination message.
Times are seconds since the epoch."""
import json
import os
import time

import boto3


def process_start():
    """The start of this process, which is the container's first. proc(5): field 22, in clock ticks since boot."""
    with open('/proc/self/stat') as stat:
        ticks = int(stat.read().rsplit(')', 1)[1].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf('SC_CLK_TCK')


def request_credentials():
    session = boto3.Session()
    asked = time.time()
    credentials = session.get_credentials()
    result = {'client': f'boto3 {boto3.__version__}', 'start': process_start(), 'asked': asked, 'answered': time.time()}
    if credentials is None:
        return {**result, 'error': 'boto3 found no credentials'}
    try:
        identity = session.client('sts').get_caller_identity()
    except Exception as error:
        return {**result, 'identityError': repr(error)}
    return {**result, 'method': credentials.method, 'arn': identity['Arn']}


result = request_credentials()
with open('/dev/termination-log', 'w') as message:
    json.dump(result, message)
print(json.dumps(result))
raise SystemExit('arn' not in result)
