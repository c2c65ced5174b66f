"""YAML -> its values, and the line of each."""

from __future__ import annotations

from typing import Any

from pipeline.content.source import KeyPath
from pipeline.errors import ContentError, Where

MAX_VALUES = 50_000
MAX_DEPTH = 40


def parse_yaml(text: str, path: str, first_line: int = 1) -> tuple[Any, dict[KeyPath, int]]:
    import yaml  # a run with nothing to do reads none

    loader = yaml.CSafeLoader(text) if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader(text)
    lines: dict[KeyPath, int] = {}
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, lines
        _expanded_size(node, {}, path, first_line)
        _lines(node, (), lines, first_line, path)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = (mark.line if mark else 0) + first_line
        said = problem.problem or problem.context or "can't be read"
        advice = _quoting_advice(text, line - first_line)
        raise ContentError(f"broken YAML: {said}{advice}", Where(path, line)) from problem
    except (yaml.YAMLError, ValueError, OverflowError) as problem:
        line = _line_of_bad_scalar(text, loader, first_line)
        raise ContentError(f"broken YAML: {problem}", Where(path, line)) from problem
    except RecursionError as problem:
        raise ContentError("the YAML is nested too deeply", Where(path, first_line)) from problem
    finally:
        loader.dispose()


def _quoting_advice(text: str, index: int) -> str:
    rows = text.split("\n")
    row = rows[index] if 0 <= index < len(rows) else ""
    return '; put a value that holds ": " between quotation marks' if row.count(": ") > 1 else ""


def _line_of_bad_scalar(text: str, loader: Any, first_line: int) -> int:
    """PyYAML doesn't say where an impossible date stands: the first scalar that can't be built alone is it."""
    import yaml

    fresh = type(loader)(text)
    try:
        for event in fresh.get_single_node().value:
            for node in event if isinstance(event, tuple) else (event,):
                try:
                    fresh.construct_object(node, deep=True)
                except (ValueError, OverflowError):
                    return int(node.start_mark.line) + first_line
    except yaml.YAMLError:
        pass
    finally:
        fresh.dispose()
    return first_line


def _expanded_size(node: Any, sizes: dict[int, int], path: str, first_line: int, depth: int = 0) -> int:
    """How many values the node holds with its aliases written out; refuses the ones that grow out of bounds."""
    key = id(node)
    if key in sizes:
        if sizes[key] == 0:
            raise ContentError("a YAML alias holds itself", Where(path, node.start_mark.line + first_line))
        return sizes[key]
    sizes[key] = 0
    children = node.value if isinstance(node.value, list) else []
    flat = [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
    total = 1 + sum(_expanded_size(child, sizes, path, first_line, depth + 1) for child in flat)
    if total > MAX_VALUES or depth > MAX_DEPTH:
        line = node.start_mark.line + first_line
        raise ContentError("the YAML is nested too deeply, or too large", Where(path, line))
    sizes[key] = total
    return total


def _lines(node: Any, at: KeyPath, lines: dict[KeyPath, int], first_line: int, path: str) -> None:
    lines.setdefault(at, node.start_mark.line + first_line)
    if node.id == "mapping":
        for key, value in node.value:
            here = (*at, str(key.value))
            line = key.start_mark.line + first_line
            if here in lines and key.value != "<<":
                raise ContentError(f"`{key.value}` stands here twice", Where(path, line))
            lines[here] = line
            _lines(value, here, lines, first_line, path)
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            _lines(value, (*at, index), lines, first_line, path)
