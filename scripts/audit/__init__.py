"""What the auditors' programs are made of: reading a log's chain and files, rebuilding, and telling what was found."""
