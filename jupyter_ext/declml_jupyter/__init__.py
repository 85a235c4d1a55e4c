"""What the notebook shows: ``%%declml`` cells, a live view of a training, tables and pictures that stay in the file."""
