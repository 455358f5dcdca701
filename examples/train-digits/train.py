"""Trains a classifier of handwritten digits and says how well it does, epoch by epoch."""
import os
import time

import numpy
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

EPOCHS = int(os.environ.get("EPOCHS", "15"))


def main():
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images / 16, labels, test_size=0.25, random_state=7, stratify=labels
    )
    print(f"{len(train_x)} digits to learn from, {len(test_x)} to be tested on")
    model = MLPClassifier(hidden_layer_sizes=(64,), learning_rate_init=0.01, random_state=7)
    started = time.monotonic()
    for epoch in range(1, EPOCHS + 1):
        for batch in numpy.array_split(numpy.random.default_rng(epoch).permutation(len(train_x)), 10):
            model.partial_fit(train_x[batch], train_y[batch], classes=numpy.unique(labels))
        accuracy = accuracy_score(test_y, model.predict(test_x))
        bar = "#" * round(30 * epoch / EPOCHS)
        print(f"epoch {epoch:2}/{EPOCHS} [{bar:<30}] loss {model.loss_:.4f} accuracy {accuracy:.3f}")
    print(f"done in {time.monotonic() - started:.1f} s, accuracy {accuracy:.3f}")


main()
