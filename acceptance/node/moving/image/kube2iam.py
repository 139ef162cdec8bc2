#!/usr/bin/env python3
"""Stands in for kube2iam with globs. It adds kube2iam's iptables rule, answers Pods by kube2iam's rules, takes everything but
credentials from the node's metadata API, and logs requests as kube2iam does. Other flags than those used here are ignored."""
import json
import re
import sys
import urllib.error
import urllib.request

from old_agent import CREDENTIALS, LIST, METADATA, ROLE, add_rule, credentials, flags, known, serve

given = flags(sys.argv[1:])


def arn(role):
    return role if role.lower().startswith('arn:') else given['base-role-arn'].rstrip('/') + '/' + role


def role_of(pod, namespace):
    """The ARN of the Pod's role, '' for none. The default role needs no permit."""
    role = pod.get(ROLE, given.get('default-role', ''))
    if role == '':
        return ''
    if 'namespace-restrictions' in given and role != given.get('default-role'):
        patterns = json.loads(namespace.get('iam.amazonaws.com/allowed-roles', '[]'))
        if not any(matches(arn(pattern), arn(role)) for pattern in patterns):
            raise PermissionError(f'role requested {arn(role)} not valid for namespace of pod\n')
    return arn(role)


def matches(pattern, text):
    """Only * is special."""
    return re.fullmatch('.*'.join(map(re.escape, pattern.split('*'))), text) is not None


def proxied(path):
    try:
        with urllib.request.urlopen(f'http://{METADATA}{path}', timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def answer(path, ip):
    if path == '/healthz':
        return 200, json.dumps({'hostIP': given['host-ip'], 'instanceId': 'i-00000000000000000'})
    wanted = CREDENTIALS.fullmatch(path)
    if wanted is None and LIST.fullmatch(path) is None:
        return proxied(path)
    try:
        role = role_of(*known(ip))
    except (LookupError, PermissionError) as error:
        return 404, str(error)
    if wanted is None:
        return 200, role.removeprefix(arn(''))
    return (200, credentials()) if arn(wanted[1]) == role else (403, f'Invalid role {wanted[1]}\n')


def log(path, ip, status):
    if path != '/healthz':
        request = f'req.method=GET req.path={path} req.remote={ip} res.status={status}'
        print(f'level=info msg="GET {path} ({status})" {request}', flush=True)


if given.get('iptables') == 'true':
    add_rule(given['host-interface'], f'{given["host-ip"]}:{given["app-port"]}')
serve(given['app-port'], answer, log)
