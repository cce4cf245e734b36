"""`Optimizer`: state, hyperparameters and the update, in native tensors, that `fit` and `apply_gradients` share.

Whatever depends on the step (learning rate, bias corrections) is computed by `hyper` on the host in float64. `apply` is
pure: it takes parameters, gradients, slots and those scalars, and returns new parameters and slots. A subclass of kshim
defines `slot_groups`, `scalars` and `update`; a user's may instead define `build` and `update_step`, as in Keras.
"""

import inspect
import re

from ..config import epsilon as default_epsilon
from ..engine.objects import Registry
from ..engine.tensor import Tensor
from ..engine.variable import swapped
from ..errors import UnsupportedError, did_you_mean
from ..spec import registry
from . import clipping
from .eager import Eager
from .host import HostVariable
from .rates import Rates
from .scalars import Scalars
from .schedules import deserialize as deserialize_schedule
from .state import OptimizerState

reg = Registry("optimizer", "keras.optimizers")

_BASE_KEYWORDS = (
    "name", "learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "jit_compile", "decay",
)  # fmt: skip
#: What other versions of Keras write into configs; None and False ask for nothing.
_INERT = ("loss_scale_factor", "gradient_accumulation_steps", "gradient_aggregator", "gradient_transformers", "mesh")


def default_eps(epsilon):
    """Keras 1 and 2's `epsilon=None` is the global fuzz factor."""
    return default_epsilon() if epsilon is None else float(epsilon)


