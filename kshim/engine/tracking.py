"""Finding the variables and sublayers among an object's attributes."""

from .variable import Variable


class TrackedList(list):
    """A list attribute whose layers and variables belong to the owner, also those added later."""


class TrackedDict(dict):
    """The same for dicts."""


class Tracked:
    """Keeps variables and layers assigned as attributes, directly or in lists, tuples and dicts, in order."""

    def _init_tracking(self):
        if "_tracked_variables" not in self.__dict__:
            object.__setattr__(self, "_tracked_variables", [])
            object.__setattr__(self, "_tracked", {})

    def __setattr__(self, name, value):
        state = self.__dict__
        if "_tracked" not in state:
            self._init_tracking()
        if name[:2] != "__" and name not in _IGNORED:
            if isinstance(value, Variable):
                self._track_variable(value)
            elif isinstance(value, Tracked) and not name.startswith("_parent"):
                state["_tracked"][name] = value
            elif type(value) in (list, tuple, dict) and name not in _IGNORED_CONTAINERS:
                if type(value) is list:
                    value = TrackedList(value)
                elif type(value) is dict:
                    value = TrackedDict(value)
                state["_tracked"][name] = value
            elif isinstance(value, (TrackedList, TrackedDict)):
                state["_tracked"][name] = value
            elif name in state["_tracked"]:
                del state["_tracked"][name]
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        self.__dict__.get("_tracked", {}).pop(name, None)
        object.__delattr__(self, name)

    def _track_variable(self, variable):
        if not any(v is variable for v in self._tracked_variables):
            self._tracked_variables.append(variable)

    @property
    def _variables(self):
        """Own variables: assigned ones, then those found in containers."""
        found = list(self._tracked_variables)
        known = {id(v) for v in found}
        for value in self._tracked.values():
            if isinstance(value, (list, tuple, dict)):
                for item in _items(value):
                    if isinstance(item, Variable) and id(item) not in known:
                        known.add(id(item))
                        found.append(item)
        return found

    def _sublayers(self):
        """Direct sublayers in order of assignment, each once."""
        out, seen = [], set()
        for value in self._tracked.values():
            for item in (value,) if isinstance(value, Tracked) else _items(value):
                if (
                    isinstance(item, Tracked)
                    and hasattr(item, "_sublayers")
                    and id(item) not in seen
                    and hasattr(item, "_trainable")
                ):
                    seen.add(id(item))
                    out.append(item)
        return out


#: Attributes that point at things which are not parts.
_IGNORED = frozenset(
    ("optimizer", "_metrics", "compiled_loss", "compiled_metrics", "_compiled", "loss", "history", "_trainer")
)
_IGNORED_CONTAINERS = frozenset(
    ("_losses", "_loss_functions", "_inbound_nodes", "_outbound_nodes", "_call_metrics", "_tracked_variables", "_tracked", "inputs", "outputs",
     "_initial_weights", "_build_input_shape", "_batch_input_shape")
)  # fmt: skip


def _items(container):
    """Leaves of a container; dicts by sorted key, as tf.keras lists (and saves) them."""
    values = [container[k] for k in sorted(container, key=str)] if isinstance(container, dict) else container
    for v in values:
        if isinstance(v, (list, tuple, dict)):
            yield from _items(v)
        else:
            yield v
