"""The seam between the frontend and the backends.

What may be relied on here: shapes are Python ints, dtypes are strings, axes are non-negative, padding is
explicit `(low, high)` pairs, image data is channels-last. Everything Keras leaves open ("same", negative axes,
channels_first, old spellings, dtype promotion, error texts) is settled before a call gets here.
"""
