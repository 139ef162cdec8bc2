"""Sends requests to the metadata API, each on a new connection, until the file /tmp/stop exists or the given seconds are over. Writes
one JSON object: the number of each answer, the failed calls (no answer, or 5xx) with their times, the longest pause without a good
answer, and the shortest life left of credentials. Bodies are never written in full, because they can contain a key."""
import http.client
import json
import os
import sys
import time
from calendar import timegm

METADATA = '169.254.169.254'
LIST = '/latest/meta-data/iam/security-credentials'
STOP = '/tmp/stop'
SENTINEL = os.environ.get('SENTINEL', 'REAL-INSTANCE-METADATA')
INTERVAL = 0.1


def get(path):
    connection = http.client.HTTPConnection(METADATA, timeout=2)
    try:
        connection.request('GET', path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def life(document):
    return timegm(time.strptime(document['Expiration'], '%Y-%m-%dT%H:%M:%SZ')) - time.time()


def request(path, report):
    """Describes the answer. Raises an error if there is none."""
    status, body = get(path)
    if SENTINEL in body:
        report['leaks'] += 1
    if status >= 500:
        raise OSError(f'{status} {body[:120]}')
    if status == 200 and path.startswith(LIST + '/'):
        document = json.loads(body)
        report['shortest'] = min(report['shortest'], life(document))
        return f'{path} {status} {document["Code"]}'
    return f'{path} {status}' + (f' {body}' if path == LIST and status == 200 else '')


def main(seconds, role, *others):
    paths = [LIST, *others] + ([f'{LIST}/{role}'] if role else [])
    report = {'answers': {}, 'failures': [], 'leaks': 0, 'shortest': 1e9, 'pause': 0.0}
    until = time.time() + seconds
    good = time.time()
    while time.time() < until and not os.path.exists(STOP):
        start = time.time()
        for path in paths:
            try:
                answer = request(path, report)
                report['answers'][answer] = report['answers'].get(answer, 0) + 1
                report['pause'] = max(report['pause'], time.time() - good)
                good = time.time()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                if len(report['failures']) < 200:
                    report['failures'].append([round(time.time(), 3), f'{path}: {type(error).__name__} {error}'])
        time.sleep(max(0.0, INTERVAL - (time.time() - start)))
    report['pause'] = max(report['pause'], time.time() - good)
    print(json.dumps(report))


main(float(sys.argv[1]), *sys.argv[2:])
