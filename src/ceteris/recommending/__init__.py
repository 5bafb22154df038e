"""Which version to ship: decided from the intervals, with the reason; "ship given" is an answer."""
