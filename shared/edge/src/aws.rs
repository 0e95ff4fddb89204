//! How a function reaches AWS.
//!
//! By default the SDK reads every root certificate of the system, as text and one after the other,
//! and looks for credentials in many places. That was six sevenths of what a function did before
//! its first answer.

use std::ffi::OsString;
use std::time::Duration;

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// One try of one call of any service.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// One call with its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// The roots of Amazon Trust Services, to which the certificates of AWS's endpoints lead: all five
/// that <https://www.amazontrust.com/repository/> recommends for a trust store.
const ROOTS: &[u8] = include_bytes!("roots.pem");

/// Region, credentials and endpoints from the environment, where Lambda has them, and timeouts: by
/// default the SDK waits for a silent server for ever.
///
/// Amazon's roots alone are trusted, unless a variable names a proxy, other roots, or a region of
/// China.
pub async fn aws() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .timeout_config(timeouts);
    let says = |(name, value): (OsString, OsString)| {
        is_of_the_network(&name.to_string_lossy(), &value.to_string_lossy())
    };
    if std::env::vars_os().any(says) {
        return loader.load().await;
    }
    let trust = TrustStore::empty().with_pem_certificate(ROOTS);
    match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => {
            let rustls = Provider::Rustls(CryptoMode::AwsLc);
            let client = Builder::new().tls_provider(rustls).tls_context(context).build_https();
            loader.http_client(client).load().await
        }
        Err(_) => loader.load().await,
    }
}

/// Whether a variable says that calls go through a proxy, that other roots are to be trusted, or
/// that the region is one of China's, whose endpoints are not Amazon's own.
fn is_of_the_network(name: &str, value: &str) -> bool {
    match name {
        "SSL_CERT_FILE" | "SSL_CERT_DIR" => true,
        "AWS_REGION" => value.starts_with("cn-"),
        _ => name.to_ascii_lowercase().ends_with("_proxy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_has_a_say_in_whom_to_trust() {
        for (name, value, says) in [
            ("AWS_REGION", "eu-central-1", false),
            ("AWS_REGION", "cn-north-1", true),
            ("SSL_CERT_FILE", "/etc/pki/tls/certs/ca-bundle.crt", true),
            ("SSL_CERT_DIR", "/etc/pki/tls/certs", true),
            ("HTTPS_PROXY", "http://proxy:3128", true),
            ("https_proxy", "http://proxy:3128", true),
            ("SCRIP_TABLE", "cn-scrip", false),
        ] {
            assert_eq!(is_of_the_network(name, value), says, "{name}={value}");
        }
    }
}
