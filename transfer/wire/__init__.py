"""What HTTP object stores share: session, signed request, ranged read, listing page, error document.

Nothing here knows a cloud by name, and no default of the HTTP library is trusted: bodies
arrive and leave as they are, addresses are sent as they were encoded, and lengths are checked.
"""
