"""Callbacks that report to something outside: `RemoteMonitor`, `TensorBoard`."""

import json
import warnings

import numpy as np

from ..errors import UnsupportedError
from .base import Callback


class RemoteMonitor(Callback):
    """Sends each epoch's number and logs to `root + path` by HTTP POST; a server that is not there is a warning.

    The JSON text is the form field `field`, or with `send_as_json` the body itself.
    """

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        import urllib.error
        import urllib.parse
        import urllib.request

        values = {"epoch": epoch}
        for name, value in (logs or {}).items():
            # arrays of one element, as Keras sends them, and arrays of more as lists
            values[name] = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        text = json.dumps(values)
        headers = dict(self.headers or {})
        if self.send_as_json:
            body = text.encode()
            headers.setdefault("Content-Type", "application/json")
        else:
            body = urllib.parse.urlencode({self.field: text}).encode()
        request = urllib.request.Request(self.root + self.path, data=body, headers=headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            error.close()
            warnings.warn(f"RemoteMonitor: {self.root} answered {error.code} {error.reason}.", stacklevel=2)
        except OSError as error:
            warnings.warn(f"RemoteMonitor: could not reach the server at {self.root}: {error}.", stacklevel=2)


class TensorBoard(Callback):
    """TensorBoard's event files are TensorFlow's format and are not written: creating one raises `UnsupportedError`."""

    def __init__(self, log_dir="logs", *args, **kwargs):
        super().__init__()
        raise UnsupportedError(
            f"The TensorBoard callback (log_dir={log_dir!r}) is not supported: its event files need TensorFlow's "
            "summary writer. Remove it from callbacks, or use keras.callbacks.CSVLogger('training.csv') for the same "
            "numbers in a file; fit returns them too, in History.history."
        )
