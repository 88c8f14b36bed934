"""Sends a text to the echo service through its public endpoint, signed in as the visitor; prints the answer.

python3 ask.py "Hello"
"""

import http.client
import os
import sys
import time

import snowflake.connector

CONNECTION = os.environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "default")


def address() -> str:
    """Host, and port where it has one, of the public endpoint; Snowflake takes some minutes to make it."""
    with snowflake.connector.connect(connection_name=CONNECTION, role="ECHO_OWNER") as connection:
        while True:
            cursor = connection.cursor(snowflake.connector.DictCursor)
            row = cursor.execute("SHOW ENDPOINTS IN SERVICE echo_db.public.echo").fetchone()
            if " " not in row["ingress_url"]:
                return row["ingress_url"]
            time.sleep(10)


def ask(place: str, text: str) -> tuple[int, str]:
    """Status and body of the answer; the token of a session of the visitor's lets the request in."""
    visitor = {"user": "ECHO_VISITOR", "password": os.environ["ECHO_PASSWORD"], "role": "ECHO_VISITOR"}
    with snowflake.connector.connect(connection_name=CONNECTION, **visitor) as connection:
        token = connection.rest._token_request("ISSUE")["data"]["sessionToken"]
        client = connect(place)
        client.request("POST", "/ask", text, {"Host": place, "Authorization": f'Snowflake Token="{token}"'})
        answer = client.getresponse()
        return answer.status, answer.read().decode()


def connect(place: str) -> http.client.HTTPConnection:
    host, _, port = place.partition(":")
    if host.endswith(".localhost"):
        # All these names are this machine; not every resolver knows that.
        return http.client.HTTPConnection("localhost", int(port))
    return http.client.HTTPSConnection(host)


if __name__ == "__main__":
    status, body = ask(address(), sys.argv[1])
    print(body)
    sys.exit(0 if status == 200 else 1)
