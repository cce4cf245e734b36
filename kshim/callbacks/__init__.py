"""`keras.callbacks`."""

from .backup import BackupAndRestore
from .base import Callback
from .checkpoint import ModelCheckpoint
from .container import CallbackList
from .csv_logger import CSVLogger
from .early_stopping import EarlyStopping
from .history import BaseLogger, History, LambdaCallback, TerminateOnNaN
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .logs import LazyLogs
from .progress import ProgbarLogger
from .remote import RemoteMonitor, TensorBoard
from .swap_ema import SwapEMAWeights

__all__ = [
    "BackupAndRestore",
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LazyLogs",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
