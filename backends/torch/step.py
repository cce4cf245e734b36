"""`compile_step` for an eager framework: move the batch, run the function, let nothing leak out."""

import threading

import numpy as np
import torch

from .convert import NUMPY
from .tree import rebuild


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
        """A batch leaf on the device; arrays read in place add where they begin and end to `borrowed`."""
        if isinstance(leaf, torch.Tensor):
            return leaf if leaf.device.type == self._device.type else leaf.to(self._device, non_blocking=True)
        array = np.asarray(leaf)
        flags = array.flags
        if array.dtype not in NUMPY or not (flags.c_contiguous and flags.writeable and flags.aligned):
            return self.from_numpy(array)
        x = torch.from_numpy(array)
        if self._device.type == "cpu":
            start = x.data_ptr()
            borrowed.append((start, start + array.nbytes))
            return x
        # From pageable memory the call returns once the array has been read, so it may change afterwards.
        return x.to(self._device, non_blocking=True)

    def compile_step(self, function, donate):
        def run(state, hyper, batch):
            borrowed = []

            def result(x):
                if not isinstance(x, torch.Tensor):
                    return x
                if x.requires_grad:
                    x = x.detach()
                at = x.data_ptr()
                for start, stop in borrowed:
                    if start <= at < stop:
                        return x.clone()
                return x

            batch = rebuild(lambda leaf: self._batch_leaf(leaf, borrowed), batch)
            before, _donating.value = _donating.value, donate
            try:
                with torch.no_grad():
                    return rebuild(result, function(state, hyper, batch))
            finally:
                _donating.value = before

        return run

    def host_scalar(self, value, dtype):
        return value

    def mix_key(self, key, words):
        return key[0] ^ words[0], key[1] ^ words[1]
