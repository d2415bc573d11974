"""``python -m tests.codegen`` writes the generated files; the tests compare them with what it would write."""

from __future__ import annotations

from tests.codegen.files import GENERATED_FILES, generated_text


def main() -> None:
    """Write every generated file."""
    for path in GENERATED_FILES:
        path.write_text(generated_text(path), encoding="utf-8")


if __name__ == "__main__":
    main()
