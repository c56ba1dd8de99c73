"""Signing in from the command line: the flow, where its tokens are kept, and the commands for them.

What is kept is one's own and on one's own machine; nothing here decides what a server should.
"""
