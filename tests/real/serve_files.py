# Serves two requests for the files of this directory on a free loopback port, whose number it writes to the file "port".
import functools
import http.server
import os

handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=".")
handler.func.log_message = lambda *arguments: None
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
for _ in range(2):
    server.handle_request()
