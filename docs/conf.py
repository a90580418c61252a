"""The configuration of Sphinx. Parts of the pages come from the code, by ``extensions/generated.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from runtime_backend import __version__

project = "runtime-backend"
author = "the developers of runtime-backend"
project_copyright = "2026, the developers of runtime-backend"
release = version = __version__

extensions = ["myst_parser", "sphinx_copybutton", "generated"]
exclude_patterns = ["_build", "extensions"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "runtime-backend"
html_static_path = ["static"]
html_css_files = ["wrapping.css"]
html_theme_options = {
    "source_repository": "https://github.com/runtime-backend/runtime-backend/",
    "source_branch": "main",
    "source_directory": "docs/",
}
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "friendly"
suppress_warnings = ["myst.xref_ambiguous"]
