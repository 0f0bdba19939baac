"""The report of a month for the acceptance sheet: one HTML file, with nothing from elsewhere."""
