"""How cost grows: with the size of a model, with steps and epochs, with data, and what dropout's masks cost."""
