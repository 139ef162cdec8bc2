"""DuckDB with its extensions, which are in packages of their own: aws finds credentials by the SDK for C++, httpfs signs and reads."""

import duckdb
import duckdb_extension_aws
import duckdb_extension_httpfs
from ask import ask
from command import S3, identity_in

EXTENSIONS = {"aws": duckdb_extension_aws, "httpfs": duckdb_extension_httpfs}


def fetch():
    database = duckdb.connect()
    for name, package in EXTENSIONS.items():
        database.load_extension(f"{package.__path__[0]}/extensions/v{duckdb.__version__}/{name}.duckdb_extension")
    database.execute(
        f"CREATE SECRET (TYPE s3, PROVIDER credential_chain, ENDPOINT '{S3}', URL_STYLE 'path', USE_SSL false)"
    )
    ((text,),) = database.execute("SELECT content FROM read_text('s3://bucket/identity.csv')").fetchall()
    return identity_in(text)


ask(fetch)
