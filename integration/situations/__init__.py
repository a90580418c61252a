"""Commands that people run, each judged by the torch that its environment has afterwards."""
