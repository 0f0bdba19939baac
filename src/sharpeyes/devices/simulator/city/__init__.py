"""Cameras by the hundred thousand, at a cost that leaves the machine to whoever asks them.

`server.City` answers for all of them from one listening socket a port: the address that was called
tells which device is meant. `layout` says by arithmetic who is where, so that nothing is kept for a
camera until something is wrong with it; `scenario` and `timeline` say what goes wrong when, and
`truth` writes it down for whoever judges the judgement.
"""
