"""What people have today: a plain Bolt app that writes a row and acks, as a process of its own.

``python -m benchmarks._stock_bolt builtin|waitress PORT`` with Slack's address and the
database in the environment. Nothing in it is tuned and nothing is broken: it is what Bolt's own
documentation leads to. ``builtin`` is ``App.start``; ``waitress`` the Flask adapter behind a
production server with its default threads.
"""

import os
import sqlite3
import sys
from contextlib import closing
from typing import Any

from flask import Flask, Response, request
from slack_bolt import Ack, App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient
from waitress import serve


def app(database: str) -> App:
    """Return the app, its table made."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS operations (number INTEGER PRIMARY KEY AUTOINCREMENT,"
            " asked TEXT UNIQUE, requester TEXT, request TEXT, phase TEXT, requested_at TEXT)"
        )
    client = WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    bolt = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @bolt.command("/deploy")
    def deploy(ack: Ack, command: dict[str, Any]) -> None:
        with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            connection.execute(
                "INSERT INTO operations (asked, requester, request, phase, requested_at)"
                " VALUES (?, ?, ?, 'received', datetime('now'))",
                (command["trigger_id"], command["user_id"], command["text"]),
            )
        ack(response_type="ephemeral", text=f"Deploying {command['text']} …")

    @bolt.command("/ship")
    def ship(ack: Ack) -> None:
        ack(response_type="ephemeral", text="Usage: `/deploy <service> <version> <environment>`")

    return bolt


def main() -> None:
    """Serve until killed."""
    kind, port = sys.argv[1], int(sys.argv[2])
    bolt = app(os.environ["DATABASE"])
    if kind == "builtin":
        bolt.start(port, http_server_logger_enabled=False)
        return
    flask, handler = Flask("stock"), SlackRequestHandler(bolt)

    @flask.post("/slack/events")
    def events() -> Response:
        response: Response = handler.handle(request)
        return response

    serve(flask, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
