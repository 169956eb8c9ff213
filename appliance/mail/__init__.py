"""Mail out: what waits in the outbox goes to the configured mail server, in the order it was written.

A mail is written by ``appliance.store.outbox.add_mail`` in the commit of what caused it; the Outbox sends it.
"""
