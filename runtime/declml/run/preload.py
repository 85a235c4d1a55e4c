"""Everything that a training imports, for a process that others are forked from."""

import pkgutil
from importlib import import_module

import declml.components

for _name in ("declml.run.execute", "declml.run.launching", "declml.run.worker"):
    import_module(_name)
for _each in pkgutil.walk_packages(declml.components.__path__, f"{declml.components.__name__}."):
    import_module(_each.name)
