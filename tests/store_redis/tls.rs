//! A server that is spoken to over TLS only by those who know its authority, and only with a password.

use super::server::{Server, free_port, installed};
use super::support::*;
use hotline::ports::store::*;
use hotline::store::redis::{OpenError, Options, Redis, Servers};
use std::path::Path;
use std::process::{Command, Stdio};

fn openssl(folder: &Path, words: &[&str]) -> bool {
    let run = Command::new("openssl")
        .current_dir(folder)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    run.is_ok_and(|status| status.success())
}

/// An authority, and a certificate of it for 127.0.0.1; false where they cannot be made.
fn certificates(folder: &Path) -> bool {
    std::fs::write(folder.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let ca = [
        "req", "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem",
    ];
    let request = [
        "req",
        "-subj",
        "/CN=redis",
        "-keyout",
        "redis.key",
        "-out",
        "redis.csr",
    ];
    let sign = [
        "x509",
        "-req",
        "-in",
        "redis.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "san",
        "-out",
        "redis.pem",
    ];
    openssl(folder, &[&ca[..], &key].concat())
        && openssl(folder, &[&request[..], &key].concat())
        && openssl(folder, &sign)
}

#[test]
fn tls_and_a_password_are_kept_to() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        println!("SKIPPED: openssl makes no certificates here");
        return;
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (port, cert, private) = (
        free_port().to_string(),
        path("redis.pem"),
        path("redis.key"),
    );
    let mut settings = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
    settings.extend(["--tls-cert-file", &cert, "--tls-key-file", &private]);
    let server = Server::with(&settings);
    let user = [
        "ACL", "SETUSER", "line", "on", ">secret", "~*", "&*", "+@all",
    ];
    assert_eq!(server.say(&user), "+OK");
    assert_eq!(
        server.say(&["CONFIG", "SET", "requirepass", "other"]),
        "+OK"
    );
    let open = |who: &str, ca: Option<&str>| {
        let servers = Servers::One(format!("rediss://{who}127.0.0.1:{port}"));
        Redis::open(Options {
            servers,
            tls_ca: ca.map(|name| folder.path().join(name)),
            ..server.options()
        })
    };
    let store = open("line:secret@", Some("ca.pem")).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(1, "x")));
    });
    for (who, ca) in [
        // Nobody the system knows has signed for it.
        ("line:secret@", None),
        ("line:wrong@", Some("ca.pem")),
        ("", Some("ca.pem")),
        ("line:secret@", Some("none.pem")),
    ] {
        let refused = open(who, ca).err();
        assert!(matches!(refused, Some(OpenError::Server(_))), "{refused:?}");
        let said = refused.unwrap().to_string();
        assert!(
            !said.contains("secret") && !said.contains("wrong@"),
            "{said}"
        );
    }
}
