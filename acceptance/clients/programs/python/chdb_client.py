"""ClickHouse in a process, with the SDK for C++ that it is built with."""

import chdb
from ask import ask
from command import S3

QUERY = f"SELECT key, account FROM s3('http://{S3}/bucket/identity.csv', 'CSVWithNames', 'account String, key String')"


def fetch():
    key, account = str(chdb.query(QUERY, "TSV")).split()
    return key, account


ask(fetch)
