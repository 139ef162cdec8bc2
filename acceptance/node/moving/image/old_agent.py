"""What the stand-ins for kiam and kube2iam have in common: they look Pods up at the API server, give out credentials that are not
real, and add the iptables rule of the old systems, which are the same."""
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
METADATA = '169.254.169.254'
LIST = re.compile(r'/[^/]+/meta-data/iam/security-credentials/?')
CREDENTIALS = re.compile(r'/[^/]+/meta-data/iam/security-credentials/(.+)')
# Seconds for which the answer of the API server is used.
FRESH = 2
# Seconds. Longer than those of the old systems, because the client of the tests expects what Rolegate promises.
LIFE = 3600
ROLE = 'iam.amazonaws.com/role'


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
    """The annotations of the Pod and of its Namespace."""
    pods = api('/api/v1/pods', fieldSelector=f'status.podIP={ip},status.phase=Running')['items']
    if not pods:
        raise LookupError(f'pod with IP {ip} not found')
    pod = pods[0]['metadata']
    namespace = api(f'/api/v1/namespaces/{pod["namespace"]}')['metadata']
    return pod.get('annotations', {}), namespace.get('annotations', {})


KNOWN = {}


def known(ip):
    until, found = KNOWN.get(ip, (0, None))
    if until < time.monotonic():
        found = look_up(ip)
        KNOWN[ip] = (time.monotonic() + FRESH, found)
    return found


def credentials():
    form = '%Y-%m-%dT%H:%M:%SZ'
    return json.dumps({
        'Code': 'Success',
        'Type': 'AWS-HMAC',
        'AccessKeyId': 'ASIAOLDSTANDIN000000',
        'SecretAccessKey': 'none',
        'Token': 'none',
        'Expiration': time.strftime(form, time.gmtime(time.time() + LIFE)),
        'LastUpdated': time.strftime(form, time.gmtime()),
    })


def serve(port, answer, log=lambda *_: None):
    """`answer` takes a path and an address and returns a status and a text. `log` takes them all."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urllib.parse.unquote(self.path.partition('?')[0])
            ip = self.client_address[0]
            try:
                status, body = answer(path, ip)
            except (OSError, LookupError) as error:
                status, body = 500, f'{error}\n'
            self.send_response(status)
            self.send_header('Content-Type', 'text/plain')
            self.send_header('Content-Length', str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
            log(path, ip, status)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(('', int(port)), Handler).serve_forever()


def iptables(action, interface, to):
    negation = ['!'] if interface.startswith('!') else []
    match = ['-p', 'tcp', '-d', f'{METADATA}/32', '--dport', '80', *negation, '-i', interface.lstrip('!')]
    command = ['iptables', '-w', '-t', 'nat', action, 'PREROUTING', *match, '-j', 'DNAT', '--to-destination', to]
    return subprocess.run(command).returncode == 0


def add_rule(interface, to):
    """At the end, once. It outlives the program."""
    if not iptables('-C', interface, to) and not iptables('-A', interface, to):
        sys.exit('the rule is not installed')


def flags(words):
    """The first process of a container is not ended by a signal that it does not handle."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    pairs = [word.removeprefix('--').partition('=') for word in words]
    return {name: value for name, _, value in pairs}
