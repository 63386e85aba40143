"""The English of every sentence, and what keeps it in step with the Thai."""
