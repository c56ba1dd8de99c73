"""The console: pages for people, each answering from the engine and governed by it."""
