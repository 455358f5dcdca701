"""Measures the files of Python that it is given: lines of files and functions, and what their classes remember."""
import ast
import json
import sys


def count(lines):
    """Blank ones and comments left out."""
    return sum(1 for line in lines if line.strip() and not line.strip().startswith('#'))


def attributes(tree):
    """What methods set of their own object."""
    return {
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name) and node.value.id == 'self'
    }


def measure(path):
    with open(path) as file:
        text = file.read()
    lines, nodes = text.splitlines(), list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {
        'path': path,
        'lines': count(lines),
        'functions': [
            {'where': f'{path}:{one.lineno} {one.name}', 'lines': count(lines[one.lineno - 1:one.end_lineno])}
            for one in functions
        ],
        'classes': [
            {'where': f'{path}:{one.lineno} {one.name}', 'attributes': len(attributes(one))}
            for one in nodes if isinstance(one, ast.ClassDef)
        ],
    }


print(json.dumps([measure(path) for path in sys.argv[1:]]))
