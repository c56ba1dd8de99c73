"""OAuth and OpenID of an installation: applications, the tokens they get, and the people who let them."""
