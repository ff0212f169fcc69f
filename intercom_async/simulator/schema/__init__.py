"""What is known of every operation, and the answers that follow from it."""
