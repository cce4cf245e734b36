"""What is going on right now: the training flag of the enclosing call, symbolic building, the running step's key."""

import threading


class _Context(threading.local):
    #: training flag of the innermost layer call (None: nothing decided)
    training = None
    #: the compute dtype of the innermost layer call in mixed precision, in which it sees its float variables, or None
    autocast = None
    #: > 0 while shapes only are computed
    symbolic = 0
    #: stand-ins for unknown sizes in use while shapes only are computed
    hidden_sizes = None
    #: the (k0, k1) pair of the running training step, or None
    step_key = None
    #: draws made so far in the running step, by stream
    draws = None
    #: lists that collect what layers add during the current call of a model (None: keep on the layer)
    losses = None
    metrics = None
    #: list that collects (depth, values by id of symbolic tensor) of the outermost graphs that run (None: nobody asks)
    graph_runs = None
    #: where ops on symbolic tensors find the values of the running step (`symbolic.StepValues`), or None
    step_values = None
    #: dict that collects the variables read while a step is traced (None: nobody asks)
    reads = None
    #: dict that collects the variables assigned while a step is traced, with what they held before (None: nobody asks)
    writes = None
    #: function of (layer, inputs, outputs) called after each layer's `call`, which gives the outputs to go on with, or None
    observe = None
    #: list of the weights made while a model comes from a file, which are drawn if they are read (None: draw at once)
    undrawn = None
    #: depth of nested layer calls
    depth = 0
    #: name scopes of layers under construction or call, for variable paths
    scopes = ()

    def __init__(self):
        self.hidden_sizes = []


context = _Context()


class symbolic_scope:
    """While it is open, layers compute shapes only."""

    def __enter__(self):
        context.symbolic += 1

    def __exit__(self, *_):
        context.symbolic -= 1


class step_scope:
    """One training step: random draws come from `key`, losses and metric results added by layers are collected."""

    def __init__(self, key):
        self.key = key
        self.losses = []
        self.metrics = []

    def __enter__(self):
        c = context
        self._saved = (c.step_key, c.draws, c.losses, c.metrics)
        c.step_key, c.draws, c.losses, c.metrics = self.key, {}, self.losses, self.metrics
        return self

    def __exit__(self, *_):
        c = context
        c.step_key, c.draws, c.losses, c.metrics = self._saved
