"""The words of Bailiwick as frozen values: names, conditions, services, roles, policies, requests.

No I/O, no clock, no configuration. Everything above imports this; this imports only the errors.
"""
