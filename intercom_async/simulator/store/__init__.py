"""The records of one workspace, and the questions that can be asked of them."""
