"""Learns to tell handwritten digits apart, in the environment that conda made."""
import sys

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

pixels, digits = load_digits(return_X_y=True)
train_pixels, test_pixels, train_digits, test_digits = train_test_split(pixels, digits, random_state=0)
model = SVC(gamma=0.001).fit(train_pixels, train_digits)
print(f'{sys.prefix}: {model.score(test_pixels, test_digits):.3f} of the digits are right')
