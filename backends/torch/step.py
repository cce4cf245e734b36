"""`compile_step` for an eager framework: move the batch, run the function, let nothing leak out."""

import threading

import numpy as np
import torch

from .convert import NUMPY
from .tree import map_tensors, rebuild


class _Donating(threading.local):
    """Whether the step that runs in this thread may overwrite its state."""

    value = False


_donating = _Donating()


def storage_address(x):
    return x.untyped_storage().data_ptr()


class Step:
    def _may_overwrite(self):
        return _donating.value

    def _batch_leaf(self, leaf, borrowed):
        """A batch leaf on the device; arrays read in place add their address to `borrowed`."""
        if isinstance(leaf, torch.Tensor):
            return leaf if leaf.device.type == self._device.type else leaf.to(self._device, non_blocking=True)
        array = np.asarray(leaf)
        flags = array.flags
        if array.dtype not in NUMPY or not (flags.c_contiguous and flags.writeable and flags.aligned):
            return self.from_numpy(array)
        x = torch.from_numpy(array)
        if self._device.type == "cpu":
            borrowed.add(storage_address(x))
            return x
        # From pageable memory the call returns once the array has been read, so it may change afterwards.
        return x.to(self._device, non_blocking=True)

    def compile_step(self, function, donate):
        def run(state, hyper, batch):
            borrowed = set()

            def result(x):
                x = x.detach() if x.requires_grad else x
                return x.clone() if borrowed and storage_address(x) in borrowed else x

            batch = rebuild(lambda leaf: self._batch_leaf(leaf, borrowed), batch)
            before, _donating.value = _donating.value, donate
            try:
                with torch.no_grad():
                    return map_tensors(result, function(state, hyper, batch))
            finally:
                _donating.value = before

        return run

    def host_scalar(self, value, dtype):
        return value

    def mix_key(self, key, words):
        return key[0] ^ words[0], key[1] ^ words[1]
