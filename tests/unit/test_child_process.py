"""Python processes that the package starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from conduit_widget.child_process import child_environment, python_command
from conduit_widget.providers.local.child import ChildReady, ChildSettings


def test_local_model_s_child_runs_no_file_of_the_present_folder(tmp_path: Path) -> None:
    """Files beside the notebook stand in for no module it imports, even where it is started there."""
    for name in ("html", "json", "msgspec", "xllamacpp"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the folder ran')")
    settings = ChildSettings(
        model_path=str(tmp_path / "none.gguf"),
        model_name="none",
        api_key="k",
        path_prefix="/p",
        threads=1,
        slots=1,
        context_tokens=64,
    )
    done = subprocess.run(
        python_command("conduit_widget.providers.local.child"),
        cwd=tmp_path,
        env=child_environment(),
        input=msgspec.json.encode(settings) + b"\n",
        capture_output=True,
        check=False,
        timeout=200,
    )
    assert b"a file of the folder ran" not in done.stderr + done.stdout
    assert msgspec.json.decode(done.stdout, type=ChildReady).error, "it came as far as the missing model"
