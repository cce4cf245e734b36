"""Recurrent layers and cells."""

from .base import RNN, StackedRNNCells
from .gru import GRU, GRUCell
from .lstm import LSTM, LSTMCell
from .simple import SimpleRNN, SimpleRNNCell

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells"]
