"""What several test folders share: the appliance as a process, people with and without a browser, the demo's script."""
