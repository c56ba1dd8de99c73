"""Tokens for container registries: what a client asks for, who asks, and what it is answered.

`scopes` reads the asked scopes and turns them into questions for the engine and back into access entries,
`requests` reads the token request and its credentials, `replies` signs the token and forms the bodies.
This package must not decide: which questions are granted is an argument.
Source: distribution, Token Authentication Specification (scope, jwt, oauth); IBM Cloud Container Registry,
Accessing your namespaces in automation.
"""

from bailiwick.authn.registry.replies import (
    REGISTRY_TOKEN_LIFETIME_SECONDS,
    RegistryErrorCode,
    issue_registry_token,
    registry_error_body,
    registry_token_body,
)
from bailiwick.authn.registry.requests import (
    CredentialKind,
    PresentedCredential,
    RegistryTokenRequest,
    parse_basic_credentials,
    parse_token_request,
)
from bailiwick.authn.registry.scopes import (
    CATALOG_ACTION,
    REPOSITORY_ACTIONS,
    AccessEntry,
    RegistryQuestion,
    Repository,
    RequestedScope,
    find_repository,
    list_access,
    list_questions,
    parse_scopes,
)

__all__ = [
    "CATALOG_ACTION",
    "REGISTRY_TOKEN_LIFETIME_SECONDS",
    "REPOSITORY_ACTIONS",
    "AccessEntry",
    "CredentialKind",
    "PresentedCredential",
    "RegistryErrorCode",
    "RegistryQuestion",
    "RegistryTokenRequest",
    "Repository",
    "RequestedScope",
    "find_repository",
    "issue_registry_token",
    "list_access",
    "list_questions",
    "parse_basic_credentials",
    "parse_scopes",
    "parse_token_request",
    "registry_error_body",
    "registry_token_body",
]
