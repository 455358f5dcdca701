"""Serves a classifier of handwritten digits over HTTP: POST /predict with 64 numbers from 0 to 16."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression


def train():
    images, labels = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=300).fit(images / 16, labels)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in ("/", "/health"):
            self.answer(200, {"model": "digits", "instance": os.environ.get("INSTANCE_NUMBER", "0")})
        else:
            self.answer(404, {"error": f"there is nothing at {self.path}"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/predict":
            self.answer(404, {"error": f"there is nothing at {self.path}"})
            return
        try:
            pixels = json.loads(body)["pixels"]
            if len(pixels) != 64:
                raise ValueError("pixels must be 64 numbers")
            sure = MODEL.predict_proba([[float(pixel) / 16 for pixel in pixels]])[0]
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": str(error)})
            return
        self.answer(200, {"digit": int(sure.argmax()), "confidence": round(float(sure.max()), 4)})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, pattern, *values):
        print(f"{self.command} {self.path} {pattern % values}")


MODEL = train()
print("the model is ready", flush=True)
ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
