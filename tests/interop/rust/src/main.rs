//! client HOST PORT VERSION ROOT NONCES [CERTIFICATE KEY]: rustls against sallyport.
//!
//! One connection for each of the NONCES (comma separated), all of one ClientConfig with its session store; a line of
//! standard output tells what became of it.
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName};
use rustls::{version, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, StreamOwned};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

fn chain(path: &str) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    Ok(CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?)
}

fn config(arguments: &[String]) -> Result<ClientConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for root in chain(&arguments[3])? {
        roots.add(root)?;
    }
    let only = if arguments[2] == "1.2" { &version::TLS12 } else { &version::TLS13 };
    let trusting = ClientConfig::builder_with_protocol_versions(&[only]).with_root_certificates(roots);
    Ok(match arguments.get(5..7) {
        Some([certificate, key]) => {
            trusting.with_client_auth_cert(chain(certificate)?, PrivateKeyDer::from_pem_file(key)?)?
        }
        _ => trusting.with_no_client_auth(),
    })
}

fn visit(config: &Arc<ClientConfig>, address: &str, nonce: &str) -> Result<(), Box<dyn Error>> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let tls = ClientConnection::new(config.clone(), ServerName::try_from("app.example")?)?;
    let mut stream = StreamOwned::new(tls, socket);
    write!(stream, "GET /{nonce} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?; // to close_notify: a cut off stream is an error
    let version = match stream.conn.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "other",
    };
    let resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
    println!("version={version} resumed={resumed} reply={}", reply.split("\r\n\r\n").nth(1).unwrap_or(""));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let config = Arc::new(config(&arguments)?);
    let address = format!("{}:{}", arguments[0], arguments[1]);
    for nonce in arguments[4].split(',') {
        visit(&config, &address, nonce)?;
    }
    Ok(())
}
