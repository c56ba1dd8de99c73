"""OAuth and OpenID as pure rules: requests read, redirects compared, codes proved, identity claims written.

It must not do I/O, read a clock or know an account; service/oauth does.
"""