class Optimizer(Rates, Eager, OptimizerState):
    """Base class of optimizers (tf_keras 2.21's formulas and names; the spellings of Keras 1, 2 and 3 are understood).

    learning_rate (also `lr`): a number, a `LearningRateSchedule`, or a function without arguments. decay (Keras 1, 2):
    the rate is divided by 1 + decay * step. clipnorm, clipvalue, global_clipnorm limit the gradients (the first given
    counts). weight_decay subtracts weight * weight_decay * rate before each update. use_ema keeps a moving average of
    the weights, which replaces them every ema_overwrite_frequency steps and after training. jit_compile is kept in the
    config only. `TypeError` for unknown keywords, `ValueError` for values that make no sense.
    """

    #: Groups of slot names; the slots of a group are stored variable by variable, groups one after the other.
    slot_groups = ()

    def __init__(
        self, name=None, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False,
        ema_momentum=0.99, ema_overwrite_frequency=None, jit_compile=False, learning_rate=None, **kwargs,
    ):  # fmt: skip
        if name is not None and not isinstance(name, str):  # Keras 3: the learning rate comes first
            name, learning_rate = None, name
        self.name = name or type(self).__name__
        for key in _INERT:
            if kwargs.pop(key, None):
                raise UnsupportedError(f"{type(self).__name__}({key}=...) is not supported by kshim. Leave it out.")
        kwargs.pop("is_legacy_optimizer", None)
        lr = kwargs.pop("lr", None)
        self.decay = float(kwargs.pop("decay", None) or 0.0)
        if kwargs:
            raise self._unknown_keyword(next(iter(kwargs)))
        if clipnorm is not None and global_clipnorm is not None:
            raise ValueError(f"Give clipnorm or global_clipnorm, not both; received {clipnorm=}, {global_clipnorm=}.")
        for key, value in (("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global_clipnorm)):
            if value is not None and value < 0:
                raise ValueError(f"{key} must not be negative; received {key}={value}.")
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(f"ema_momentum must be in [0, 1]; received ema_momentum={ema_momentum}.")
        if (
            use_ema
            and ema_overwrite_frequency
            and (not isinstance(ema_overwrite_frequency, int) or ema_overwrite_frequency < 1)
        ):
            raise ValueError(
                f"ema_overwrite_frequency must be a positive integer or None; received {ema_overwrite_frequency!r}."
            )
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.jit_compile = bool(jit_compile)
        self._iterations = HostVariable(0, "int64", name="iteration")
        self._learning_rate = None
        self._in_step = None
        self._traced = None
        self._excluded = ([], [])
        self._init_state()
        rate = learning_rate if lr is None else lr
        if rate is not None:
            self._learning_rate = self._build_learning_rate(rate)

    def _unknown_keyword(self, name):
        known = list(_BASE_KEYWORDS)
        for cls in type(self).__mro__:
            if "__init__" in vars(cls):
                known += [p for p in inspect.signature(cls.__init__).parameters if p not in ("self", "kwargs", "args")]
        return TypeError(
            f"{type(self).__name__}() got an unexpected keyword argument {name!r}.{did_you_mean(name, known)} "
            f"It takes: {', '.join(dict.fromkeys(known))}."
        )

    # one step ----------------------------------------------------------------------------------------------
    def hyper(self):
        """Host scalars of the coming step, by name."""
        step = int(self._iterations)
        lr = self.schedule_value(step) / (1.0 + self.decay * step)
        out = {"lr": lr, **self.scalars(lr, step + 1)}
        if self.weight_decay:
            out["decay_rate"] = lr * float(self.weight_decay)
        if self.use_ema:
            every = self.ema_overwrite_frequency
            over = 1.0 if every and (step + 1) % every == 0 else 0.0
            momentum = float(self.ema_momentum)
            out.update(
                ema_momentum=momentum, one_minus_ema_momentum=1.0 - momentum, ema_overwrite=over, ema_keep=1.0 - over
            )
        if self._custom_step:
            out["iterations"] = step
        return out

    def scalars(self, lr, t):
        """Scalars that `update` needs besides lr, for step t = 1, 2, ...: floats by name."""
        return {}

    def fused_kind(self):
        """Name of the fused update of `kshim.spec.derived` that does this step, or None."""
        return None

    def update(self, b, p, g, slots, s, dtype):
        """One parameter's step: (new p, list of new slots). All native; `s` maps names to scalars of the dtype."""
        raise NotImplementedError(
            f"Optimizer {type(self).__name__} must define update_step(self, gradient, variable), "
            "and build(self, variables) if it keeps state."
        )

    def apply(self, variables, params=None, grads=None, slots=None, hyper=None):
        """The new parameters and slots: `(list, list of lists)`, all native tensors.

        `slots` is a list of lists in the order of `self.slots`. Called as `apply(grads, trainable_variables)` it is
        Keras 3's name of `apply_gradients`.
        """
        if hyper is None:
            grads, targets = variables, self._trained if params is None else params
            return self.apply_gradients(zip(grads, targets))
        b = registry.state.backend or registry.resolve()
        params, grads, slots = list(params), list(grads), [list(s) for s in slots]
        scalars = Scalars(b, hyper)
        grads = clipping.clip(b, grads, self.clipnorm, self.global_clipnorm, self.clipvalue)
        if self.weight_decay:
            for i, variable in enumerate(variables):
                if self._use_weight_decay(variable):
                    rate = scalars.of(b.dtype_of(params[i]))["decay_rate"]
                    params[i] = b.subtract(params[i], b.multiply(params[i], rate))
        averages, slots = (slots[:1], slots[1:]) if self.use_ema else ([], slots)
        if self._custom_step:
            params, slots = self._apply_custom(b, variables, params, grads, slots, scalars)
        else:
            params, slots = self._apply_builtin(b, params, grads, slots, scalars)
        if averages:
            params, averages[0] = self._average(b, params, averages[0], scalars)
        for i, variable in enumerate(variables):
            if getattr(variable, "constraint", None) is not None:
                params[i] = _constrained(b, variable.constraint, params[i])
        return params, [*averages, *slots]

    def step_loss(self, b, loss, slots):
        """The native loss that a training step takes the gradients of (see `LossScaleOptimizer`)."""
        return loss

    def step_grads(self, b, grads, slots):
        """The native gradients to apply, from those of `step_loss`."""
        return grads

    def _apply_builtin(self, b, params, grads, slots, scalars):
        kind, dtypes = self.fused_kind(), [b.dtype_of(p) for p in params]
        if kind and params and len(set(dtypes)) == 1:
            out = b.fused_update(kind, params, grads, slots, scalars.of(dtypes[0]))
            if out is not NotImplemented:
                return list(out[0]), [list(s) for s in out[1]]
        new_params, new_slots = [], [[] for _ in slots]
        for i, (p, g) in enumerate(zip(params, grads)):
            if b.dtype_of(g) != dtypes[i]:
                g = b.cast(g, dtypes[i])
            p, state = self.update(b, p, g, [s[i] for s in slots], scalars.of(dtypes[i]), dtypes[i])
            new_params.append(p)
            for column, value in zip(new_slots, state):
                column.append(value)
        return new_params, new_slots

    def _average(self, b, params, averages, scalars):
        """(parameters, moving averages) after a step with `use_ema`."""
        new_params, new_averages = [], []
        for p, a in zip(params, averages):
            s = scalars.of(b.dtype_of(p))
            a = b.add(b.multiply(a, s["ema_momentum"]), b.multiply(p, s["one_minus_ema_momentum"]))
            if self.ema_overwrite_frequency:
                p = b.add(b.multiply(a, s["ema_overwrite"]), b.multiply(p, s["ema_keep"]))
            new_params.append(p)
            new_averages.append(a)
        return new_params, new_averages

    # a user's update_step ----------------------------------------------------------------------------------
    @property
    def _custom_step(self):
        return type(self).update_step is not Optimizer.update_step

    def _apply_custom(self, b, variables, params, grads, slots, scalars):
        state = [v for name, group in self.slots.items() if name != "average" for v in group]
        with_rate = "learning_rate" in inspect.signature(type(self).update_step).parameters
        one = b.full((), 1.0, "float32" if not params else b.dtype_of(params[0]))
        rate = Tensor(b.multiply(one, scalars.of(b.dtype_of(one))["lr"]))
        step = Tensor(b.add(b.full((), 0, "int32"), b.host_scalar(scalars.hyper["iterations"], "int32")))
        self._traced = {"learning_rate": rate, "iterations": step, "scalars": scalars}
        holder = swapped([*variables, *state], [*params, *(x for group in slots for x in group)])
        try:
            with holder:
                for variable, grad in zip(variables, grads):
                    args = (rate,) if with_rate else ()
                    self.update_step(Tensor(grad), variable, *args)
        finally:
            self._traced = None
        values = iter(holder.after)
        new_params = [next(values) for _ in params]
        return new_params, [[next(values) for _ in group] for group in slots]

    def update_step(self, gradient, variable, learning_rate=None):
        """Change one variable by its gradient. A user's subclass overrides this; it may call `super().update_step`."""
        b = registry.state.backend or registry.resolve()
        dtype, i = str(variable.dtype), self._index(variable)
        scalars = self._traced["scalars"] if self._traced else Scalars(b, self.hyper())
        columns = [group for name, group in self.slots.items() if name != "average"]
        p, state = self.update(
            b, variable.native, gradient._value, [c[i].native for c in columns], scalars.of(dtype), dtype
        )
        variable.assign(Tensor(p))
        for column, value in zip(columns, state):
            column[i].assign(Tensor(value))

    # configuration -----------------------------------------------------------------------------------------
    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Variables, or patterns of names, that `weight_decay` leaves alone. `ValueError` once training has begun."""
        if self.built:
            raise ValueError("exclude_from_weight_decay() must be called before the optimizer is built.")
        self._excluded = (list(var_list or []), list(var_names or []))

    def _use_weight_decay(self, variable):
        listed, patterns = self._excluded
        names = (getattr(variable, "name", ""), getattr(variable, "path", ""))
        return not any(variable is v for v in listed) and not any(re.search(p, n) for p in patterns for n in names)

    def get_config(self):
        """Keyword arguments that make an equal optimizer, without its state."""
        config = {
            "name": self.name,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "jit_compile": self.jit_compile,
            "is_legacy_optimizer": False,
        }
        if self._learning_rate is not None:
            config["learning_rate"] = self._serialize_hyperparameter(self._learning_rate)
        if self.decay:
            config["decay"] = self.decay
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The inverse of `get_config`, for configs of any Keras."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_schedule(config["learning_rate"], custom_objects)
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name!r}, iterations={int(self._iterations)}>"


def _constrained(b, constraint, value):
    out, dtype = constraint(Tensor(value)), b.dtype_of(value)
    out = out._value if isinstance(out, Tensor) else b.constant(out, dtype)
    out = out if b.dtype_of(out) == dtype else b.cast(out, dtype)
    if tuple(b.shape_of(out)) != tuple(b.shape_of(value)):
        name = getattr(constraint, "__name__", type(constraint).__name__)
        raise ValueError(
            f"Constraint {name} returned shape {b.shape_of(out)} for a weight of shape {b.shape_of(value)}."
        )
    return out
