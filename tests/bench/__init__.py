"""What the appliance is measured by: `make bench`. Loopback only, every loop has an end."""
