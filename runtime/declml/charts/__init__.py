"""Pictures of a run: what is drawn, as data, and the drawing. Knows nothing of models and of run folders."""
