"""What is counted and how: pure functions from facts to the rows, files and figures of the data set."""
