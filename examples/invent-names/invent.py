"""Learns which letter follows which two in first names, epoch by epoch, and invents names."""
import math
import os
import random
import sys

EPOCHS = int(os.environ.get("EPOCHS", "8"))
NAMES = int(os.environ.get("NAMES", "5"))
SEED = int(os.environ.get("SEED", "1"))
RATE = 0.1
END = "."


def read(path):
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def steps(name):
    """Each letter with the two before it; the end is a letter, too."""
    text = END * 2 + name + END
    return [(text[at - 2 : at], text[at]) for at in range(2, len(text))]


def softmax(scores):
    highest = max(scores.values())
    powers = {letter: math.exp(score - highest) for letter, score in scores.items()}
    total = sum(powers.values())
    return {letter: power / total for letter, power in powers.items()}


class Model:
    """Scores of each letter after one and after two others, learnt by gradient descent."""

    def __init__(self, names):
        self.letters = sorted({letter for name in names for letter in name} | {END})
        self.tables = {}

    def rows(self, before):
        return [self.tables.setdefault(key, dict.fromkeys(self.letters, 0.0)) for key in (before, before[1])]

    def guess(self, before):
        pair, single = self.rows(before)
        return softmax({letter: pair[letter] + single[letter] for letter in self.letters})

    def learn(self, before, letter):
        guessed = self.guess(before)
        for row in self.rows(before):
            for one, likely in guessed.items():
                row[one] += RATE * ((one == letter) - likely)

    def surprise(self, names):
        guesses = [-math.log(self.guess(before)[letter]) for name in names for before, letter in steps(name)]
        return sum(guesses) / len(guesses)

    def invent(self, dice):
        text = END * 2
        while len(text) < 12:
            likely = self.guess(text[-2:])
            letter = dice.choices(list(likely), list(likely.values()))[0]
            if letter == END:
                break
            text += letter
        return text[2:].capitalize()


def main():
    dice = random.Random(SEED)
    names = read("names.txt")
    dice.shuffle(names)
    known, unknown = names[: -len(names) // 5], names[-len(names) // 5 :]
    print(f"{len(known)} names to learn from, {len(unknown)} to be tested on")
    model = Model(names)
    before = model.surprise(unknown)
    for epoch in range(1, EPOCHS + 1):
        for name in dice.sample(known, len(known)):
            for context, letter in steps(name):
                model.learn(context, letter)
        print(f"epoch {epoch}/{EPOCHS}: {math.exp(model.surprise(unknown)):.1f} letters to choose from")
    if model.surprise(unknown) >= before:
        print("nothing was learnt", file=sys.stderr)
        sys.exit(3)
    for _ in range(NAMES):
        print(f"invented {model.invent(dice)}")


main()
