"""Recurrent layers: torch's own kernels where the activations are theirs, else a loop with little in it."""

import torch

_NATIVE_RNN = {"tanh": torch._VF.rnn_tanh, "relu": torch._VF.rnn_relu}


def _native(*tensors):
    """Whether torch's kernels take these: floats of one dtype, nothing empty."""
    dtype = tensors[0].dtype
    return dtype.is_floating_point and all(t is None or (t.dtype is dtype and t.numel()) for t in tensors)


def _parameters(kernel, recurrent, bias, recurrent_bias=None):
    """The parameter list of torch's functions: transposed kernels, then both biases or none."""
    if bias is None and recurrent_bias is None:
        return (kernel.t(), recurrent.t()), False
    bias = torch.zeros_like(recurrent_bias) if bias is None else bias
    recurrent_bias = torch.zeros_like(bias) if recurrent_bias is None else recurrent_bias
    return (kernel.t(), recurrent.t(), bias, recurrent_bias), True


def _reset_first(x, axis):
    """Gates z, r, h in torch's order r, z, h."""
    z, r, h = x.chunk(3, axis)
    return torch.cat([r, z, h], axis)


class Recurrent:
    def _call(self, function, x, state, parameters, has_bias, reverse):
        """One layer of one direction, the batch first."""
        x = x.flip(1) if reverse else x
        # cuDNN keeps what the backward pass needs only in training mode.
        return function(x, state, parameters, has_bias, 1, 0.0, torch.is_grad_enabled(), False, True)

    def _steps(self, x, kernel, bias, reverse):
        """The input's part of the gates of every step, in processing order."""
        z = self.dense(x, kernel, bias).unbind(1)
        return reversed(z) if reverse else z

    def lstm(self, x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
        if x.shape[1] == 0:
            return super().lstm(x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse)
        names = activation, recurrent_activation
        if names == ("tanh", "sigmoid") and not self._nested() and _native(x, h, c, kernel, recurrent, bias):
            parameters, has_bias = _parameters(kernel, recurrent, bias)
            state = h.unsqueeze(0).contiguous(), c.unsqueeze(0).contiguous()
            y, h, c = self._call(torch._VF.lstm, x, state, parameters, has_bias, reverse)
            return y, h.squeeze(0), c.squeeze(0)
        act, gate = getattr(self, activation), getattr(self, recurrent_activation)
        ys = []
        for z in self._steps(x, kernel, bias, reverse):
            i, f, g, o = torch.addmm(z, h, recurrent).chunk(4, 1)
            c = torch.addcmul(gate(f) * c, gate(i), act(g))
            h = gate(o) * act(c)
            ys.append(h)
        return torch.stack(ys, 1), h, c

    def gru(
        self, x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
    ):
        args = kernel, recurrent, bias, recurrent_bias
        if x.shape[1] == 0:
            return super().gru(x, h, *args, activation, recurrent_activation, reset_after, reverse)
        names = activation, recurrent_activation
        if reset_after and names == ("tanh", "sigmoid") and not self._nested() and _native(x, h, *args):
            ordered = (None if t is None else _reset_first(t, t.dim() - 1) for t in args)
            parameters, has_bias = _parameters(*ordered)
            y, h = self._call(torch._VF.gru, x, h.unsqueeze(0).contiguous(), parameters, has_bias, reverse)
            return y, h.squeeze(0)
        act, gate = getattr(self, activation), getattr(self, recurrent_activation)
        units = recurrent.shape[0]
        widths = (2 * units, units)
        u_zr, u_h = recurrent.split(widths, 1)
        ys = []
        for zs in self._steps(x, kernel, bias, reverse):
            x_zr, x_h = zs.split(widths, 1)
            if reset_after:
                i_zr, i_h = self.dense(h, recurrent, recurrent_bias).split(widths, 1)
                z, r = gate(x_zr + i_zr).chunk(2, 1)
                new = act(torch.addcmul(x_h, r, i_h))
            else:
                z, r = gate(torch.addmm(x_zr, h, u_zr)).chunk(2, 1)
                new = act(torch.addmm(x_h, r * h, u_h))
            h = torch.addcmul(new, z, h - new)
            ys.append(h)
        return torch.stack(ys, 1), h

    def simple_rnn(self, x, h, kernel, recurrent, bias, activation, reverse):
        if x.shape[1] == 0:
            return super().simple_rnn(x, h, kernel, recurrent, bias, activation, reverse)
        if activation in _NATIVE_RNN and not self._nested() and _native(x, h, kernel, recurrent, bias):
            parameters, has_bias = _parameters(kernel, recurrent, bias)
            function = _NATIVE_RNN[activation]
            y, h = self._call(function, x, h.unsqueeze(0).contiguous(), parameters, has_bias, reverse)
            return y, h.squeeze(0)
        act, ys = getattr(self, activation), []
        for z in self._steps(x, kernel, bias, reverse):
            h = act(torch.addmm(z, h, recurrent))
            ys.append(h)
        return torch.stack(ys, 1), h
