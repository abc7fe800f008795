"""Lazy import of modules that the app's first frame does not need."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any


class LazyModule:
    """Proxy of a module of functions: the first call imports it, in the calling thread."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, function: str) -> Callable[..., Any]:
        return partial(self._call, function)

    def _call(self, function: str, *values: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(self._module), function)(*values, **named)
