"""What layers add to training beside their outputs: losses, metric values and state updates."""

from .. import tree
from .arguments import batch_size
from .context import context
from .tensor import KerasTensor, Tensor
from .variable import Variable


class AddedLosses:
    """Mixed into `Layer`: `add_loss`, `add_metric`, `add_update`, and the lists of what was added."""

    def add_loss(self, losses, inputs=None, **kwargs):
        """Add loss tensors (scalars, or summed), or a function without arguments giving one, to the training loss."""
        from .. import ops

        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            if isinstance(loss, KerasTensor):
                self._add_symbolic_loss(loss)
            elif callable(loss) and not isinstance(loss, Tensor):
                self._loss_functions.append(loss)
            elif loss is None or context.symbolic:
                continue
            elif isinstance(loss, (int, float)) and context.depth == 0:  # a constant, for every step to come
                self._loss_functions.append(lambda loss=loss: ops.convert_to_tensor(float(loss)))
            elif context.losses is not None:
                context.losses.append(loss)
            else:
                self._losses.append(loss)

    def _add_symbolic_loss(self, loss):
        raise ValueError(f"Layer {self.name!r}: add_loss() with a symbolic tensor works on functional models only.")

    def _add_symbolic_metric(self, name, value):
        raise ValueError(f"Layer {self.name!r}: add_metric() with a symbolic tensor works on functional models only.")

    def add_metric(self, value, aggregation=None, name=None):
        """Report the mean of a tensor under a name while training (tf.keras)."""
        if isinstance(value, KerasTensor):
            self._add_symbolic_metric(name or f"{self.name}_metric", value)
        elif context.metrics is not None:
            context.metrics.append((name or getattr(aggregation, "name", "metric"), value))

    def add_update(self, updates, inputs=None):
        """Keras 2's layers hand their state updates over here.

        `K.update` and its relatives assign at once; pairs (variable, value) and functions are taken care of here.
        """
        for update in updates if isinstance(updates, list) else [updates]:
            if callable(update) and not isinstance(update, (Tensor, Variable)):
                update()
            elif (
                isinstance(update, tuple)
                and len(update) == 2
                and not context.symbolic
                and not isinstance(update[1], KerasTensor)
            ):
                update[0].assign(update[1])

    @property
    def updates(self):
        """Empty: assignments made in `call` are part of the step itself (as in tf.keras 2)."""
        return []

    def get_updates_for(self, inputs):
        return []

    def get_losses_for(self, inputs):
        """Keras 2: the losses that depend on the given inputs (symbolic tensors), or with None those that depend on none."""
        if inputs is None:
            return [f() for f in self._all_loss_functions()] + self._weight_penalties()
        wanted = {id(t) for t in tree.flatten(inputs)}
        return [loss for source, loss in self._symbolic_losses(None) if any(id(t) in wanted for t in source)]

    def _clear_losses(self):
        self._losses = []
        for layer in self._sublayers():
            layer._clear_losses()

    @property
    def losses(self):
        """Losses added during the last call, then the regularisation losses of the weights.

        Before any call on values, activity regularisers give a symbolic loss for each call on symbolic inputs.
        """
        layers = self._with_sublayers()
        collected = [loss for layer in layers for loss in layer._losses]
        if not collected:
            collected = [loss for _, loss in self._symbolic_losses(self._own_nodes())]
        return [*collected, *(f() for f in self._all_loss_functions()), *self._weight_penalties()]

    def _with_sublayers(self):
        found, seen = [], set()

        def visit(layer):
            if id(layer) not in seen:
                seen.add(id(layer))
                found.append(layer)
                for sub in layer._sublayers():
                    visit(sub)

        visit(self)
        return found

    def _all_loss_functions(self):
        return [f for layer in self._with_sublayers() for f in layer._loss_functions]

    def _weight_penalties(self):
        return [v.regularizer(v) for v in self._penalised()]

    def _penalised(self):
        """The weights whose regularisation counts: those of frozen layers, too (as in tf.keras 2)."""
        return [v for v in self._collect(None) if v.regularizer is not None and v.trainable]

    def _own_nodes(self):
        """The ids of the nodes whose calls are part of this layer; None for all."""
        return None

    def _symbolic_losses(self, nodes):
        """[(inputs, loss)] of the activity regularisers for calls on symbolic inputs, restricted to `nodes`."""
        found = []
        for layer in self._with_sublayers():
            if layer.activity_regularizer is None:
                continue
            for node in layer._inbound_nodes:
                if nodes is None or id(node) in nodes:
                    found.extend((node.inputs, penalty) for penalty in _activity_penalties(layer, node))
        return found


def _activity_penalties(layer, node):
    """The symbolic activity losses of one call, made once."""
    from .op_layer import record

    regularizer, made = layer.activity_regularizer, layer.__dict__.get("_activity_losses")
    if made is None:
        made = {}
        object.__setattr__(layer, "_activity_losses", made)

    def activity_penalty(output):
        return regularizer(output) / batch_size(output)

    if node.index not in made:
        made[node.index] = [record(activity_penalty, (output,), {}) for output in node.outputs]
    return made[node.index]
