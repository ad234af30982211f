#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logins of a web site whose accounts have one session each, kept by Solo. For nginx's auth_request; see README.md.

usage: portal.py SOCKET    (nginx connects to this Unix socket)
"""

import hashlib
import hmac
import html
import http.cookies
import http.server
import json
import os
import secrets
import socket
import socketserver
import sys
import urllib.parse

SOLOD = os.environ.get("SOLOD", "/run/solo/sessions.sock")
TTL = int(os.environ.get("TTL", "60"))  # seconds that a session outlives its last heartbeat
SERVICE = "portal"  # [Service portal] in solo.conf
COOKIE = "__Host-session"  # the prefix makes browsers insist on Secure, Path=/ and this very host
MOST_LOGINS = 10_000


def password_hash(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


# A demonstration: a site has its own accounts. Each has the password "open sesame".
SALT = bytes.fromhex("7c1f0e9d2b6a48538e6f1d0c9b3a5e74")
PASSWORDS = {name: password_hash("open sesame", SALT) for name in ("ann", "ben")}


def is_password(account, password):
    known = PASSWORDS.get(account, bytes(64))  # the same work for an account that is not there
    return hmac.compare_digest(known, password_hash(password, SALT)) and account in PASSWORDS


class SoloError(Exception):
    """What solod answered instead of a reply."""

    def __init__(self, name, parameters):
        super().__init__(name)
        self.name, self.message = name, parameters.get("message", "")


def exchange(call):
    """Varlink: JSON with a NUL at its end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)  # to supersede a login may take its GraceTime
        connection.connect(SOLOD)
        connection.sendall(json.dumps(call).encode() + b"\0")
        reply = b""
        while not reply.endswith(b"\0"):
            part = connection.recv(65536)
            if not part:
                raise ConnectionError("solod hung up")
            reply += part
    return json.loads(reply[:-1])


def solo(method, **parameters):
    """Calls solod; its reply."""
    try:
        reply = exchange({"method": "org.pamsolo.Sessions." + method, "parameters": parameters})
    except OSError as error:
        raise SoloError("Unreachable", {"message": str(error)}) from error
    if "error" in reply:
        raise SoloError(reply["error"].rpartition(".")[2], reply.get("parameters", {}))
    return reply.get("parameters", {})


class Login:
    """What a browser's cookie stands for: an account that has said its password, and its session once there is one."""

    def __init__(self, account, session=None):
        self.account, self.session = account, session


# By the hash of the cookie's random token: the session's id never leaves this process, and who reads this process's
# memory dump cannot make cookies of it.
logins = {}


def key_of(token):
    return hashlib.sha256(token.encode()).digest()


def remember(login):
    """A fresh token for each login, so that nobody can choose somebody else's."""
    while len(logins) >= MOST_LOGINS:
        logins.pop(next(iter(logins)))
    token = secrets.token_urlsafe(32)
    logins[key_of(token)] = login
    return token


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.serve({"/check": self.check, "/login": self.login_page})

    def do_POST(self):
        # Browsers say whether another site's page sends this; SameSite keeps the cookie from it, too.
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return self.answer(403)
        return self.serve({"/login": self.log_in, "/takeover": self.take_over, "/heartbeat": self.heartbeat,
                           "/logout": self.log_out})

    def serve(self, actions):
        """Where solod cannot be asked, nobody gets in."""
        try:
            return actions.get(self.path, lambda: self.answer(404))()
        except SoloError as error:
            print(f"portal: solod answers {error.name}: {error.message}", file=sys.stderr)
            return self.answer(503)
        except (ValueError, http.cookies.CookieError):
            return self.answer(400)

    def check(self):
        """nginx asks before each request: 204 lets it pass, 401 does not."""
        login = self.login()
        if login and login.session and self.verdict(login)["active"]:
            return self.answer(204, headers={"X-Account": login.account})
        return self.answer(401)

    def verdict(self, login):
        try:
            return solo("Validate", id=login.session)
        except SoloError as error:
            if error.name != "NoSuchSession":  # so long ago that solod has forgotten it
                raise
            return {"active": False}

    def login_page(self, problem=""):
        """Where a browser gets to whose session is over: it is told why, once."""
        login = self.login()
        if not problem and login and login.session:
            verdict = self.verdict(login)
            if verdict["active"]:
                return self.answer(303, headers={"Location": "/"})
            problem = "You are logged out. " + verdict.get("message", "")
            self.forget()
        form = ('<form method="post" action="/login"><input name="account" placeholder="Account">'
                '<input name="password" type="password"><button>Log in</button></form>')
        return self.answer(403 if problem else 200, f"<p>{html.escape(problem)}</p>{form}", cookie="")

    def log_in(self):
        form = self.form()
        account = form.get("account", "")
        if not is_password(account, form.get("password", "")):
            return self.login_page("This is not the password of the account.")
        self.forget()
        origin = {"account": account, "service": SERVICE, "rhost": self.rhost()}
        if solo("Explain", **origin)["decision"] == "ask":
            page = ('<p>This account is already logged in. End that session?</p>'
                    '<form method="post" action="/takeover"><button>End it and log in</button></form>')
            return self.answer(200, page, cookie=remember(Login(account)))
        return self.open(account)

    def take_over(self):
        login = self.login()
        if not login or login.session:
            return self.login_page("Log in first.")
        self.forget()
        return self.open(login.account, takeover=True)

    def open(self, account, **consent):
        try:
            session = solo("OpenLease", account=account, service=SERVICE, rhost=self.rhost(), ttl=TTL, **consent)
        except SoloError as error:
            if error.name != "Refused":
                raise
            return self.login_page(error.message)
        token = remember(Login(account, session["session"]["id"]))
        return self.answer(303, headers={"Location": "/"}, cookie=token)

    def heartbeat(self):
        """Pages call it while they are open: fetch("/heartbeat", {method: "POST"}) every TTL / 3."""
        login = self.login()
        if not login or not login.session:
            return self.answer(401)
        try:
            solo("Renew", id=login.session)
        except SoloError as error:
            if error.name != "NotActive":
                raise
            return self.answer(401, html.escape(error.message))
        return self.answer(204)

    def log_out(self):
        login = self.login()
        if login and login.session and self.verdict(login)["active"]:
            solo("CloseLease", id=login.session)
        self.forget()
        return self.answer(303, headers={"Location": "/login"}, cookie="")

    def token(self):
        cookie = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        return cookie.value if cookie else ""

    def login(self):
        return logins.get(key_of(self.token()))

    def forget(self):
        logins.pop(key_of(self.token()), None)

    def rhost(self):
        return self.headers.get("X-Real-IP")  # nginx sets it, and nobody else can connect to our socket

    def form(self):
        size = min(int(self.headers.get("Content-Length", 0)), 4096)
        return dict(urllib.parse.parse_qsl(self.rfile.read(size).decode(errors="replace")))

    def answer(self, status, page="", headers=None, cookie=None):
        body = f"<!doctype html><meta charset=utf-8>{page}\n".encode() if page else b""
        self.send_response(status)
        for name, value in {"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
                            "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        if cookie is not None:  # "" takes it away
            self.send_header("Set-Cookie", f"{COOKIE}={cookie}; Path=/; Secure; HttpOnly; SameSite=Lax"
                             + ("" if cookie else "; Max-Age=0"))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return self.headers.get("X-Real-IP", "-") if hasattr(self, "headers") else "-"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.umask(0o077)  # the socket is for this user, as whom nginx runs, too
    with Server(sys.argv[1], Handler) as server:
        server.serve_forever()
