"""Where the files of datasets come from: addresses, archives, the hub."""
