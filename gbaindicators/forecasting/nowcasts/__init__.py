"""Nowcasts of quarterly growth from monthly indicators as they are published, and their news."""
