"""What people and Prometheus see over HTTP: an own small server, the routes, one status page."""
