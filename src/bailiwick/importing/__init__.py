"""Policies of other clouds as documents of an account: Huawei/OTC, IBM, AWS.

Pure: texts in, documents and notes out, or Invalid with every refusal. Knows catalog and model, no engine and no store.
Implements docs/spec.md section 23: what cannot be expressed exactly is refused; nothing is ever widened.
"""
