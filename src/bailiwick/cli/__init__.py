"""The command line: tables for people, JSON for machines, one meaning for every exit code.

0 done (or allowed), 1 denied (or different), 2 error. Talks to a server by BAILIWICK_URL and BAILIWICK_API_KEY;
only `init`, `serve`, `sample` and `--data` options touch a data directory.
"""
