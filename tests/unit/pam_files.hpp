// SPDX-License-Identifier: MIT
// Files of /etc/pam.d in the shape that distributions ship them, without their comments.
#pragma once

#include <map>
#include <string>

namespace solo::testing {

/// What the services of Debian include, with a package's profile (pam_systemd) in it.
inline const std::map<std::string, std::string> debian_common{
    {"common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\n"
                    "auth requisite pam_deny.so\n"
                    "auth required pam_permit.so\n"},
    {"common-account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                       "account requisite pam_deny.so\n"
                       "account required pam_permit.so\n"},
    {"common-session", "session [default=1] pam_permit.so\n"
                       "session requisite pam_deny.so\n"
                       "session required pam_permit.so\n"
                       "session required pam_unix.so\n"
                       "session optional pam_systemd.so\n"},
    {"common-password", "password [success=1 default=ignore] pam_unix.so obscure yescrypt\n"
                        "password requisite pam_deny.so\n"
                        "password required pam_permit.so\n"},
    {"su", "auth sufficient pam_rootok.so\n"
           "session required pam_env.so readenv=1\n"
           "session optional pam_mail.so nopen\n"
           "session required pam_limits.so\n"
           "@include common-auth\n"
           "@include common-account\n"
           "@include common-session\n"},
};

/// What those of Fedora include.
inline const std::map<std::string, std::string> fedora_common{
    {"password-auth", "auth required pam_env.so\n"
                      "auth sufficient pam_unix.so nullok\n"
                      "auth required pam_deny.so\n"
                      "account required pam_unix.so\n"
                      "account sufficient pam_localuser.so\n"
                      "account sufficient pam_usertype.so issystem\n"
                      "account required pam_permit.so\n"
                      "password sufficient pam_unix.so use_authtok\n"
                      "password required pam_deny.so\n"
                      "session optional pam_keyinit.so revoke\n"
                      "session required pam_limits.so\n"
                      "-session optional pam_systemd.so\n"
                      "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
                      "session required pam_unix.so\n"},
    {"postlogin", "session optional pam_umask.so silent\n"
                  "session [success=1 default=ignore] pam_succeed_if.so service !~ gdm* quiet\n"
                  "session [default=1] pam_lastlog.so nowtmp\n"
                  "session optional pam_lastlog.so silent noupdate\n"},
    {"su", "auth sufficient pam_rootok.so\n"
           "auth substack password-auth\n"
           "account sufficient pam_succeed_if.so uid = 0 use_uid quiet\n"
           "account include password-auth\n"
           "session include password-auth\n"
           "session include postlogin\n"},
};

/// A service of one of them; ">" stands before the lines that Solo adds.
struct PamExample {
    const char* name;
    const std::map<std::string, std::string>* included;
    const char* text;
};

inline const PamExample pam_examples[] = {
    {"sshd", &debian_common,
     " @include common-auth\n"
     " account    required     pam_nologin.so\n"
     " # account  required     pam_access.so\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     " session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so close\n"
     " session    required     pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session    optional     pam_keyinit.so force revoke\n"
     " @include common-session\n"
     " session    required     pam_limits.so\n"
     " @include common-password\n"},
    {"login", &debian_common,
     " auth       requisite  pam_nologin.so\n"
     " session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so close\n"
     " session    required     pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session    optional   pam_motd.so noupdate\n"
     " @include common-auth\n"
     " session    required   pam_limits.so\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     " @include common-session\n"
     " @include common-password\n"},
    {"su-l", &debian_common,
     " #%PAM-1.0\n"
     " auth\t\tinclude\t\tsu\n"
     ">account    requisite    pam_solo.so\n"
     " account\t\tinclude\t\tsu\n"
     " session\t\toptional\tpam_keyinit.so force revoke\n"
     ">session    requisite    pam_solo.so\n"
     " session\t\tinclude\t\tsu\n"},
    {"gdm-password", &debian_common,
     " auth    requisite       pam_nologin.so\n"
     " auth\trequired\tpam_succeed_if.so user != root quiet_success\n"
     " @include common-auth\n"
     " @include common-account\n"
     " session required        pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session optional        pam_keyinit.so force revoke\n"
     " @include common-session\n"
     " session optional        pam_gnome_keyring.so auto_start\n"
     " @include common-password\n"},
    {"lightdm", &debian_common,
     " auth      requisite pam_nologin.so\n"
     " session   required pam_env.so readenv=1\n"
     " @include common-auth\n"
     " -auth  optional pam_gnome_keyring.so\n"
     " @include common-account\n"
     " session  required        pam_limits.so\n"
     " session  required        pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"
     " -session optional        pam_gnome_keyring.so auto_start\n"},
    {"vsftpd", &debian_common,
     " auth\trequired\tpam_listfile.so item=user sense=deny file=/etc/ftpusers onerr=succeed\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"
     " @include common-auth\n"
     " auth\trequired\tpam_shells.so\n"},
    {"xrdp-sesman", &debian_common,
     " auth required pam_env.so readenv=1\n"
     " @include common-auth\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     " session required pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"
     " @include common-password\n"},
    {"cockpit", &debian_common,
     " auth       substack     common-auth\n"
     " account    required     pam_nologin.so\n"
     ">account    requisite    pam_solo.so\n"
     " account    include      common-account\n"
     " password   include      common-password\n"
     " session    required     pam_selinux.so close\n"
     " session    required     pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session    required     pam_selinux.so open env_params\n"
     " session    include      common-session\n"},
    {"sshd", &fedora_common,
     " #%PAM-1.0\n"
     " auth       substack     password-auth\n"
     " account    required     pam_sepermit.so\n"
     " account    required     pam_nologin.so\n"
     ">account    requisite    pam_solo.so\n"
     " account    include      password-auth\n"
     " session    required     pam_selinux.so close\n"
     " session    required     pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session    required     pam_namespace.so\n"
     " session    include      password-auth\n"
     " session    include      postlogin\n"},
    {"a service with substacks", &fedora_common,
     ">account    requisite    pam_solo.so\n"
     " account    substack     password-auth\n"
     " session    required     pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session    substack     password-auth\n"},
    {"su-l", &fedora_common,
     " auth\t\tinclude\t\tsu\n"
     ">account    requisite    pam_solo.so\n"
     " account\t\tinclude\t\tsu\n"
     " session\t\toptional\tpam_keyinit.so force revoke\n"
     ">session    requisite    pam_solo.so\n"
     " session\t\tinclude\t\tsu\n"},
    {"a service that spells out its account part", &debian_common,
     " account\trequired\tpam_nologin.so\n"
     ">account    requisite    pam_solo.so\n"
     " account\tSUFFICIENT\tpam_localuser.so\n"
     " account\trequired\tpam_unix.so\n"
     " session required pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " session required pam_unix.so\n"
     " -session optional pam_systemd.so\n"},
    {"a service with a jump that ends above the place", &debian_common,
     " account [success=1 default=ignore] pam_succeed_if.so user ingroup staff\n"
     " account required pam_access.so\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     " session [success=1 default=ignore] pam_succeed_if.so quiet uid > 0\n"
     " session optional pam_echo.so root\n"
     " session required pam_loginuid.so\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"},
    {"a service whose jumps go over the usual place", &debian_common,
     ">account    requisite    pam_solo.so\n"
     " account [success=2 default=ignore] pam_succeed_if.so user ingroup staff\n"
     " account required pam_access.so\n"
     " @include common-account\n"
     " account required pam_time.so\n"
     " session [success=1 default=ignore] pam_loginuid.so\n"
     " session optional pam_echo.so failed\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"},
    {"a service with lines that go on", &debian_common,
     " account required \\\n"
     "   pam_nologin.so\n"
     ">account    requisite    pam_solo.so\n"
     " @include common-account\n"
     " session required \\\n"
     "   pam_loginuid.so # of the kernel\n"
     ">session    requisite    pam_solo.so\n"
     " @include common-session\n"},
};

} // namespace solo::testing
