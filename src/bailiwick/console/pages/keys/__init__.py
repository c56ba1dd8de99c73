"""What can be done with one API key on its pages, whoever's it is: changed, given another secret."""
