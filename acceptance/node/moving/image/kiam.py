#!/usr/bin/env python3
"""Stands in for kiam 4. `kiam agent` adds kiam's iptables rule and answers Pods by kiam's rules. It asks the API server what kiam's
server would tell it. `kiam server` only waits. Other flags than those used here are ignored."""
import os
import re
import signal
import sys

from old_agent import CREDENTIALS, LIST, ROLE, add_rule, credentials, flags, iptables, known, serve


def is_permitted(role, expression):
    """kiam adds ^ and $ without a group, so that they belong to the first and the last alternative."""
    return expression != '' and re.search(f'^{expression}$', os.environ['ROLE_BASE_ARN'] + role) is not None


def answer(path, ip):
    wanted = CREDENTIALS.fullmatch(path)
    if path == '/ping':
        return 200, 'pong'
    if wanted is None and LIST.fullmatch(path) is None:
        return 404, f'request blocked by allow-route-regexp "^$": {path}\n'
    pod, namespace = known(ip)
    role = pod.get(ROLE, '')
    if wanted is None:
        return (404, 'empty role\n') if role == '' else (200, role)
    if wanted[1] != role or not is_permitted(role, namespace.get('iam.amazonaws.com/permitted', '')):
        return 500, 'error fetching credentials: forbidden by policy\n'
    return 200, credentials()


def run_agent(given):
    rule = given['host-interface'], f'{given["host"]}:{given["port"]}'
    if 'iptables' in given:
        add_rule(*rule)
    try:
        serve(given['port'], answer)
    finally:
        if 'iptables' in given and 'no-iptables-remove' not in given:
            iptables('-D', *rule)


part, *words = sys.argv[1:]
given = flags(words)
if part == 'server':
    signal.pause()
run_agent(given)
