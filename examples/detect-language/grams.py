"""Takes a sentence apart into letters that follow each other."""
from collections import Counter


def grams(sentence, longest):
    text = f" {' '.join(sentence.lower().split())} "
    return Counter(
        text[at : at + length] for length in range(1, longest + 1) for at in range(len(text) - length + 1)
    )
