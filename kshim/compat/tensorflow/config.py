"""`tf.config`, `tf.test` and `tf.distribute`: what devices there are, and settings that need no action here."""

import contextlib
from typing import NamedTuple

from . import system

__all__ = [
    "LogicalDevice", "LogicalDeviceConfiguration", "PhysicalDevice", "VirtualDeviceConfiguration",
    "get_visible_devices", "list_logical_devices", "list_physical_devices", "run_functions_eagerly",
    "set_logical_device_configuration", "set_memory_growth", "set_soft_device_placement",
    "set_virtual_device_configuration", "set_visible_devices", "enable_tensor_float_32_execution",
    "functions_run_eagerly", "get_memory_growth",
]  # fmt: skip


class PhysicalDevice(NamedTuple):
    """A device: `name` such as '/physical_device:GPU:0', `device_type` 'CPU' or 'GPU'."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as TensorFlow would address it: '/device:GPU:0'."""

    name: str
    device_type: str


class LogicalDeviceConfiguration:
    """Accepted and not used: the backend manages its memory."""

    def __init__(self, memory_limit=None, experimental_priority=None, experimental_device_ordinal=None):
        self.memory_limit = memory_limit


VirtualDeviceConfiguration = LogicalDeviceConfiguration


def _devices(kind, prefix, device_type):
    names = [("CPU", 0)] + [("GPU", i) for i, _ in enumerate(system.gpus())]
    return [kind(f"{prefix}{t}:{i}", t) for t, i in names if device_type in (None, t)]


def list_physical_devices(device_type=None):
    """The processor and the backend's other devices, as GPUs."""
    return _devices(PhysicalDevice, "/physical_device:", device_type)


def list_logical_devices(device_type=None):
    return _devices(LogicalDevice, "/device:", device_type)


get_visible_devices = list_physical_devices


def set_memory_growth(device, enable):
    """Nothing to do: the backend manages its memory."""


def get_memory_growth(device):
    return True


def set_visible_devices(devices, device_type=None):
    """Nothing to do: KSHIM_DEVICE chooses the device."""


def set_logical_device_configuration(device, logical_devices):
    """Nothing to do: the backend manages its memory."""


set_virtual_device_configuration = set_logical_device_configuration


def set_soft_device_placement(enabled):
    """Nothing to do: kshim runs on one device."""


def run_functions_eagerly(run_eagerly):
    """Nothing to do: `tf.function` leaves functions as they are."""


def functions_run_eagerly():
    return True


def enable_tensor_float_32_execution(enabled):
    """Nothing to do: kshim computes in full precision."""


def set_threads(num_threads):
    """Nothing to do: set OMP_NUM_THREADS before starting."""


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    return bool(system.gpus())


def is_built_with_cuda():
    return bool(system.gpus())


def gpu_device_name():
    """'/device:GPU:0', or '' without one."""
    return "/device:GPU:0" if system.gpus() else ""


class DeviceAttributes(NamedTuple):
    """A line of `device_lib.list_local_devices()`."""

    name: str
    device_type: str
    memory_limit: int = 0
    physical_device_desc: str = ""


def list_local_devices(session_config=None):
    return [DeviceAttributes(d.name, d.device_type) for d in list_logical_devices()]


class Strategy:
    """A distribution strategy over the one device there is."""

    num_replicas_in_sync = 1

    def __init__(self, *args, **kwargs):
        self.extended = self

    def scope(self):
        return contextlib.nullcontext(self)

    def run(self, fn, args=(), kwargs=None):
        return fn(*args, **(kwargs or {}))


def get_strategy():
    return Strategy()
