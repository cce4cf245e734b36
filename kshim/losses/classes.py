"""The loss classes: a function, a reduction and a name each."""

from . import crossentropy as c
from . import extra
from . import regression as r
from .base import LossFunctionWrapper, reg
from .reduction import Reduction


def _simple(class_name, fn, name=None):
    """A class without parameters of its own."""
    default = name or fn.__name__

    def __init__(self, reduction=Reduction.AUTO, name=default, dtype=None):
        LossFunctionWrapper.__init__(self, fn, reduction=reduction, name=name, dtype=dtype)

    cls = type(
        class_name, (LossFunctionWrapper,), {"__init__": __init__, "__doc__": fn.__doc__, "__module__": __name__}
    )
    return reg.register(cls)


MeanSquaredError = _simple("MeanSquaredError", r.mean_squared_error)
MeanAbsoluteError = _simple("MeanAbsoluteError", r.mean_absolute_error)
MeanAbsolutePercentageError = _simple("MeanAbsolutePercentageError", r.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _simple("MeanSquaredLogarithmicError", r.mean_squared_logarithmic_error)
LogCosh = _simple("LogCosh", r.log_cosh)
Poisson = _simple("Poisson", r.poisson)
KLDivergence = _simple("KLDivergence", r.kl_divergence)
Hinge = _simple("Hinge", r.hinge)
SquaredHinge = _simple("SquaredHinge", r.squared_hinge)
CategoricalHinge = _simple("CategoricalHinge", r.categorical_hinge)
CTC = _simple("CTC", extra.ctc)


@reg()
class Huber(LossFunctionWrapper):
    """Half the square up to an error of `delta`, then linear."""

    def __init__(self, delta=1.0, reduction=Reduction.AUTO, name="huber_loss", dtype=None):
        super().__init__(r.huber, reduction=reduction, name=name, dtype=dtype, delta=delta)


@reg()
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions along `axis`."""

    def __init__(self, axis=-1, reduction=Reduction.AUTO, name="cosine_similarity", dtype=None):
        super().__init__(r.cosine_similarity, reduction=reduction, name=name, dtype=dtype, axis=axis)


@reg()
class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of yes/no labels."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction=Reduction.AUTO,
        name="binary_crossentropy",
        dtype=None,
    ):
        super().__init__(
            c.binary_crossentropy, reduction=reduction, name=name, dtype=dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


@reg()
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary crossentropy that plays down what is already well classified."""

    def __init__(
        self, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction=Reduction.AUTO, name="binary_focal_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(
            c.binary_focal_crossentropy, reduction=reduction, name=name, dtype=dtype,
            apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits, self.apply_class_balancing, self.alpha, self.gamma = (
            from_logits,
            apply_class_balancing,
            alpha,
            gamma,
        )


@reg()
class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot labels."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction=Reduction.AUTO,
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            c.categorical_crossentropy, reduction=reduction, name=name, dtype=dtype,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


@reg()
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Categorical crossentropy that plays down what is already well classified."""

    def __init__(
        self, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
        reduction=Reduction.AUTO, name="categorical_focal_crossentropy", dtype=None,
    ):  # fmt: skip
        super().__init__(
            c.categorical_focal_crossentropy, reduction=reduction, name=name, dtype=dtype, alpha=alpha, gamma=gamma,
            from_logits=from_logits, label_smoothing=label_smoothing, axis=axis,
        )  # fmt: skip
        self.from_logits, self.alpha, self.gamma = from_logits, alpha, gamma


@reg()
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of integer labels; `ignore_class` is left out of the mean, the classes are along `axis`."""

    def __init__(
        self, from_logits=False, ignore_class=None, reduction=Reduction.AUTO, name="sparse_categorical_crossentropy",
        axis=-1, dtype=None,
    ):  # fmt: skip
        kwargs = {"from_logits": from_logits, "ignore_class": ignore_class}
        if axis != -1:
            kwargs["axis"] = axis
        super().__init__(c.sparse_categorical_crossentropy, reduction=reduction, name=name, dtype=dtype, **kwargs)
        self.from_logits, self.ignore_class = from_logits, ignore_class


@reg()
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Crossentropy that withstands wrong labels: q near 0 is crossentropy, near 1 the absolute error."""

    def __init__(self, q=0.5, reduction=Reduction.AUTO, name="categorical_generalized_cross_entropy", dtype=None):
        if not 0 < q < 1:
            raise ValueError(f"`q` of CategoricalGeneralizedCrossEntropy must be in (0, 1); received q={q}.")
        super().__init__(extra.categorical_generalized_cross_entropy, reduction=reduction, name=name, dtype=dtype, q=q)
        self.q = q


@reg()
class Dice(LossFunctionWrapper):
    """1 - the Dice coefficient over `axis`."""

    def __init__(self, reduction=Reduction.AUTO, name="dice", axis=None, dtype=None):
        super().__init__(extra.dice, reduction=reduction, name=name, dtype=dtype, axis=axis)
        self.axis = axis


@reg()
class Tversky(LossFunctionWrapper):
    """1 - the Tversky index over `axis`."""

    def __init__(self, alpha=0.5, beta=0.5, reduction=Reduction.AUTO, name="tversky", axis=None, dtype=None):
        super().__init__(extra.tversky, reduction=reduction, name=name, dtype=dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha, self.beta, self.axis = alpha, beta, axis


@reg()
class Circle(LossFunctionWrapper):
    """Circle loss of normalised embeddings."""

    def __init__(
        self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction=Reduction.AUTO, name="circle", dtype=None
    ):
        super().__init__(
            extra.circle,
            reduction=reduction,
            name=name,
            dtype=dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._fn_kwargs)  # labels (n, 1) are not to be squeezed against embeddings
