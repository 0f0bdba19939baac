"""One camera at a time: RTSP, ONVIF, HTTP snapshots, keyframes, and a simulator of fleets."""
