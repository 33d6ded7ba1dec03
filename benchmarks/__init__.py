"""Every speed claim is a script here that runs ours and its peers in turns."""
