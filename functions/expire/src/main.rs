//! The Lambda function `expire`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    scrip_edge::run_sweep::<scrip_expire::Expire>().await
}
