"""A stand-in for TensorFlow: what Keras programs use of `tensorflow`, on kshim's ops, for every backend.

It is what `import tensorflow` gives under the redirect, unless the tensorflow backend is chosen and TensorFlow is
installed; then it is TensorFlow itself with `tf.keras` replaced (`real`).
"""


def resolve(path):
    """See `namespaces.resolve`."""
    from . import namespaces

    return namespaces.resolve(path)


def explain(path):
    """See `namespaces.explain`."""
    from . import namespaces

    return namespaces.explain(path)
