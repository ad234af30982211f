# SPDX-License-Identifier: MIT
"""A lightdm with an X server that needs no screen, and what its greeter and the person's programs say."""

import os
import pathlib
import re
import shutil
import subprocess

PLACE = pathlib.Path("/run/matrix")  # made by run: where a message bus listens at bus, and the greeter is
ENVIRONMENT = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={PLACE}/bus"}

# Of its X server's arguments (:0 -seat seat0 -auth FILE -nolisten tcp vt7 -novtswitch) Xvfb knows the first and -auth.
# Its lock would stand in the host's /tmp; its abstract socket is the sandbox's own. The wrapper of sessions is Debian's
# Xsession otherwise, which starts whatever else is installed.
CONFIGURATION = """[LightDM]
dbus-service={is_on_bus}
backup-logs=false
log-directory={place}
run-directory={place}/run
cache-directory={place}/cache
greeters-directory={place}
sessions-directory={place}
minimum-display-number={display}

[Seat:*]
xserver-command=sh -c 'exec Xvfb "$0" "$3" "$4" -nolock -nolisten unix'
greeter-session=greeter
user-session=matrix
session-wrapper=env
autologin-user={autologin}
autologin-user-timeout=0
"""
DESKTOP = "[Desktop Entry]\nType=Application\nName={name}\nExec={command}\n"


class Lightdm:
    """Uses directory `number` of PLACE, which it makes anew. `script` is what the person runs."""

    def __init__(self, number, account, password, script, autologin):
        self.place = PLACE / f"{number}"
        self.order = self.place / "orders" / "login"
        self.errors = pathlib.Path(f"/home/{account}/.xsession-errors")
        shutil.rmtree(self.place, ignore_errors=True)
        self.errors.unlink(missing_ok=True)
        self.order.parent.mkdir(parents=True)
        shutil.chown(self.order.parent, "lightdm")
        if not autologin:
            self.order_login()
        run = pathlib.Path(f"/home/{account}/run")
        run.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        run.chmod(0o755)
        self.configure(account, f'{PLACE}/greeter {account} "{password}" {self.order}', run, autologin)
        self.process = subprocess.Popen(
            ["lightdm", "--config", self.place / "conf", "--pid-file", self.place / "pid"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=ENVIRONMENT)

    def configure(self, account, greeter, session, autologin):
        # One with autologin runs beside one without; only one of them can be the display manager on the bus.
        conf = CONFIGURATION.format(place=self.place, display=50 if autologin else 0, is_on_bus=str(not autologin).lower(),
                                    autologin=account if autologin else "")
        (self.place / "conf").write_text(conf, "utf-8")
        for name, command in (("greeter", greeter), ("matrix", session)):
            (self.place / f"{name}.desktop").write_text(DESKTOP.format(name=name, command=command), "utf-8")

    def order_login(self):
        """The next greeter logs in."""
        self.order.touch()

    def lock(self):
        """As light-locker does, and whoever lets somebody else in meanwhile: the greeter comes, the session stays."""
        subprocess.run(["dm-tool", "switch-to-greeter"], check=True, capture_output=True,
                       env=ENVIRONMENT | {"XDG_SEAT_PATH": "/org/freedesktop/DisplayManager/Seat0"})

    def has_returned(self):
        """Somebody is back in the session that was left by lock."""
        return "Returning to existing user session" in self.read(self.place / "lightdm.log")

    def greeter_said(self, word):
        """What the greeters said with this word, one after the other."""
        return re.findall(rf"^greeter: {word} ?(.*)$", self.read(self.place / "seat0-greeter.log"), re.MULTILINE)

    def session_said(self):
        """What the person's programs said on stderr."""
        return self.read(self.errors)

    @staticmethod
    def read(file):
        return file.read_text("utf-8", "replace") if file.exists() else ""
