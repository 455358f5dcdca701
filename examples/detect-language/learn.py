"""Counts how often letters follow each other in each language: python learn.py LONGEST MODEL"""
import json
import sys
from collections import Counter, defaultdict

from grams import grams

longest, path = int(sys.argv[1]), sys.argv[2]
if not 1 <= longest <= 6:
    sys.exit(f"LONGEST_GRAM={longest}: it may be 1 to 6")
languages = defaultdict(Counter)
with open("sentences.tsv", encoding="utf-8") as file:
    for line in file:
        language, sentence = line.rstrip("\n").split("\t")
        languages[language] += grams(sentence, longest)
with open(path, "w", encoding="utf-8") as file:
    json.dump({"longest": longest, "languages": languages}, file)
print(f"learnt {len(languages)} languages by up to {longest} letters in a row")
