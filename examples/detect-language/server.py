"""Says which language a sentence is in: POST /detect."""
import json
import math
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from grams import grams

MOST = 64 * 1024
with open("model.json", encoding="utf-8") as file:
    MODEL = json.load(file)
KINDS = len(set().union(*MODEL["languages"].values()))


def detect(sentence):
    found = grams(sentence, MODEL["longest"])

    def likelihood(known):
        total = sum(known.values()) + KINDS
        return sum(count * math.log((known.get(gram, 0) + 1) / total) for gram, count in found.items())

    return max(MODEL["languages"], key=lambda language: likelihood(MODEL["languages"][language]))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in ("/", "/health"):
            self.answer(200, {"languages": sorted(MODEL["languages"]), "longest": MODEL["longest"]})
        else:
            self.answer(404, {"error": f"there is nothing at {self.path}"})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if self.path != "/detect" or not 0 < length <= MOST:
            self.close_connection = True
            self.answer(400, {"error": f"POST /detect takes a sentence of up to {MOST} bytes"})
            return
        self.answer(200, {"language": detect(self.rfile.read(length).decode("utf-8", "replace"))})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, pattern, *values):
        print(f"{self.command} {self.path} {pattern % values}")


PORT = int(os.environ.get("PORT", "8888"))
print(f"listening on port {PORT}")
ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
