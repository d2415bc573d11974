"""Writes the files that are made from the contract: ``python -m tests.codegen``; no part of the wheel."""
