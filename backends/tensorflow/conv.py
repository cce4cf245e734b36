"""Matrix products and convolutions.

On the CPU TensorFlow has no gradient of dilated or grouped convolutions and no explicit padding in three dimensions;
those are put together here from what it has. One spatial axis is handled as two, the first of length 1.
"""

import tensorflow as tf

from kshim.spec import shape_rules

from .padding import around, named

_LAYOUT = {2: "NHWC", 3: "NDHWC"}


def _any_above_one(sizes):
    return any(s > 1 for s in sizes)


def _every(x, strides):
    """Every s-th position of each spatial axis."""
    steps = [1, *strides, 1]
    return tf.strided_slice(x, [0] * len(steps), x.shape.as_list(), steps)


class Conv:
    def matmul(self, x, y):
        if x.dtype.is_integer and x.dtype not in (tf.int32, tf.int64):
            return tf.cast(tf.matmul(tf.cast(x, tf.int64), tf.cast(y, tf.int64)), x.dtype)
        return tf.matmul(x, y)

    def conv(self, x, kernel, strides, pads, dilation, groups):
        if not x.shape.num_elements():  # the kernels have no gradient for it
            return tf.zeros(
                shape_rules.conv(tuple(x.shape), tuple(kernel.shape), strides, pads, dilation, groups), x.dtype
            )
        if x.shape.rank == 3:
            # Both strides alike, for the depthwise kernel takes no others; along length 1 they do nothing.
            y = self._conv(x[:, None], kernel[None], strides * 2, ((0, 0), *pads), (1, *dilation), groups)
            return tf.squeeze(y, 1)
        return self._conv(x, kernel, strides, pads, dilation, groups)

    def _conv(self, x, kernel, strides, pads, dilation, groups):
        strides, dilation, dense = list(strides), list(dilation), not _any_above_one(dilation)
        if self._gpu and len(strides) == 2:
            return tf.nn.conv2d(x, kernel, strides, around(pads), dilations=dilation)
        if not dense and _any_above_one(strides):
            return _every(self._conv(x, kernel, [1] * len(strides), pads, dilation, groups), strides)
        if groups == 1:
            return self._plain(x, kernel, strides, pads, dilation)
        channels, filters = x.shape[-1], kernel.shape[-1]
        if groups == channels and len(strides) == 2:
            return self._depthwise(x, kernel, strides, pads, dilation, filters // channels)
        pieces = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
        return tf.concat([self._plain(a, k, strides, pads, dilation) for a, k in pieces], -1)

    def _plain(self, x, kernel, strides, pads, dilation):
        if len(strides) == 2 and not _any_above_one(dilation):
            return tf.nn.conv2d(x, kernel, strides, named(x.shape[1:-1], kernel.shape[:2], strides, pads))
        if any(map(any, pads)):
            x = tf.pad(x, around(pads))
        # The layout is named because the eager gradient of Conv3D needs it said.
        if _any_above_one(dilation):
            return tf.nn.convolution(x, kernel, strides, "VALID", _LAYOUT[len(strides)], dilation)
        return tf.nn.conv3d(x, kernel, [1, *strides, 1], "VALID", _LAYOUT[3])

    def _depthwise(self, x, kernel, strides, pads, dilation, multiplier):
        kernel = tf.reshape(kernel, [*kernel.shape[:2], x.shape[-1], multiplier])
        if strides[0] != strides[1]:
            return _every(self._depthwise(x, kernel, [1, 1], pads, dilation, multiplier), strides)
        if _any_above_one(dilation):
            x, padding = tf.pad(x, around(pads)), "VALID"
        else:
            padding = named(x.shape[1:-1], kernel.shape[:2], strides, pads)
        return tf.nn.depthwise_conv2d(x, kernel, [1, *strides, 1], padding, dilations=dilation)

    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        if not x.shape.num_elements():
            return tf.zeros((x.shape[0], *output_size, kernel.shape[-2]), x.dtype)
        if x.shape.rank == 3:
            size = (1, *output_size)
            y = self._back(x[:, None], kernel[None], (1, *strides), ((0, 0), *pads), (1, *dilation), size)
            return tf.squeeze(y, 1)
        return self._back(x, kernel, strides, pads, dilation, output_size)

    def _back(self, x, kernel, strides, pads, dilation, output_size):
        rank, filters = len(strides), kernel.shape[-2]
        native = self._gpu or not _any_above_one(dilation)
        if native and rank == 2:
            window = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation)]
            padding = named(output_size, window, strides, pads)
            explicit = [p for pair in padding for p in pair] if isinstance(padding, list) else []
            return tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.constant([x.shape[0], *output_size, filters]),
                filter=kernel,
                out_backprop=x,
                strides=[1, *strides, 1],
                padding="EXPLICIT" if explicit else padding,
                explicit_paddings=explicit,
                dilations=[1, *dilation, 1],
            )
        if native:
            padded = [size + low + high for size, (low, high) in zip(output_size, pads)]
            y = tf.raw_ops.Conv3DBackpropInputV2(
                input_sizes=tf.constant([x.shape[0], *padded, filters]),
                filter=kernel,
                out_backprop=x,
                strides=[1, *strides, 1],
                padding="VALID",
                dilations=[1, *dilation, 1],
            )
            return tf.slice(y, [0, *(low for low, _ in pads), 0], [x.shape[0], *output_size, filters])
        return self._back_dilated(x, kernel, strides, pads, dilation, output_size)

    def _back_dilated(self, x, kernel, strides, pads, dilation, output_size):
        """The same as a dilated convolution of x, its elements moved `strides` apart, with the kernel turned round."""
        rank = len(strides)
        spatial = x.shape.as_list()[1:-1]
        wide = [(d - 1) * s + 1 for d, s in zip(spatial, strides)]
        if _any_above_one(strides):
            shape = [x.shape[0], *wide, x.shape[-1]]
            x = tf.raw_ops.StridedSliceGrad(
                shape=shape, begin=[0] * len(shape), end=shape, strides=[1, *strides, 1], dy=x
            )
        around, crop = [], []
        for size, (low, _), k, d, w in zip(output_size, pads, kernel.shape[:rank], dilation, wide):
            reach = (k - 1) * d
            before, after = reach - low, size - w + low
            around.append((max(before, 0), max(after, 0)))
            crop.append((max(-before, 0), w - max(-after, 0)))
        if any(pair != (0, w) for pair, w in zip(crop, wide)):
            x = x[(slice(None), *(slice(start, stop) for start, stop in crop))]
        turned = tf.reverse(kernel, list(range(rank)))
        turned = tf.transpose(turned, [*range(rank), rank + 1, rank])
        return self._conv(x, turned, [1] * rank, around, dilation, 1)
