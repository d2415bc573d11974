"""``python -m codegen`` writes the generated files; the tests compare them with what it would write."""

from __future__ import annotations

from codegen.files import generated_files


def main() -> None:
    """Write every generated file."""
    for path, text in generated_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
