"""The language server of declml: what an editor shows of a config. Loads no tensors and no tables."""
