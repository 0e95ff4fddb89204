//! Whom a function trusts: the real binary, and a DynamoDB behind TLS whose certificate is nobody's.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::Arc;

use scrip_domain::time::Instant;
use scrip_local::{Embedded, SAMPLE_PROGRAM, Sandbox, TABLE};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Of `localhost`, signed by itself, until 2126.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trust/certificate.pem");
const KEY: &[u8] = include_bytes!("trust/key.pem");

#[tokio::test]
async fn certificate_that_is_not_amazons_is_refused_unless_the_environment_trusts_it() {
    let embedded = Embedded::memory().await.unwrap();
    let ledger = embedded.ledger(Arc::new(|| Instant::EPOCH));
    let program = serde_json::from_str(SAMPLE_PROGRAM).unwrap();
    ledger.set_program(program, 0, "sample").await.unwrap();
    let port = behind_tls(embedded.endpoint().trim_start_matches("http://").to_owned()).await;
    for (trusted, status) in [(None, 503), (Some(CERTIFICATE), 200)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_program"));
        command.env_clear().envs([
            ("AWS_ENDPOINT_URL_DYNAMODB", format!("https://localhost:{port}").as_str()),
            ("AWS_ACCESS_KEY_ID", embedded.access_key()),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "us-east-1"),
            ("SCRIP_TABLE", TABLE),
        ]);
        command.envs(trusted.map(|file| ("SSL_CERT_FILE", file)));
        let mut sandbox = Sandbox::start(command).await.unwrap();
        let event = include_str!("../../../events/program/02-newest.json");
        let answered = sandbox.invoke(event).await.unwrap();
        let answer: Value = serde_json::from_slice(&answered.body).unwrap();
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
}

/// A port at which `address` speaks TLS.
async fn behind_tls(address: String) -> u16 {
    let certificates = CertificateDer::pem_file_iter(CERTIFICATE).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            certificates.collect::<Result<_, _>>().unwrap(),
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                // Who does not trust the certificate hangs up.
                let Ok(mut caller) = acceptor.accept(stream).await else { return };
                let mut store = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut caller, &mut store).await;
            });
        }
    });
    port
}
