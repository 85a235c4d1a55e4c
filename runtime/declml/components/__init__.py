"""One file per name that a config can say: its parameters first, the code that it stands for after them."""
