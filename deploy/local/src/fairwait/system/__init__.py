"""Everything of Fairwait as processes of this machine: started, watched, stopped, found again."""
