"""Writes the files that are made from the contract: ``python -m tests.codegen``. It is no part of the wheel."""
