"""What the programs around the court are made of: looking for fraud, judging it, reporting it, answering challenges."""
