"""``python -m declml_lsp`` is ``declml lsp``."""

from declml_lsp.command import lsp

if __name__ == "__main__":
    lsp(prog_name="declml lsp")
