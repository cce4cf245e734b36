"""`import kshim.auto` at the top of a script: from here on `import keras` and `import tensorflow.keras` give kshim."""

from .compat.redirect import install

install()
