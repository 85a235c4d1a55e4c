"""What may be written at the cursor: looked up from lines and words alone, ranked, and put as a client can take it."""
