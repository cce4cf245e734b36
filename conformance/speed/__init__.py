"""Speed of training steps and predictions against Keras and hand-written loops, interleaved in one run on one machine."""
