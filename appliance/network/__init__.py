"""The appliance on the local network: its addresses and name there, its certificates, and the switch that shares it.

:class:`appliance.network.sharing.Sharing` is the whole of it for the rest of the appliance. Nothing here knows what is
served; ``server/entrance.py`` does the listening.
"""
