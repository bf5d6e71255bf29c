"""Models that are fitted to one series at a time and come with the summaries that economists expect."""
