"""Asks the metadata API again and again, each call on a new connection, until the file /tmp/stop is there or the seconds given are
over. Writes one JSON object: how often each answer came, the calls that got none or 5xx with their times, the longest pause without
a good answer, and the shortest life of credentials that was seen. A body is told by what it is, never whole: it may hold a key."""
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
EVERY = 0.1


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


def ask(path, seen):
    """What came, in a word; raises where nothing did."""
    status, body = get(path)
    if SENTINEL in body:
        seen['leaks'] += 1
    if status >= 500:
        raise OSError(f'{status} {body[:120]}')
    if status == 200 and path.startswith(LIST + '/'):
        document = json.loads(body)
        seen['shortest'] = min(seen['shortest'], life(document))
        return f'{path} {status} {document["Code"]}'
    return f'{path} {status}' + (f' {body}' if path == LIST and status == 200 else '')


def main(seconds, role):
    paths = [LIST, '/latest/user-data'] + ([f'{LIST}/{role}'] if role else [])
    seen = {'answers': {}, 'failures': [], 'leaks': 0, 'shortest': 1e9, 'pause': 0.0}
    until = time.time() + seconds
    good = time.time()
    while time.time() < until and not os.path.exists(STOP):
        began = time.time()
        for path in paths:
            try:
                word = ask(path, seen)
                seen['answers'][word] = seen['answers'].get(word, 0) + 1
                seen['pause'] = max(seen['pause'], time.time() - good)
                good = time.time()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                if len(seen['failures']) < 200:
                    seen['failures'].append([round(time.time(), 3), f'{path}: {type(error).__name__} {error}'])
        time.sleep(max(0.0, EVERY - (time.time() - began)))
    seen['pause'] = max(seen['pause'], time.time() - good)
    print(json.dumps(seen))


main(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else '')
