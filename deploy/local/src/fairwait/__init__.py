"""The whole of Fairwait on one machine, with one command."""
