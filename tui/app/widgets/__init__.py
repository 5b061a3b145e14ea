"""Widgets of the application: charts, digits and the pieces they share."""
