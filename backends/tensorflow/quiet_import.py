"""`import tensorflow` without Keras.

TensorFlow ends its own import by loading all of Keras, for optimizers Keras registers with SavedModel, and carries on
where Keras cannot be imported. During that import, in this thread, Keras looks uninstalled; afterwards a script's
`tf.keras` loads it as ever.
"""

import sys
import threading


class _Without:
    def __init__(self, names):
        self.names, self.thread = names, threading.get_ident()

    def find_spec(self, name, path=None, target=None):
        if name in self.names and threading.get_ident() == self.thread:
            raise ImportError(f"{name} is not loaded while TensorFlow is being imported", name=name)
        return None


def _load():
    if "tensorflow" in sys.modules:
        return
    finder = _Without(("keras.src", "tf_keras.src"))
    sys.meta_path.insert(0, finder)
    try:
        import tensorflow  # noqa: F401
    finally:
        sys.meta_path.remove(finder)


_load()
