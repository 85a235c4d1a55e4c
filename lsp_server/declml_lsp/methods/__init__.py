"""One file per method of the protocol: a plain function from a snapshot to the answer."""
