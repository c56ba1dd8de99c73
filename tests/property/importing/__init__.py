"""What is imported decides as the original grammar does: evaluators of theirs, and generated policies and requests."""
