"""What keeps the calls steady: liveness, the network, another session in time, and what is measured of it all."""
