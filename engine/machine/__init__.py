"""Where the program meets the machine: files, the streams of a terminal, sockets."""
