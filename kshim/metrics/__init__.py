"""Metrics: `keras.metrics` of Keras 1, 2 and 3."""

from .. import losses as _losses
from .auc import AUC, AUCCurve, AUCSummationMethod
from .base import Metric, reg
from .confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from .counts import ConfusionMatrix
from .matches import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .overlap import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from .reduce import Mean, MeanMetricWrapper, MeanTensor, Sum
from .resolve import SHAPED_NAMES, as_metric, get, resolve_by_shape
from .scores import (
    ConcordanceCorrelation,
    F1Score,
    FBetaScore,
    PearsonCorrelation,
    R2Score,
    concordance_correlation,
    pearson_correlation,
)
from .wrapped import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanRelativeError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    cosine_similarity,
)

mean_squared_error = mse = MSE = reg.register(_losses.mean_squared_error, "mse", "MSE")
mean_absolute_error = mae = MAE = reg.register(_losses.mean_absolute_error, "mae", "MAE")
mean_absolute_percentage_error = mape = MAPE = reg.register(_losses.mean_absolute_percentage_error, "mape", "MAPE")
mean_squared_logarithmic_error = msle = MSLE = reg.register(_losses.mean_squared_logarithmic_error, "msle", "MSLE")
kl_divergence = kullback_leibler_divergence = kld = KLD = reg.register(
    _losses.kl_divergence, "kld", "KLD", "kullback_leibler_divergence"
)
log_cosh = logcosh = reg.register(_losses.log_cosh, "logcosh")
binary_crossentropy = bce = BCE = reg.register(_losses.binary_crossentropy, "bce", "BCE")
categorical_crossentropy = reg.register(_losses.categorical_crossentropy)
sparse_categorical_crossentropy = reg.register(_losses.sparse_categorical_crossentropy)
binary_focal_crossentropy = reg.register(_losses.binary_focal_crossentropy)
categorical_focal_crossentropy = reg.register(_losses.categorical_focal_crossentropy)
poisson = reg.register(_losses.poisson)
hinge = reg.register(_losses.hinge)
squared_hinge = reg.register(_losses.squared_hinge)
categorical_hinge = reg.register(_losses.categorical_hinge)
huber = reg.register(_losses.huber)
cosine_proximity = cosine = cosine_similarity
resolve_accuracy = resolve_by_shape

__all__ = [
    "AUC", "AUCCurve", "AUCSummationMethod", "Accuracy", "BCE", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU",
    "CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "ConfusionMatrix",
    "CosineSimilarity", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLD",
    "KLDivergence", "LogCoshError", "MAE", "MAPE", "MSE", "MSLE", "Mean", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanIoU", "MeanMetricWrapper", "MeanRelativeError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "MeanTensor", "Metric", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation",
    "Poisson", "Precision", "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "RootMeanSquaredError",
    "SHAPED_NAMES", "SensitivityAtSpecificity", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy",
    "TrueNegatives", "TruePositives", "accuracy", "as_metric", "bce", "binary_accuracy", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_accuracy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_hinge", "concordance_correlation", "cosine", "cosine_proximity", "cosine_similarity", "deserialize",
    "get", "hinge", "huber", "kl_divergence", "kld", "kullback_leibler_divergence", "log_cosh", "logcosh", "mae",
    "mape", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle", "pearson_correlation", "poisson", "resolve_accuracy",
    "resolve_by_shape", "serialize", "sparse_categorical_accuracy", "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy", "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip


def serialize(metric, use_legacy_format=False):
    """Config of a metric object, the name of a metric function; `use_legacy_format` gives the two keys of Keras 2."""
    config = reg.serialize(metric)
    if use_legacy_format and isinstance(config, dict):
        return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """A metric from what `serialize` or any Keras wrote."""
    return reg.deserialize(config, custom_objects)
