"""Stands in for Mailpit: SMTP on port 1025, and on 8025 what arrived, at /api/v1/messages and, as it came, at /messages."""
import http.server
import json
import socketserver
import threading

messages = []


class Smtp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 mail")
        while line := self.rfile.readline():
            command = line.strip().upper()
            if command == b"DATA":
                self.say("354 go on")
                body = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    body += line
                messages.append(body.decode(errors="replace"))
            self.say("221 bye" if command == b"QUIT" else "250 ok")
            if command == b"QUIT":
                return


class Http(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "\n".join(messages) if self.path == "/messages" else json.dumps({"total": len(messages)})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


threading.Thread(target=socketserver.ThreadingTCPServer(("", 1025), Smtp).serve_forever).start()
http.server.ThreadingHTTPServer(("", 8025), Http).serve_forever()
