"""Which view a training gets: the widget where somebody looks, lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from declml_jupyter.live_view import View
from declml_jupyter.plain_view import PlainView, QuietView
from declml_jupyter.shell import Shell, is_kernel, shows_widgets


def view_for(
    shell: Shell,
    *,
    root: Path,
    on_stop: Callable[[bool], None],
    is_plain: bool = False,
    is_background: bool = False,
    is_awaited: bool = False,
) -> View:
    """Return a view that is on the screen. ``is_awaited`` says that the kernel hears pages while the cell waits."""
    if not is_plain and shows_widgets(shell):
        # Imported here: a kernel that nobody looks at loads no widgets.
        from declml_jupyter.widget_view import WidgetView

        return WidgetView(root=root, on_stop=on_stop, keeps_table=is_background, hears=is_awaited)
    return QuietView() if is_background else PlainView(is_kernel=is_kernel(shell))
