"""The sample company: an account with every example that the five source documents name.

`company.yaml` is what `bailiwick sample` applies; `questions.py` is what it then asks.
"""
