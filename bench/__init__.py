"""Fixed worlds and what is measured on them; docs/performance.md says how to read the figures."""
