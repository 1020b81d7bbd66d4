"""The mutants of a module: one function each, compiled with one node broken."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType

from tests.mutation.operators import broken, is_left_out

_LONGEST_SHOWN = 90
_SHOWN_BEFORE = 20
_FLAGS = __future__.annotations.compiler_flag

Place = tuple[str, int]
"""A function by its qualified name and its first line, as a code object names it."""

_SUPER = ast.parse("if 0: super").body[0]
"""Never executed; where a mutant loses its `super` the function still closes over its class."""

_Change = tuple[str, str, frozenset[int]]
"""What was written, what is written now, and the lines."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken form: where, what was written and what stands there instead.

    `codes` are the function's code object and those within it, `file` is what they say they come
    from. A test that meets the mutant comes by one of `lines`.
    """

    module: str
    function: str
    was: str
    now: str
    file: str = field(repr=False)
    lines: frozenset[int] = field(repr=False, compare=False)
    codes: dict[Place, CodeType] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """How the list of reasons names it: no line, since lines move."""
        return f"{self.module} {self.function}: {self.was} -> {self.now}"


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Every mutant of every function of a file, in its order."""
    for statement in ast.parse(path.read_bytes()).body:
        whole = ast.Module([statement], [])
        for function, name in _functions(statement, ""):
            for was, now, lines in _changes(function):
                code = compile(ast.fix_missing_locations(whole), path, "exec", _FLAGS)
                yield Mutant(module, name, was, now, str(path), lines, dict(_codes(code, name)))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[_Function, str]]:
    if isinstance(node, _Function):
        yield node, prefix + node.name
    elif isinstance(node, ast.ClassDef):
        for child in node.body:
            yield from _functions(child, f"{prefix}{node.name}.")


def _changes(function: _Function) -> Iterator[_Change]:
    """Break one node after the other in place; each is mended when the next is asked for."""
    body = function.body[1:] if ast.get_docstring(function) is not None else list(function.body)
    if any(isinstance(node, ast.Name) and node.id == "super" for node in ast.walk(function)):
        function.body.append(_SUPER)
    for top in body:
        for statement, parent, node in _nodes(top, function, top):
            for form in broken(node):
                put = _slot(parent, node)
                put(form)
                yield *_pair(_text(node), _text(form)), _lines(statement, node)
                put(node)


def _slot(parent: ast.AST, node: ast.AST) -> Callable[[ast.AST], None]:
    """What puts another node into the place of this one."""
    for name, value in ast.iter_fields(parent):
        if value is node:
            return partial(setattr, parent, name)
        for place, each in enumerate(value if isinstance(value, list) else ()):
            if each is node:
                return partial(value.__setitem__, place)
    raise LookupError(name)


def _nodes(
    node: ast.AST, parent: ast.AST, statement: ast.stmt
) -> Iterator[tuple[ast.stmt, ast.AST, ast.AST]]:
    """Walk what is executed when the function is called: no annotation, no docstring."""
    if isinstance(node, ast.stmt):
        statement = node
    if is_left_out(node, parent) or isinstance(node, ast.arguments):
        return
    if isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant):
        first = next(each for each in parent.values if isinstance(each, ast.Constant))
        if node is not first:
            return
    yield statement, parent, node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child, node, statement)


def _lines(statement: ast.stmt, node: ast.AST) -> frozenset[int]:
    is_compound = hasattr(statement, "body")
    last = getattr(node, "end_lineno", None) if is_compound and node is not statement else None
    if last is None:
        last = statement.lineno if is_compound else (statement.end_lineno or statement.lineno)
    return frozenset(range(statement.lineno, last + 1))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {_text(node.test)}"
    return " ".join(ast.unparse(node).split())


def _pair(was: str, now: str) -> tuple[str, str]:
    """Cut two texts that are long to where they part."""
    if max(len(was), len(now)) <= _LONGEST_SHOWN:
        return was, now
    alike = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    begin = max(0, alike - _SHOWN_BEFORE)
    cut = [
        f"{'…' if begin else ''}{text[begin : begin + _LONGEST_SHOWN]}"
        f"{'…' if len(text) > begin + _LONGEST_SHOWN else ''}"
        for text in (was, now)
    ]
    return cut[0], cut[1]


def _codes(code: CodeType, function: str) -> Iterator[tuple[Place, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            name = each.co_qualname
            if name == function or name.startswith(f"{function}.<locals>"):
                yield (name, each.co_firstlineno), each
            yield from _codes(each, function)
