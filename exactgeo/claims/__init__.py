"""What can be proved, and the certificates that say so."""
