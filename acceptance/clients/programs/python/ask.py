"""Asks a client for credentials, and again after the seconds of the argument. Prints each outcome as a line of JSON."""

import json
import sys
import time


def ask(fetch):
    """`fetch` returns the access key ID and the account that STS says it belongs to."""
    for wait in (0, *map(float, sys.argv[1:])):
        time.sleep(wait)
        start = time.monotonic()
        try:
            key, account = fetch()
            seen = {"ok": True, "accessKeyId": key, "account": account, "error": ""}
        except Exception as error:
            seen = {"ok": False, "accessKeyId": "", "account": "", "error": f"{type(error).__name__}: {error}"}
        seen["tookMs"] = round((time.monotonic() - start) * 1000)
        print(json.dumps(seen), flush=True)
