"""A service for tests of service functions: each path treats a batch of rows in another way."""

CODE = r"""
import http.server, json, signal, sys, threading, time, urllib.parse

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
lock, seen, sizes, waiting = threading.Lock(), {}, [], []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path.startswith("/later"):
            body = later(self.headers["sf-external-function-query-batch-id"])
            return self.reply(200 if body else 202, body or b"")
        self.reply(200, json.dumps({"sizes": sizes, "waiting": len(waiting)}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        rows = json.loads(body)["data"]
        batch = self.headers["sf-external-function-query-batch-id"]
        with lock:
            seen[batch] = seen.get(batch, 0) + 1
            sizes.append(len(rows))
        _, path, *rest = urllib.parse.unquote(self.path).split("/")
        if path == "status":
            return self.reply(int(rest[0]), b"as you wish")
        if path == "fail" and seen[batch] <= int(rest[0]):
            return self.reply(503, b"not yet")
        if path == "hang":
            waiting.append(batch)
            time.sleep(600)
        if path == "later":
            return self.reply(202, b"")
        if path == "answer":
            return self.reply(200, " ".join(rest).encode())
        made = {
            "args": lambda row: row[1:],
            "headers": lambda row: {name.lower(): value for name, value in self.headers.items()},
            "tries": lambda row: seen[batch],
            "raw": lambda row: body.decode(),
            "null": lambda row: None if row[1] is None else row[1],
            "upper": lambda row: row[1].upper(),
            "twice": lambda row: row[1] * 2,
            "size": lambda row: len(rows),
        }.get(path, lambda row: row[1])
        if path == "odd" and any(row[1] % 2 for row in rows):
            return self.reply(400, b"odd")
        data = {"data": [[row[0], made(row)] for row in rows]}
        self.reply(200, json.dumps(data).encode())

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def later(batch):
    with lock:
        seen[batch] = seen.get(batch, 0) + 1
        return json.dumps({"data": [[0, seen[batch]]]}).encode() if seen[batch] > 3 else None


http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
