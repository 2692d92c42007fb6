"""The page: template, style and script of `report.html`."""
