"""``python -m declml`` is the command ``declml``."""

from declml.cli.main import main

if __name__ == "__main__":
    main()
