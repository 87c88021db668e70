"""Ways out of the feed: files and pipes, datagrams, OSC, ZeroMQ, WebSocket, MQTT; each in a thread of its own."""
