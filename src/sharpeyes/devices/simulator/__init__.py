"""A fleet of simulated cameras: drawn streets over real RTSP, ONVIF and HTTP.

`fleet` runs them, `street` invents who they are, `fault` says what can be wrong with them, and
`drawing.render` gives the picture of a scene at any moment without a network or an encoder.
"""
