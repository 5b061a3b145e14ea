"""Charts beside each other that are read at one place and zoomed alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.app.widgets.chart import Chart


class LinkedCharts:
    """What a widget with several charts of one x axis has in common, to be mixed in."""

    charts: Mapping[Any, Chart]

    def point_at(self, x: float | None) -> None:
        """Read every chart at a place on the x axis, or no longer."""
        for chart in self.charts.values():
            chart.cursor, chart.elsewhere = None, x

    def on_chart_looked(self, event: Chart.Looked) -> None:
        """Read all charts at the same place."""
        for chart in self.charts.values():
            if chart is not event.chart:
                chart.cursor, chart.elsewhere = None, event.chart.cursor_x

    def on_chart_wheel(self, event: Chart.Wheel) -> None:
        """Zoom all charts alike."""
        for chart in self.charts.values():
            chart.zoom = event.chart.zoom
        self.show_zoomed()

    def show_zoomed(self) -> None:
        """Show what depends on the zoom besides the charts; here, nothing."""
