"""The catalog room: from text to validated values. Text and values in, values out; reads no files.

- `sources`: YAML text to plain documents with lines: `parse_documents`, `iter_documents`.
- `entries`: a Service document to a value and back: `parse_service`, `format_service`.
- `catalog`: all system services: `parse_catalog`, `Catalog`.
- `documents`: an account's documents to values and back: `parse_document`, `parse_all`, `format_document`,
  `assemble_account`, `kind_of`, `name_of`, `key_of`.
- `checks`: does everything that an account's values name exist and fit: `check_account`.

Implements the grammar of docs/spec.md sections 1 to 6. `services/` holds the shipped entries as data.
"""
