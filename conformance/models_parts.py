"""One small model for every optimizer, schedule, regulariser and constraint, and a few of their options."""

import inspect

import numpy as np

from .models_data import SAMPLES, generator

#: Betas that float32 holds exactly: tf_keras rounds them to it, whatever the type of the weights.
_BETAS = {"beta_1": 0.875, "beta_2": 0.984375}
#: Name -> (optimizer class, its arguments). tf_keras gives the known answers of those it has too (`record_models`).
OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.05}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.02, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
    "sgd_decayed": ("SGD", {"learning_rate": 0.05, "weight_decay": 0.01}),
    "sgd_clipped": ("SGD", {"learning_rate": 0.05, "clipnorm": 0.3}),
    "sgd_clipped_together": ("SGD", {"learning_rate": 0.05, "global_clipnorm": 0.3}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01, "rho": 0.8}),
    "rmsprop_centered": ("RMSprop", {"learning_rate": 0.005, "centered": True, "momentum": 0.5}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.2}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0, "rho": 0.9}),
    "adam": ("Adam", {"learning_rate": 0.01, "epsilon": 2.0**-13, **_BETAS}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True, **_BETAS}),
    "adam_average": ("Adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9, **_BETAS}),
    "adamw": ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.05, **_BETAS}),
    "adamax": ("Adamax", {"learning_rate": 0.01, **_BETAS}),
    "nadam": ("Nadam", {"learning_rate": 0.01, **_BETAS}),
    "ftrl": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.001, "beta": 0.1}),
    "adafactor": ("Adafactor", {"learning_rate": 0.02}),
    "lion": ("Lion", {"learning_rate": 0.002}),
    "lamb": ("Lamb", {"learning_rate": 0.01, **_BETAS}),
}
SCHEDULES = {
    "exponential": ("ExponentialDecay", (0.1, 40, 0.5, True)),
    "inverse_time": ("InverseTimeDecay", (0.1, 20, 0.5)),
    "piecewise": ("PiecewiseConstantDecay", ([50, 120], [0.1, 0.05, 0.01])),
    "polynomial": ("PolynomialDecay", (0.1, 60, 0.01, 2.0, True)),
    "cosine": ("CosineDecay", (0.02, 150, 0.1, None, 0.1, 30)),
    "cosine_restarts": ("CosineDecayRestarts", (0.1, 40, 1.5, 0.8, 0.01)),
}
REGULARIZERS = {"L1": (0.01,), "L2": (0.01,), "L1L2": (0.005, 0.01), "OrthogonalRegularizer": (0.01,)}
CONSTRAINTS = {
    "MaxNorm": (0.7, 1),
    "NonNeg": (),
    "UnitNorm": (0,),
    "MinMaxNorm": (0.3, 0.9, 0.5, 0),
    "RadialConstraint": (),
}
#: What a class of these names would be is in no model: bases, and the wrapper of mixed precision.
_BASES = ("Optimizer", "LearningRateSchedule", "Regularizer", "Constraint", "LossScaleOptimizer")


def check_complete():
    """Raises `LookupError` naming every exported optimizer, schedule, regulariser or constraint without a model."""
    from kshim import constraints, optimizers, regularizers

    for what, module, base, table in (
        ("optimizers", optimizers, optimizers.Optimizer, [cls for cls, _ in OPTIMIZERS.values()]),
        (
            "schedules",
            optimizers.schedules,
            optimizers.schedules.LearningRateSchedule,
            [c for c, _ in SCHEDULES.values()],
        ),
        ("regularizers", regularizers, regularizers.Regularizer, REGULARIZERS),
        ("constraints", constraints, constraints.Constraint, CONSTRAINTS),
    ):
        found = {c.__name__ for c in vars(module).values() if inspect.isclass(c) and issubclass(c, base)}
        missing = sorted(n for n in found if n not in table and n not in _BASES and not n.startswith("_"))
        if missing:
            raise LookupError(
                f"Exported {what} without a model: {', '.join(missing)}. Add them to kshim_conformance/models_parts.py."
            )


def data():
    """Inputs and targets of a smooth function."""
    x = generator("parts").standard_normal((SAMPLES, 4))
    return x, np.stack([np.sin(x[:, 0]) + 0.5 * x[:, 1], x[:, 2] * 0.3], -1)


def _small(optimizer, **how):
    from kshim import layers, models

    model = models.Sequential(
        [
            layers.Dense(6, activation="tanh", input_shape=(4,), **how),
            layers.Dense(2),
        ]
    )
    model.compile(optimizer, "mse")
    return (model, *data())


def _optimizer(cls, arguments):
    def build():
        from kshim import optimizers

        return (*_small(getattr(optimizers, cls)(**arguments)), {"shuffle": False})

    return build


def _schedule(cls, arguments):
    def build():
        from kshim import optimizers

        return _small(optimizers.SGD(getattr(optimizers.schedules, cls)(*arguments)))

    return build


def regularised():
    """Every regulariser on a kernel, one on a bias and one on the activity."""
    from kshim import layers, models, optimizers, regularizers

    made = [getattr(regularizers, name)(*arguments) for name, arguments in REGULARIZERS.items()]
    inputs = layers.Input(shape=(4,))
    x = inputs
    for one in made:
        x = layers.Dense(5, activation="tanh", kernel_regularizer=one)(x)
    x = layers.Dense(4, activation="elu", bias_regularizer="l2", activity_regularizer=regularizers.L1(1e-3))(x)
    model = models.Model(inputs, layers.Dense(2)(x))
    model.compile(optimizers.Adam(0.01), "mse")
    return (model, *data())


def constrained():
    """Every constraint on a kernel."""
    from kshim import constraints, layers, models, optimizers

    inputs = layers.Input(shape=(6, 6, 1))
    x = layers.Conv2D(3, 3, activation="tanh", kernel_constraint=constraints.RadialConstraint())(inputs)
    x = layers.Flatten()(x)
    for name, arguments in CONSTRAINTS.items():
        if name != "RadialConstraint":
            x = layers.Dense(5, activation="tanh", kernel_constraint=getattr(constraints, name)(*arguments))(x)
    model = models.Model(inputs, layers.Dense(2, bias_constraint="non_neg")(x))
    model.compile(optimizers.SGD(0.05, momentum=0.5), "mse")
    x = generator("constrained").standard_normal((SAMPLES, 6, 6, 1))
    return model, x, np.stack([x[:, 1:3].mean((1, 2, 3)), x[:, :, 2:].mean((1, 2, 3))], -1) * 2


MODELS = {
    **{f"optimizer_{name}": _optimizer(*row) for name, row in OPTIMIZERS.items()},
    **{f"schedule_{name}": _schedule(*row) for name, row in SCHEDULES.items()},
    "regularised": regularised,
    "constrained": constrained,
}
