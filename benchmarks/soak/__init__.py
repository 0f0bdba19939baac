"""T1, acknowledged means delivered: events flow while everything around them is killed."""
