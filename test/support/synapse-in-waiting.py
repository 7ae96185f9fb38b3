"""
Starts Synapse as `python -m synapse.app.homeserver` does, but only once nothing listens at a port any more. What
takes long, loading its code, is done by then: who kills the Synapse that listens there has it back in a second.

    synapse-in-waiting.py PORT -c CONFIGURATION
"""

import socket
import sys
import time

import synapse.app.homeserver


def is_taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


port = int(sys.argv.pop(1))
print("loaded", flush=True)
while is_taken(port):
    time.sleep(0.02)
synapse.app.homeserver.main()
