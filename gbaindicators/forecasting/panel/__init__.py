"""The engine that forecasts many series at once: smoothing models, their combination, and the spread of their errors."""
