"""What may go wrong in a line of code: for each node of the syntax tree its broken forms."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_NAMES = {"min": "max", "max": "min", "all": "any", "any": "all"}
_SYMMETRIC = frozenset({"min", "max", "compare_digest"})
_OF_TEXT = frozenset({"lower", "upper", "strip", "lstrip", "rstrip", "replace", "removesuffix"})


def broken(node: ast.AST) -> Iterator[ast.AST]:
    """Every broken form of this one node; what is below it is broken on its own."""
    for kind, forms in _FORMS:
        if isinstance(node, kind):
            yield from forms(node)


def is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    """Whether it is the constant message of a log line, for people alone, or the type of a cast."""
    if not isinstance(parent, ast.Call) or node not in parent.args:
        return False
    return ast.unparse(parent.func).partition(".")[0] in {"log", "_log", "cast"} and (
        node is parent.args[0]
    )


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def _operators(node: ast.BinOp | ast.AugAssign | ast.BoolOp) -> Iterator[ast.AST]:
    other = _OPERATORS.get(type(node.op))
    if other is not None:
        yield _changed(node, op=other())


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        ops = [*node.ops[:place], _OPERATORS[type(operator)](), *node.ops[place + 1 :]]
        yield _changed(node, ops=ops)


def _without_operand(node: ast.BoolOp) -> Iterator[ast.AST]:
    for place in range(len(node.values)):
        left = [*node.values[:place], *node.values[place + 1 :]]
        yield left[0] if len(left) == 1 else _changed(node, values=left)


def _negated(node: ast.If | ast.While | ast.IfExp) -> Iterator[ast.AST]:
    test = node.test
    if isinstance(test, ast.UnaryOp):  # as without its `not`
        return
    if isinstance(test, ast.Compare) and not isinstance(test.ops[0], _ORDER):  # as turned
        return
    yield _changed(node, test=ast.UnaryOp(ast.Not(), node.test))


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}XX")
    elif isinstance(value, bytes):
        yield ast.Constant(b"XX" + value + b"XX")


def _return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))


def _expression(node: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Call):
        yield ast.Pass()


def _dropped(_node: ast.AST) -> Iterator[ast.AST]:
    yield ast.Pass()


def _call(node: ast.Call) -> Iterator[ast.AST]:
    first_two = node.args[:2]
    is_pair = len(first_two) == 2 and not any(isinstance(each, ast.Starred) for each in first_two)
    name = ast.unparse(node.func).rpartition(".")[2]
    if is_pair and name not in _SYMMETRIC and ast.dump(first_two[0]) != ast.dump(first_two[1]):
        yield _changed(node, args=[first_two[1], first_two[0], *node.args[2:]])
    for place, keyword in enumerate(node.keywords):
        if not (isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool)):
            left = [*node.keywords[:place], *node.keywords[place + 1 :]]
            yield _changed(node, keywords=left)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _OF_TEXT:
        yield node.func.value
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield _changed(node, func=ast.Name(_NAMES[node.func.id], ast.Load()))


def _comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    for place in range(len(node.ifs)):
        yield _changed(node, ifs=[*node.ifs[:place], *node.ifs[place + 1 :]])


def _jump(node: ast.Break | ast.Continue) -> Iterator[ast.AST]:
    yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()


_FORMS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], Iterator[ast.AST]]], ...]] = (
    ((ast.BinOp, ast.AugAssign, ast.BoolOp), _operators),
    (ast.Compare, _compare),
    (ast.BoolOp, _without_operand),
    ((ast.If, ast.While, ast.IfExp), _negated),
    (ast.UnaryOp, _unary),
    (ast.Constant, _constant),
    (ast.Return, _return),
    (ast.Expr, _expression),
    ((ast.Raise, ast.Delete), _dropped),
    (ast.Call, _call),
    (ast.comprehension, _comprehension),
    ((ast.Break, ast.Continue), _jump),
)
