"""The command line: its words, its parser, its commands, and what they print and write."""
