"""What is rendered from a case: the two reports, their charts, and the exports."""
