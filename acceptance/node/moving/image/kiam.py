#!/usr/bin/env python3
"""Stands in for kiam 4. `kiam agent` adds kiam's iptables rule and answers Pods by kiam's rules, with credentials that are not real.
It asks the API server what kiam's server would tell it. `kiam server` only waits. Other flags than those used here are ignored."""
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
LIST = re.compile(r'/[^/]+/meta-data/iam/security-credentials/?')
CREDENTIALS = re.compile(r'/[^/]+/meta-data/iam/security-credentials/(.+)')
# Seconds for which the answer of the API server is used.
FRESH = 2
# Seconds. Longer than kiam's, because the client of the tests expects what Rolegate promises.
LIFE = 3600


def api(path, **query):
    host, port = os.environ['KUBERNETES_SERVICE_HOST'], os.environ['KUBERNETES_SERVICE_PORT']
    with open(f'{ACCOUNT}/token') as file:
        headers = {'Authorization': f'Bearer {file.read()}'}
    context = ssl.create_default_context(cafile=f'{ACCOUNT}/ca.crt')
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of tests have few extensions
    url = f'https://{host}:{port}{path}?{urllib.parse.urlencode(query)}'
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5, context=context) as response:
        return json.load(response)


def look_up(ip):
    """The role of the Pod, '' for none, and the expression of its Namespace."""
    pods = api('/api/v1/pods', fieldSelector=f'status.podIP={ip},status.phase=Running')['items']
    if not pods:
        raise LookupError('pod not found')
    pod = pods[0]['metadata']
    namespace = api(f'/api/v1/namespaces/{pod["namespace"]}')['metadata']
    role = pod.get('annotations', {}).get('iam.amazonaws.com/role', '')
    return role, namespace.get('annotations', {}).get('iam.amazonaws.com/permitted', '')


KNOWN = {}


def known(ip):
    until, found = KNOWN.get(ip, (0, None))
    if until < time.monotonic():
        found = look_up(ip)
        KNOWN[ip] = (time.monotonic() + FRESH, found)
    return found


def is_permitted(role, expression):
    """kiam adds ^ and $ without a group, so that they belong to the first and the last alternative."""
    return expression != '' and re.search(f'^{expression}$', os.environ['ROLE_BASE_ARN'] + role) is not None


def credentials():
    form = '%Y-%m-%dT%H:%M:%SZ'
    return {
        'Code': 'Success',
        'Type': 'AWS-HMAC',
        'AccessKeyId': 'ASIAKIAMSTANDIN00000',
        'SecretAccessKey': 'none',
        'Token': 'none',
        'Expiration': time.strftime(form, time.gmtime(time.time() + LIFE)),
        'LastUpdated': time.strftime(form, time.gmtime()),
    }


def answer(path, ip):
    wanted = CREDENTIALS.fullmatch(path)
    if path == '/ping':
        return 200, 'pong'
    if wanted is None and LIST.fullmatch(path) is None:
        return 404, f'request blocked by allow-route-regexp "^$": {path}\n'
    role, expression = known(ip)
    if wanted is None:
        return (404, 'empty role\n') if role == '' else (200, role)
    if wanted[1] != role or not is_permitted(role, expression):
        return 500, 'error fetching credentials: forbidden by policy\n'
    return 200, json.dumps(credentials())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.unquote(self.path.partition('?')[0])
        try:
            status, body = answer(path, self.client_address[0])
        except (OSError, LookupError) as error:
            status, body = 500, f'{error}\n'
        self.send_response(status)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Content-Length', str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def iptables(action, given):
    interface = given['host-interface']
    negation = ['!'] if interface.startswith('!') else []
    match = ['-p', 'tcp', '-d', '169.254.169.254/32', '--dport', '80', *negation, '-i', interface.lstrip('!')]
    target = ['-j', 'DNAT', '--to-destination', f'{given["host"]}:{given["port"]}']
    return subprocess.run(['iptables', '-w', '-t', 'nat', action, 'PREROUTING', *match, *target]).returncode == 0


def run_agent(given):
    if 'iptables' in given and not iptables('-C', given) and not iptables('-A', given):
        sys.exit('the rule is not installed')
    try:
        ThreadingHTTPServer(('', int(given['port'])), Handler).serve_forever()
    finally:
        if 'iptables' in given and 'no-iptables-remove' not in given:
            iptables('-D', given)


def main(part, *words):
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if part == 'server':
        signal.pause()
    pairs = [word.removeprefix('--').partition('=') for word in words]
    run_agent({name: value for name, _, value in pairs})


main(*sys.argv[1:])
