"""`keras.wrappers`: Keras models as scikit-learn estimators."""

from . import scikit_learn

__all__ = ["scikit_learn"]
