"""What is used of the private parts of other packages, by tests too, is known and still there.

They may go with any release, so that every interpreter and the lowest versions look for each of
them in the quick tier.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"nn", "tui", "tests", "__future__"}

# The name of a module, and where it is; or that of an attribute, and the class that has it.
PRIVATE_PARTS = {
    "textual._compositor": "textual._compositor",
    "textual._context": "textual._context",
    "textual.widgets._toast": "textual.widgets._toast",
    "_active": "textual.timer:Timer",
    "_check_resize": "textual.app:App",
    "_compositor": "textual.screen:Screen",
    "_dirty_regions": "textual._compositor:Compositor",
    "_exception": "textual.app:App",
    "_exit": "textual.app:App",  # and os._exit, which is documented
    "_fixtureinfo": "_pytest.python:Function",
    "_modal_binding_chain": "textual.screen:Screen",
    "_notifications": "textual.app:App",
    "_on_timer_update": "textual.screen:Screen",
    "_ready": "asyncio.base_events:BaseEventLoop",
    "_refresh_layout": "textual.screen:Screen",
    "_resize_event": "textual.app:App",
    "_target": "threading:Thread",
    "_unnotify": "textual.app:App",
    "_update_timer": "textual.screen:Screen",
    "_wait_for_screen": "textual.pilot:Pilot",
}


def own_names(trees: Iterable[ast.AST]) -> set[str]:
    """What these modules define or assign, attributes included."""
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found.add(node.arg)
    return found


def private_parts(tree: ast.AST, own: set[str]) -> set[str]:
    """What a module uses of the private names of others: of modules, and of objects of theirs.

    Those of objects are known by their names, which are not among our `own`.
    """
    nodes = list(ast.walk(tree))
    imported, found = set(), set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module.partition(".")[0] not in OURS:
                imported |= {alias.asname or alias.name for alias in node.names}
                if re.search(r"(^|\.)_", node.module):
                    found.add(node.module)
                found |= {alias.name for alias in node.names if alias.name.startswith("_")}
        elif isinstance(node, ast.Import):
            names = {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            imported |= names - OURS
            found |= {alias.name for alias in node.names if re.search(r"(^|\.)_", alias.name)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
            base = node.value
            while isinstance(base, ast.Attribute | ast.Subscript | ast.Call):
                base = base.func if isinstance(base, ast.Call) else base.value
            of_library = isinstance(base, ast.Name) and base.id in imported
            if of_library or node.attr not in own:
                found.add(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("attr"):
            words = [each.value for each in node.args[1:2] if isinstance(each, ast.Constant)]
            found |= {name for name in words if re.match("_[^_]", str(name)) and name not in own}
    return found


def test_private_parts_of_libraries_are_known() -> None:
    folders = (ROOT / name for name in OURS)
    files = [path for folder in folders for path in folder.rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    own = own_names(trees)
    assert set().union(*(private_parts(tree, own) for tree in trees)) == set(PRIVATE_PARTS)


@pytest.mark.parametrize(("name", "where"), PRIVATE_PARTS.items())
def test_a_private_part_is_there(name: str, where: str) -> None:
    module, _, owner = where.partition(":")
    found = import_module(module)
    if owner:
        source = inspect.getsource(getattr(found, owner))
        assert re.search(rf"self\.{name}\b|def {name}\b", source)


def test_a_private_part_is_found() -> None:
    tree = ast.parse(
        "import typing\nfrom textual._x import A\nfrom nn._y import B\n"
        "typing.Annotated._theirs\nB._own\n"
        "self._ours = 1\nself._ours\ngetattr(app, '_hidden', None)\nobject.__new__(B)\n"
        "@property\ndef _own(self): ...\n"
    )
    found = private_parts(tree, own_names([tree]))
    assert found == {"textual._x", "_theirs", "_hidden"}
